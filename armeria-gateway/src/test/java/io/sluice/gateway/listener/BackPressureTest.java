package io.sluice.gateway.listener;

import static io.sluice.gateway.rig.GatewayRig.cluster;
import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.gateway.rig.GatewayRig;
import io.sluice.gateway.rig.Http1Peer;
import io.sluice.gateway.rig.Http2Peer;
import io.sluice.gateway.rig.UpstreamRig;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Whoever sends faster than the other side reads is held back: no more than the windows and the sockets' buffers is on the way. */
class BackPressureTest {
    private static final int PIECE = 16 << 10;
    private static final long ALL_BYTES = 48L << 20;
    /** Two hops of kernel buffers on the loopback device, and what the gateway itself lets in. */
    private static final long ON_THE_WAY = 20L << 20;

    private static final GatewayRig gateway = GatewayRig.start();

    @AfterAll
    static void close() {
        gateway.close();
    }

    /** The sending half of a message, whatever carries it. */
    private interface Sink {
        void send(byte[] piece, boolean end);
    }

    /** The reading half. */
    private interface Source {
        /** @return the bytes that came; -1 at the end */
        int next();
    }

    private static Sink sink(Http1Peer peer) {
        return (piece, end) -> peer.send(piece);
    }

    private static Source source(Http1Peer peer) {
        return new Source() {
            private long left = ALL_BYTES;

            @Override
            public int next() {
                if (left == 0) {
                    return -1;
                }
                left -= PIECE;
                return peer.bytes(PIECE).length;
            }
        };
    }

    private static Sink sink(Http2Peer peer, int stream) {
        return (piece, end) -> peer.dataAsWindowsAllow(stream, end, piece);
    }

    private static Source source(Http2Peer peer) {
        return new Source() {
            private boolean ended;

            @Override
            public int next() {
                if (ended) {
                    return -1;
                }
                Http2Peer.Frame frame = peer.next();
                assertThat(frame.type()).isEqualTo(Http2Peer.DATA);
                ended = frame.endStream();
                return frame.payload().length;
            }
        };
    }

    private static void sendAll(Sink sink, AtomicLong sent) {
        byte[] piece = new byte[PIECE];
        for (long left = ALL_BYTES; left > 0; left -= PIECE) {
            sink.send(piece, left == PIECE);
            sent.addAndGet(PIECE);
        }
    }

    private static void readAll(Source source, AtomicLong sent) {
        long read = 0;
        for (int bytes = source.next(); bytes >= 0; bytes = source.next()) {
            assertThat(sent.get() - read).as("bytes on the way").isLessThan(ON_THE_WAY);
            read += bytes;
        }
        assertThat(read).isEqualTo(ALL_BYTES);
    }

    private static void configure(String upstreamProtocol, int port) {
        gateway.configure(
                "{match: {prefix: /}, route: {cluster: up, timeout: 0s}}",
                cluster(upstreamProtocol.equals("HTTP/2") ? GatewayRig.HTTP2 : "", port));
    }

    @ParameterizedTest(name = "{0} in, {1} out")
    @CsvSource({"HTTP/1, HTTP/1", "HTTP/1, HTTP/2", "HTTP/2, HTTP/1", "HTTP/2, HTTP/2"})
    void holdsAnUpstreamBackWhoseCallerReadsSlowly(String in, String out) {
        AtomicLong sent = new AtomicLong();
        try (UpstreamRig up = new UpstreamRig(socket -> {
            if (out.equals("HTTP/1")) {
                Http1Peer peer = new Http1Peer(socket);
                peer.read();
                peer.send("HTTP/1.1 200 OK\r\ncontent-length: " + ALL_BYTES + "\r\n\r\n");
                sendAll(sink(peer), sent);
            } else {
                Http2Peer peer = Http2Peer.accepted(socket);
                int stream = peer.next(Http2Peer.HEADERS).stream();
                peer.headers(stream, false, ":status: 200");
                sendAll(sink(peer, stream), sent);
                peer.untilEnd();
            }
        })) {
            configure(out, up.port());
            if (in.equals("HTTP/1")) {
                try (Http1Peer caller = Http1Peer.connect(gateway.port())) {
                    caller.send("GET / HTTP/1.1\r\nhost: test\r\n\r\n");
                    boolean chunked = caller.head().header("transfer-encoding").isPresent();
                    readAll(chunked ? chunks(caller) : source(caller), sent);
                }
            } else {
                try (Http2Peer caller = Http2Peer.connect(gateway.port())) {
                    caller.request(1, true, "GET", "/");
                    assertThat(caller.next().headers()).containsEntry(":status", "200");
                    readAll(source(caller), sent);
                }
            }
        }
    }

    private static Source chunks(Http1Peer peer) {
        return () -> peer.chunk(new java.util.ArrayList<>()).map(String::length).orElse(-1);
    }

    @ParameterizedTest(name = "{0} in, {1} out")
    @CsvSource({"HTTP/1, HTTP/1", "HTTP/1, HTTP/2", "HTTP/2, HTTP/1", "HTTP/2, HTTP/2"})
    void holdsACallerBackWhoseUpstreamReadsSlowly(String in, String out) throws Exception {
        AtomicLong sent = new AtomicLong();
        try (UpstreamRig up = new UpstreamRig(socket -> {
            if (out.equals("HTTP/1")) {
                Http1Peer peer = new Http1Peer(socket);
                boolean chunked = peer.head().header("transfer-encoding").isPresent();
                readAll(chunked ? chunks(peer) : source(peer), sent);
                peer.send("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
            } else {
                Http2Peer peer = Http2Peer.accepted(socket);
                int stream = peer.next(Http2Peer.HEADERS).stream();
                readAll(source(peer), sent);
                peer.headers(stream, true, ":status: 200");
                peer.untilEnd();
            }
        })) {
            configure(out, up.port());
            if (in.equals("HTTP/1")) {
                try (Http1Peer caller = Http1Peer.connect(gateway.port())) {
                    caller.send("POST / HTTP/1.1\r\nhost: test\r\ncontent-length: " + ALL_BYTES + "\r\n\r\n");
                    sendAll(sink(caller), sent);
                    assertThat(caller.read().status()).isEqualTo(200);
                }
            } else {
                try (Http2Peer caller = Http2Peer.connect(gateway.port())) {
                    caller.request(1, false, "POST", "/");
                    sendAll(sink(caller, 1), sent);
                    assertThat(caller.read().status()).isEqualTo(200);
                }
            }
        }
    }
}
