package io.sluice.gateway.listener;

import static io.sluice.gateway.rig.GatewayRig.http1;
import static io.sluice.gateway.rig.GatewayRig.http2;
import static io.sluice.gateway.rig.UpstreamRig.ok;
import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.gateway.rig.GatewayRig;
import io.sluice.gateway.rig.Http1Peer;
import io.sluice.gateway.rig.Http2Peer;
import io.sluice.gateway.rig.UpstreamRig;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** HTTP/2 on either side, frame by frame. */
class Http2ProxyTest {
    private static final String ALL = "{match: {prefix: /}, route: {cluster: up}}";
    private static final GatewayRig gateway = GatewayRig.start();

    @AfterAll
    static void close() {
        gateway.close();
    }

    /** Answers every stream with the same, remembering what was asked. */
    private static UpstreamRig answering(BlockingQueue<Http2Peer.Message> asked, String body, String... fields) {
        return new UpstreamRig(socket -> {
            Http2Peer peer = Http2Peer.accepted(socket);
            while (true) {
                Http2Peer.Frame frame = peer.next(Http2Peer.HEADERS);
                StringBuilder got = new StringBuilder();
                Map<String, String> trailers = Map.of();
                for (Http2Peer.Frame next = frame; !next.endStream(); ) {
                    next = peer.next();
                    got.append(next.type() == Http2Peer.DATA ? next.text() : "");
                    trailers = next.headers();
                }
                asked.add(new Http2Peer.Message(frame.headers(), got.toString(), trailers, -1));
                peer.headers(frame.stream(), body.isEmpty() && fields.length == 0, ":status: 200", "x-up: 1");
                if (!body.isEmpty()) {
                    peer.data(frame.stream(), fields.length == 0, body);
                }
                if (fields.length > 0) {
                    peer.headers(frame.stream(), true, fields);
                }
            }
        });
    }

    private static Http2Peer.Message next(BlockingQueue<Http2Peer.Message> asked) throws InterruptedException {
        return asked.poll(20, TimeUnit.SECONDS);
    }

    @Test
    void carriesHttp2IntoHttp1() {
        try (UpstreamRig up = UpstreamRig.answering(ok("hello"))) {
            gateway.configure(ALL, http1(up.port()));
            try (Http2Peer caller = Http2Peer.connect(gateway.port())) {
                caller.request(1, false, "POST", "/a//b/%2f/..;x?q=%20", "x-own: 1", "te: trailers")
                        .data(1, false, "bo")
                        .data(1, true, "dy");
                Http2Peer.Message answer = caller.read();
                assertThat(answer.brief()).isEqualTo("200 hello");
                assertThat(answer.headers()).containsEntry("server", "envoy").containsEntry("content-length", "5");
                Http1Peer.Message seen = up.request();
                assertThat(seen.start()).isEqualTo("POST /a//b/%2f/..;x?q=%20 HTTP/1.1");
                assertThat(seen.header("host")).contains("test");
                assertThat(seen.header("transfer-encoding")).contains("chunked");
                assertThat(seen.body()).isEqualTo("body");
                caller.request(3, true, "GET", "/second");
                assertThat(caller.read().brief()).isEqualTo("200 hello");
                assertThat(up.request().headers()).noneMatch(line -> line.contains("chunked"));
            }
            assertThat(up.accepted()).isEqualTo(1);
        }
    }

    @Test
    void carriesHttp1IntoHttp2() throws Exception {
        BlockingQueue<Http2Peer.Message> asked = new LinkedBlockingQueue<>();
        try (UpstreamRig up = answering(asked, "hello", "x-end: 1")) {
            gateway.configure(ALL, http2(up.port()));
            try (Http1Peer caller = Http1Peer.connect(gateway.port())) {
                Http1Peer.Message answer = caller.post(
                        "/a//b/%2f/..;x?q=%20", "body", "x-own: 1", "connection: keep-alive", "keep-alive: 5");
                assertThat(answer.brief()).isEqualTo("200 hello");
                assertThat(answer.header("x-up")).contains("1");
                assertThat(answer.trailers()).isEmpty();
                Http2Peer.Message seen = next(asked);
                assertThat(seen.headers())
                        .containsEntry(":path", "/a//b/%2f/..;x?q=%20")
                        .containsEntry(":authority", "test")
                        .containsEntry(":method", "POST")
                        .containsEntry("x-own", "1")
                        .containsEntry("content-length", "4")
                        .doesNotContainKeys("host", "connection", "keep-alive", "x-sluice-wire-path");
                assertThat(seen.body()).isEqualTo("body");
                assertThat(caller.get("/second").brief()).isEqualTo("200 hello");
            }
            assertThat(up.accepted()).isEqualTo(1);
        }
    }

    @Test
    void carriesHttp2IntoHttp2WithTrailers() throws Exception {
        BlockingQueue<Http2Peer.Message> asked = new LinkedBlockingQueue<>();
        try (UpstreamRig up = answering(asked, "hello", "x-end: 1", "grpc-status: 0")) {
            gateway.configure(ALL, http2(up.port()));
            try (Http2Peer caller = Http2Peer.connect(gateway.port())) {
                caller.request(1, false, "POST", "/both", "te: trailers")
                        .data(1, false, "body")
                        .headers(1, true, "x-own-end: 1");
                Http2Peer.Message answer = caller.read();
                assertThat(answer.brief()).isEqualTo("200 hello");
                assertThat(answer.trailers())
                        .containsExactlyInAnyOrderEntriesOf(Map.of("x-end", "1", "grpc-status", "0"));
                Http2Peer.Message seen = next(asked);
                assertThat(seen.body()).isEqualTo("body");
                assertThat(seen.trailers()).containsExactlyEntriesOf(Map.of("x-own-end", "1"));
                assertThat(seen.headers()).containsEntry("te", "trailers");
            }
            assertThat(gateway.logged("/both")).isEqualTo("POST /both 200 - via_upstream");
        }
    }

    @Test
    void passesOnAnAnswerOfHeadersOnly() throws Exception {
        BlockingQueue<Http2Peer.Message> asked = new LinkedBlockingQueue<>();
        try (UpstreamRig up = answering(asked, "")) {
            gateway.configure(ALL, http2(up.port()));
            try (Http2Peer caller = Http2Peer.connect(gateway.port())) {
                caller.request(1, true, "GET", "/");
                Http2Peer.Frame only = caller.next(Http2Peer.HEADERS);
                assertThat(only.headers()).containsEntry(":status", "200");
                assertThat(only.endStream()).isTrue();
            }
            assertThat(next(asked).headers()).containsEntry(":method", "GET");
        }
    }

    @Test
    void carriesAGrpcConversationBothWays() {
        try (UpstreamRig up = new UpstreamRig(socket -> {
            Http2Peer peer = Http2Peer.accepted(socket);
            Http2Peer.Frame begin = peer.next(Http2Peer.HEADERS);
            peer.headers(begin.stream(), false, ":status: 200", "content-type: application/grpc");
            Http2Peer.Frame frame = peer.next();
            while (!frame.endStream()) {
                peer.data(begin.stream(), false, "re:" + frame.text());
                frame = peer.next();
            }
            peer.headers(begin.stream(), true, "grpc-status: 0", "grpc-message: done");
        })) {
            gateway.configure(ALL, http2(up.port()));
            try (Http2Peer caller = Http2Peer.connect(gateway.port())) {
                caller.request(1, false, "POST", "/pkg.Service/Chat", "content-type: application/grpc", "te: trailers");
                assertThat(caller.next().headers())
                        .containsEntry(":status", "200")
                        .containsEntry("content-type", "application/grpc");
                for (String word : List.of("one", "two", "three")) {
                    caller.data(1, false, word);
                    assertThat(caller.next().text()).isEqualTo("re:" + word);
                }
                caller.data(1, true, "");
                Http2Peer.Frame end = caller.next();
                assertThat(end.headers()).containsEntry("grpc-status", "0").containsEntry("grpc-message", "done");
                assertThat(end.endStream()).isTrue();
            }
            assertThat(gateway.logged("/pkg.Service/Chat")).isEqualTo("POST /pkg.Service/Chat 200 - via_upstream");
        }
    }

    @Test
    void passesOnAGrpcErrorOfTrailersOnly() {
        try (UpstreamRig up = new UpstreamRig(socket -> {
            Http2Peer peer = Http2Peer.accepted(socket);
            int stream = peer.next(Http2Peer.HEADERS).stream();
            peer.headers(stream, true, ":status: 200", "content-type: application/grpc", "grpc-status: 5");
            peer.next();
        })) {
            gateway.configure(ALL, http2(up.port()));
            try (Http2Peer caller = Http2Peer.connect(gateway.port())) {
                caller.request(1, false, "POST", "/pkg.Service/Get", "content-type: application/grpc")
                        .data(1, true, "\0\0\0\0\0");
                Http2Peer.Frame only = caller.next();
                assertThat(only.headers()).containsEntry("grpc-status", "5");
                assertThat(only.endStream()).isTrue();
            }
        }
    }

    @Test
    void answersGrpcCallersInTheirOwnWords() {
        gateway.configure(ALL, GatewayRig.cluster(GatewayRig.HTTP2));
        try (Http2Peer caller = Http2Peer.connect(gateway.port())) {
            caller.request(1, true, "POST", "/pkg.Service/Away", "content-type: application/grpc");
            Http2Peer.Frame only = caller.next();
            assertThat(only.headers())
                    .containsEntry(":status", "200")
                    .containsEntry("content-type", "application/grpc")
                    .containsEntry("grpc-status", "14")
                    .containsEntry("grpc-message", "no healthy upstream");
            assertThat(only.endStream()).isTrue();
        }
        assertThat(gateway.logged("/pkg.Service/Away")).isEqualTo("POST /pkg.Service/Away 200 UH no_healthy_upstream");
    }

    @Test
    void sharesOneConnectionBetweenManyStreams() {
        try (UpstreamRig up = new UpstreamRig(socket -> {
            Http2Peer peer = Http2Peer.accepted(socket);
            List<Integer> streams = new ArrayList<>();
            while (streams.size() < 50) {
                streams.add(peer.next(Http2Peer.HEADERS).stream());
            }
            for (int stream : streams.reversed()) {
                peer.headers(stream, false, ":status: 200").data(stream, true, "for " + stream);
            }
            peer.next();
        })) {
            gateway.configure(ALL, http2(up.port()));
            try (Http2Peer caller = Http2Peer.connect(gateway.port())) {
                for (int i = 0; i < 50; i++) {
                    caller.request(2 * i + 1, true, "GET", "/");
                }
                int ends = 0;
                while (ends < 50) {
                    ends += caller.next().endStream() ? 1 : 0;
                }
            }
            assertThat(up.accepted()).isEqualTo(1);
        }
    }

    @Test
    void passesOnResetsOfTheUpstream() {
        try (UpstreamRig up = new UpstreamRig(socket -> {
            Http2Peer peer = Http2Peer.accepted(socket);
            int first = peer.next(Http2Peer.HEADERS).stream();
            peer.headers(first, false, ":status: 200").data(first, false, "part");
            int second = peer.next(Http2Peer.HEADERS).stream();
            peer.reset(first, 2);
            peer.reset(second, 8);
            int third = peer.next(Http2Peer.HEADERS).stream();
            peer.reset(third, 7);
            peer.next();
        })) {
            gateway.configure(ALL, http2(up.port()));
            try (Http2Peer caller = Http2Peer.connect(gateway.port())) {
                caller.request(1, true, "GET", "/midway");
                assertThat(caller.next().headers()).containsEntry(":status", "200");
                assertThat(caller.next().text()).isEqualTo("part");
                caller.request(3, true, "GET", "/before");
                Http2Peer.Frame reset = caller.next();
                assertThat(reset.type()).isEqualTo(Http2Peer.RST_STREAM);
                assertThat(reset.stream()).isEqualTo(1);
                assertThat(caller.read().brief())
                        .isEqualTo("503 upstream connect error or disconnect/reset before headers. reset reason: remote"
                                + " reset");
                caller.request(5, true, "GET", "/refused");
                assertThat(caller.read().brief())
                        .isEqualTo("503 upstream connect error or disconnect/reset before headers. reset reason: remote"
                                + " refused stream reset");
            }
            assertThat(gateway.logged("/midway")).contains(" 200 UR ");
            assertThat(gateway.logged("/before")).contains(" 503 UR ");
            assertThat(gateway.logged("/refused")).contains(" 503 UR ");
            assertThat(up.accepted()).isEqualTo(1);
        }
    }

    @Test
    void obeysTheUpstreamsStreamLimit() {
        try (UpstreamRig up = new UpstreamRig(socket -> {
            Http2Peer peer = Http2Peer.accepted(socket, Http2Peer.MAX_CONCURRENT_STREAMS, 1);
            while (true) {
                int stream = peer.next(Http2Peer.HEADERS).stream();
                peer.headers(stream, false, ":status: 200").data(stream, true, "hello");
            }
        })) {
            gateway.configure(ALL, http2(up.port()));
            try (Http2Peer caller = Http2Peer.connect(gateway.port())) {
                caller.request(1, true, "GET", "/");
                assertThat(caller.read().brief()).isEqualTo("200 hello");
                for (int stream = 3; stream < 40; stream += 2) {
                    caller.request(stream, true, "GET", "/");
                }
                int ends = 0;
                while (ends < 19 - 1) {
                    Http2Peer.Frame frame = caller.next();
                    assertThat(frame.headers()).doesNotContainEntry(":status", "503");
                    ends += frame.endStream() ? 1 : 0;
                }
            }
        }
    }

    @Test
    void movesToANewConnectionAfterGoAway() {
        try (UpstreamRig up = new UpstreamRig(socket -> {
            Http2Peer peer = Http2Peer.accepted(socket);
            int stream = peer.next(Http2Peer.HEADERS).stream();
            peer.headers(stream, false, ":status: 200").data(stream, false, "be");
            peer.goAway(stream, 0);
            peer.data(stream, true, "gun");
            while (peer.untilEnd().isPresent()) {}
        })) {
            gateway.configure(ALL, http2(up.port()));
            try (Http2Peer caller = Http2Peer.connect(gateway.port())) {
                for (int stream = 1; stream < 6; stream += 2) {
                    caller.request(stream, true, "GET", "/");
                    assertThat(caller.read().brief()).isEqualTo("200 begun");
                }
            }
            assertThat(up.accepted()).isEqualTo(3);
        }
    }

    @Test
    void givesUpStreamsThatGoAwayDoesNotCover() {
        try (UpstreamRig up = new UpstreamRig(socket -> {
            Http2Peer peer = Http2Peer.accepted(socket);
            int first = peer.next(Http2Peer.HEADERS).stream();
            peer.next(Http2Peer.HEADERS);
            peer.goAway(first, 0);
            peer.headers(first, false, ":status: 200").data(first, true, "hello");
            while (peer.untilEnd().isPresent()) {}
        })) {
            gateway.configure(ALL, http2(up.port()));
            try (Http2Peer caller = Http2Peer.connect(gateway.port())) {
                caller.request(1, true, "GET", "/").request(3, true, "GET", "/uncovered");
                int ends = 0;
                List<String> statuses = new ArrayList<>();
                while (ends < 2) {
                    Http2Peer.Frame frame = caller.next();
                    ends += frame.endStream() ? 1 : 0;
                    if (frame.type() == Http2Peer.HEADERS) {
                        statuses.add(frame.headers().get(":status"));
                    }
                }
                assertThat(statuses).containsExactlyInAnyOrder("200", "503");
            }
            assertThat(gateway.logged("/uncovered")).contains(" 503 UR ");
        }
    }

    @Test
    void failsEveryStreamOfALostConnection() {
        try (UpstreamRig up = new UpstreamRig(socket -> {
            Http2Peer peer = Http2Peer.accepted(socket);
            for (int i = 0; i < 3; i++) {
                peer.next(Http2Peer.HEADERS);
            }
        })) {
            gateway.configure(ALL, http2(up.port()));
            try (Http2Peer caller = Http2Peer.connect(gateway.port())) {
                for (int stream = 1; stream < 6; stream += 2) {
                    caller.request(stream, true, "GET", "/lost" + stream);
                }
                for (int ends = 0; ends < 3; ) {
                    Http2Peer.Frame frame = caller.next();
                    if (frame.type() == Http2Peer.HEADERS) {
                        assertThat(frame.headers()).containsEntry(":status", "503");
                    }
                    ends += frame.endStream() ? 1 : 0;
                }
            }
            assertThat(gateway.logged("/lost1")).contains(" 503 UC ");
            assertThat(gateway.logged("/lost5")).contains(" 503 UC ");
        }
    }

    @Test
    void letsOtherStreamsPassACallerThatDoesNotRead() {
        byte[] much = new byte[16 << 10];
        try (UpstreamRig up = new UpstreamRig(socket -> {
            Http2Peer peer = Http2Peer.accepted(socket);
            while (true) {
                Http2Peer.Frame asked = peer.next(Http2Peer.HEADERS);
                peer.headers(asked.stream(), false, ":status: 200");
                if ("/unread".equals(asked.headers().get(":path"))) {
                    for (int sent = 0; sent < 1 << 20; sent += much.length) {
                        peer.data(asked.stream(), false, much); // fills the stream's window
                    }
                } else {
                    peer.data(asked.stream(), true, "hello");
                }
            }
        })) {
            gateway.configure(ALL, http2(up.port()));
            try (Http1Peer first = Http1Peer.connect(gateway.port());
                    Http1Peer silent = Http1Peer.connect(gateway.port());
                    Http2Peer other = Http2Peer.connect(gateway.port())) {
                assertThat(first.get("/").brief()).isEqualTo("200 hello");
                silent.send("GET /unread HTTP/1.1\r\nhost: test\r\n\r\n");
                assertThat(silent.head().status()).isEqualTo(200);
                for (int stream = 1; stream < 20; stream += 2) {
                    other.request(stream, true, "GET", "/");
                    assertThat(other.read().brief()).isEqualTo("200 hello");
                }
            }
            assertThat(up.accepted()).isEqualTo(1);
        }
    }

    @Test
    void passesOnAnAnswerThatComesBeforeTheRequestsEnd() {
        try (UpstreamRig up = new UpstreamRig(socket -> {
            Http2Peer peer = Http2Peer.accepted(socket);
            int stream = peer.next(Http2Peer.HEADERS).stream();
            peer.headers(stream, false, ":status: 413").data(stream, true, "too much");
            Http2Peer.Frame reset = peer.next(Http2Peer.RST_STREAM);
            assertThat(reset.code()).isZero();
            stream = peer.next(Http2Peer.HEADERS).stream();
            peer.headers(stream, true, ":status: 204");
            peer.untilEnd();
        })) {
            gateway.configure(ALL, http2(up.port()));
            try (Http2Peer caller = Http2Peer.connect(gateway.port())) {
                caller.request(1, false, "POST", "/early").data(1, false, "some");
                assertThat(caller.read().brief()).isEqualTo("413 too much");
                caller.request(3, true, "GET", "/");
                assertThat(caller.next(Http2Peer.HEADERS).headers()).containsEntry(":status", "204");
            }
            assertThat(gateway.logged("/early")).isEqualTo("POST /early 413 - via_upstream");
            assertThat(up.accepted()).isEqualTo(1);
        }
    }

    @Test
    void cancelsTheStreamOfACallerThatResetsItsOwn() {
        try (UpstreamRig up = new UpstreamRig(socket -> {
            Http2Peer peer = Http2Peer.accepted(socket);
            int stream = peer.next(Http2Peer.HEADERS).stream();
            peer.headers(stream, false, ":status: 200").data(stream, false, "part");
            Http2Peer.Frame reset = peer.next(Http2Peer.RST_STREAM);
            int second = peer.next(Http2Peer.HEADERS).stream();
            peer.headers(second, false, ":status: 200").data(second, true, "reset " + reset.code());
            peer.untilEnd();
        })) {
            gateway.configure(ALL, http2(up.port()));
            try (Http2Peer caller = Http2Peer.connect(gateway.port())) {
                caller.request(1, true, "GET", "/cancelled");
                assertThat(caller.next().headers()).containsEntry(":status", "200");
                assertThat(caller.next().text()).isEqualTo("part");
                caller.reset(1, 8);
                caller.request(3, true, "GET", "/");
                assertThat(caller.read().brief()).isEqualTo("200 reset 8");
            }
            assertThat(gateway.logged("/cancelled")).isEqualTo("GET /cancelled 200 DC downstream_remote_disconnect");
            assertThat(up.accepted()).isEqualTo(1);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"/a b", "/a HTTP/1.1", "/\u00e4"})
    void refusesPathsThatWouldBreakARequestLine(String path) {
        gateway.configure(ALL, http1(1));
        try (Http2Peer caller = Http2Peer.connect(gateway.port())) {
            caller.request(1, true, "GET", path);
            assertThat(caller.read().brief()).isEqualTo("400 Bad Request");
        }
    }

    @Test
    void refusesTunnelsOverHttp2() {
        gateway.configure(ALL, http1(1));
        try (Http2Peer caller = Http2Peer.connect(gateway.port())) {
            caller.headers(
                    1,
                    false,
                    ":method: CONNECT",
                    ":protocol: websocket",
                    ":path: /",
                    ":scheme: http",
                    ":authority: test");
            assertThat(caller.read().reset())
                    .as("nobody offered it: PROTOCOL_ERROR")
                    .isEqualTo(1);
        }
    }
}
