package io.sluice.loadtests.harness;

import java.time.Duration;
import java.util.List;

/** What a {@link RecordingUpstream} does with one request. */
public sealed interface Answer {
    /**
     * A whole response.
     *
     * @param parts of the body; more than one is sent chunked, with a flush after each
     * @param trailers over HTTP/1 they make the body chunked
     * @param interim 1xx status codes before it; 100 goes out before the request's body is read
     */
    record Reply(int status, Headers headers, List<Bytes> parts, Headers trailers, List<Integer> interim)
            implements Answer {
        public Reply {
            parts = List.copyOf(parts);
            interim = List.copyOf(interim);
        }
    }

    /** These bytes, as they are, then the end of the connection. HTTP/1 only. */
    record Raw(Bytes bytes) implements Answer {}

    /** RST of the connection, or RST_STREAM, at the given place. */
    record Reset(Place place) implements Answer {
        public enum Place {
            /** Nothing is sent. */
            BEFORE_HEADERS,
            /** Half of the header block is sent; over HTTP/2 that cannot be, and it means {@link #BEFORE_HEADERS}. */
            IN_HEADERS,
            /** Status 200 with 10 bytes announced and 5 sent. */
            IN_BODY
        }
    }

    /** RST_STREAM(REFUSED_STREAM); over HTTP/1 the same as an orderly end without a response. */
    record Refuse() implements Answer {}

    /** The connection ends in order, without a response. */
    record Close() implements Answer {}

    /** Status 200 with 10 bytes announced and 5 sent, then the connection ends in order. */
    record Cut() implements Answer {}

    /** Status 200 with 10 bytes announced, one of which comes each time. */
    record Trickle(Duration gap) implements Answer {}

    /** Bytes that are none of the protocol. Over HTTP/2 they end the connection for all its streams. */
    record Garbage() implements Answer {}

    /** GOAWAY that names an earlier stream as the last one looked at, and no answer; over HTTP/1 the same as {@link Close}. */
    record GoAway() implements Answer {}

    /** GOAWAY that names this stream as the last one, then the answer; over HTTP/1 an answer with {@code connection: close}. */
    record Last(Reply reply) implements Answer {}

    /** The whole answer before the request's body, then RST_STREAM(NO_ERROR); over HTTP/1 with {@code connection: close}. */
    record Early(Reply reply) implements Answer {}

    /** Status 200 with 10 bytes announced and 5 sent, then nothing, ever. */
    record Stall() implements Answer {}

    /** Nothing, ever. */
    record Silence() implements Answer {}

    /** 101, then each frame's payload comes back in an unmasked frame, until a close frame. HTTP/1 only. */
    record WebSocketEcho() implements Answer {}

    /** Each DATA frame comes back as it arrives; grpc-status 0 when the request ends. HTTP/2 only. */
    record GrpcEcho() implements Answer {}

    record Delayed(Duration by, Answer then) implements Answer {}
}
