package io.sluice.gateway.listener;

import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpHeaders;
import com.linecorp.armeria.common.RequestHeadersBuilder;
import com.linecorp.armeria.common.ResponseHeaders;
import io.netty.channel.EventLoop;
import io.sluice.gateway.wire.Refusal;
import org.jspecify.annotations.Nullable;

/**
 * The caller's side of one exchange: a request as it arrives, and the way back. On the connection's event loop, callbacks included. Data passed
 * in or out takes its reference along.
 */
interface DownstreamStream {
    EventLoop eventLoop();

    DownstreamConnection connection();

    /** As the wire guard handed them on; whose they are from now on who asks. To be called once. */
    RequestHeadersBuilder headers();

    /** Whether nothing follows the headers. */
    boolean isBare();

    /** {@code HTTP/1.0}, {@code HTTP/1.1} or {@code HTTP/2}. */
    String protocol();

    /** Else HTTP/2. */
    boolean isHttp1();

    // --- the request's body

    /** To be called once, where the request is not bare; nothing comes before {@link #requestMore}. */
    void read(Body body);

    /** One further part is wanted; callers wait for it before they want the next. */
    void requestMore();

    /** What is left of the body is dropped. */
    void cancelRequest();

    /** Whoever reads the body. */
    interface Body {
        /** {@link #requestMore} works from now on. */
        void onReady();

        void onData(HttpData data);

        /** Ends the body, unless {@link #onEnd} does. */
        void onTrailers(HttpHeaders trailers);

        void onEnd();

        /** The rest will not come. */
        void onBroken(Throwable cause);

        /** What comes is no HTTP. */
        void onMalformed(Refusal why);
    }

    // --- the answer; what cannot be sent any more is dropped

    /** 1xx, before the answer's headers. */
    void interim(ResponseHeaders headers);

    /** Names of headers go out as {@code X-Request-Id}, where the protocol leaves a choice; before the headers. */
    void useProperCase();

    void headers(ResponseHeaders headers, boolean end);

    void data(HttpData data, boolean end);

    /** Ends the answer. */
    void trailers(HttpHeaders trailers);

    /** The answer cannot be finished. */
    void reset();

    /** Ends the exchange from our side: with an answer of 500 where none has begun. */
    void abort(@Nullable Throwable cause);

    /** HTTP/1 connections end with this answer, HTTP/2 ones take no further stream; before the headers. */
    void endConnection();

    /** Once, when all of the answer so far has left. */
    void whenSent(Runnable then);

    /** Once, when the stream is over; with null where the answer was sent whole. */
    void whenOver(Over then);

    /** Hears of the end. */
    interface Over {
        void over(@Nullable Throwable cause);
    }
}
