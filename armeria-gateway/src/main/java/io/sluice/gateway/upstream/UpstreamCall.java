package io.sluice.gateway.upstream;

import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpHeaders;
import com.linecorp.armeria.common.RequestHeadersBuilder;
import com.linecorp.armeria.common.ResponseHeaders;
import com.linecorp.armeria.common.ResponseHeadersBuilder;
import io.sluice.gateway.endpoint.Endpoint;
import java.net.InetSocketAddress;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * One call to a cluster with all its attempts: permits, endpoint choice, timeouts, retries with replay of the request body. Belongs to one
 * event loop: every method is called there and every callback arrives there. Whoever passes {@link HttpData} in gives up its reference;
 * whoever receives it in a callback owns it.
 */
public interface UpstreamCall {
    /** A piece of the request body; {@code end} when nothing follows. */
    void requestData(HttpData data, boolean end);

    /** Ends the request. */
    void requestTrailers(HttpHeaders trailers);

    /** Whether more request body is wanted now; {@link Listener#onWritable} follows a {@code false}. */
    boolean isWritable();

    /** Stops reading the response from the upstream's connection, and goes on again. */
    void pauseResponse();

    void resumeResponse();

    /** The caller is gone, or somebody else answered: the attempt under way is reset, no callback follows. */
    void cancel();

    interface Listener {
        /** What a balancer that hashes goes by; empty means at random. */
        default OptionalLong hash() {
            return OptionalLong.empty();
        }

        /** An attempt is about to go to an endpoint; the headers may still be changed (trace context, host). First attempt is 1. */
        default void onAttempt(int attempt, Endpoint endpoint, RequestHeadersBuilder headers) {}

        /** An attempt is over: status 0 where no response headers arrived. Called before the next attempt or the final callback. */
        default void onAttemptEnd(int attempt, Endpoint endpoint, int status, @Nullable ResetReason reset) {}

        /** A retry was wanted and none was left; what follows is the last answer. */
        default void onRetriesExhausted() {}

        /** A retry was wanted and the breaker let none pass; what follows is the last answer. */
        default void onRetryOverflow() {}

        /** The attempt's connection is there. */
        default void onConnected(InetSocketAddress local, InetSocketAddress remote, String protocol) {}

        /** 100, 102 or 103 from upstream; the caller does not hear of it, as behind an Envoy. */
        default void onInformational(ResponseHeaders headers) {}

        /** The response that counts; no retry can happen any more. The listener may change the headers. */
        void onHeaders(ResponseHeadersBuilder headers, boolean end);

        void onData(HttpData data, boolean end);

        /** Ends the response. */
        void onTrailers(HttpHeaders trailers);

        /** No response, or none complete; the last callback. Before {@link #onHeaders} it is answered locally, after it the stream is reset. */
        void onFailure(UpstreamFailure failure);

        /** More request body is wanted. */
        void onWritable();
    }
}
