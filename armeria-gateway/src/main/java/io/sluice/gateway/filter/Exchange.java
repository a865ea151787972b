package io.sluice.gateway.filter;

import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpHeaders;
import com.linecorp.armeria.common.RequestHeadersBuilder;
import com.linecorp.armeria.common.ResponseHeaders;
import com.linecorp.armeria.common.ResponseHeadersBuilder;
import io.netty.channel.EventLoop;
import io.sluice.gateway.accesslog.ResponseFlag;
import io.sluice.gateway.accesslog.StreamInfo;
import io.sluice.gateway.tracing.RequestTrace;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** One request and its answer, as filters see it. Everything happens on {@link #eventLoop}; results from elsewhere come back to it first. */
public interface Exchange extends StreamInfo {
    EventLoop eventLoop();

    /** The request's headers, changeable until the last filter has sent them. */
    RequestHeadersBuilder request();

    /** The matched route; null when none matched. */
    @Nullable
    Route route();

    /** Matches again, on the route table the exchange began with, after path, host or headers were changed. */
    void refreshRoute();

    /** The part of weighted clusters that the route's match chose; null where the route has no weights. */
    RouteAction.ClusterChoice.@Nullable Share share();

    /** The filter's per-route configuration, most specific level first; null where there is none. */
    @Nullable
    Object routeConfig(int place);

    /** What the filter at this place read from the route's own fields; null where there is nothing. */
    @Nullable
    Object routeFields(int place);

    /**
     * Goes on after {@link HttpFilter.Next#PAUSE} or {@link HttpFilter.Next#STOP_AND_BUFFER}. Nothing happens when the exchange was answered or
     * ended meanwhile, or when it is not this filter that holds it.
     *
     * @param place of the filter that goes on
     */
    void resumeRequest(int place);

    void resumeResponse(int place);

    /**
     * Body that goes on from the filter at work, in a headers phase where none would follow, or in a trailers phase before the trailers.
     *
     * @param data the exchange's from now on
     */
    void addRequestData(HttpData data);

    void addResponseData(HttpData data);

    /**
     * Body that goes on from a filter outside of its phases: what it swallowed before, in its own time. Dropped when the exchange is over.
     *
     * @param data the exchange's from now on
     */
    void injectResponseData(int place, HttpData data, boolean end);

    /** At most so much of the request is kept by filters that buffer, in place of the listener's limit. */
    void limitRequestBuffer(long bytes);

    /**
     * The only way to answer early: runs the response phases of all filters. After response headers went out the stream is reset instead. A
     * gRPC request gets the answer as a gRPC status.
     */
    void reply(LocalReply reply);

    void addFlag(ResponseFlag flag);

    /**
     * Envoy's dynamic metadata, changeable: a namespace per filter. Values as protobuf's Struct has them: String, Double, Boolean, {@code
     * List<Object>}, {@code Map<String, Object>}, null.
     */
    Map<String, @Nullable Object> metadata(String namespace);

    /** The request only asks whether this node is well: logs may leave it out. */
    void markHealthCheck();

    /** The same number, at least 0, for all random decisions of this request (runtime fractions, weighted clusters). */
    long streamId();

    boolean isEnded();

    /** Whether the caller used TLS as the entry rules see it. */
    boolean isTls();

    RequestTrace trace();

    UpstreamInfo upstream();

    // for the last filter of the chain

    /**
     * @param mutations made before the headers are on their way; formatters in them see the response as it stands
     * @param details Envoy's response code details: {@code via_upstream}
     */
    void respond(ResponseHeadersBuilder headers, HeaderMutations mutations, boolean end, String details);

    /** 1xx; nothing happens where the connection manager does not pass them on. */
    void respondInterim(ResponseHeaders headers);

    void respondData(HttpData data, boolean end);

    void respondTrailers(HttpHeaders trailers);

    /** The response cannot be finished: the stream is reset. */
    void resetResponse(String details);

    /** More of the request is wanted. */
    void requestMore();
}
