package io.sluice.gateway.wire;

import static io.sluice.gateway.rig.GatewayRig.http1;
import static io.sluice.gateway.rig.UpstreamRig.ok;
import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.gateway.rig.GatewayRig;
import io.sluice.gateway.rig.Http2Peer;
import io.sluice.gateway.rig.UpstreamRig;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntConsumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests in HTTP/2 that are none, and connections that only cost: what becomes of them, and of the requests beside them. */
class Http2WireTest {
    private static final int PROTOCOL_ERROR = 1;
    private static final int ENHANCE_YOUR_CALM = 11;
    private static final int PRIORITY = 2;

    private static final GatewayRig gateway = GatewayRig.start();
    private static UpstreamRig upstream;

    @BeforeAll
    static void open() {
        upstream = UpstreamRig.answering(ok("hello"));
        gateway.configure("{match: {prefix: /}, route: {cluster: up}}", http1(upstream.port()));
    }

    @AfterAll
    static void close() {
        upstream.close();
        gateway.close();
    }

    /** Fields in order; those of the request that are not named come before them: {@code -} in front leaves one out. */
    private static String[] fields(String row) {
        List<String> pseudo = new ArrayList<>(List.of(":method: GET", ":scheme: http", ":path: /", ":authority: a"));
        List<String> all = new ArrayList<>();
        for (String field : row.split(" & ")) {
            if (field.startsWith("-")) {
                pseudo.removeIf(known -> known.startsWith(field.substring(1) + ":"));
            } else if (!field.equals("plain")) {
                all.add(field.replace("\\r", "\r")
                        .replace("\\n", "\n")
                        .replace("\\0", "\0")
                        .replace("\\s", " "));
            }
        }
        pseudo.addAll(all);
        return pseudo.toArray(String[]::new);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "X-Upper: 1",
                "x y: 1",
                "x:y: 1",
                "x\\0: 1",
                "x\\r\\ny: 1",
                "x(: 1",
                "\u00e4: 1",
                "x: a\\0b",
                "x: a\\rb",
                "x: a\\nb",
                "x: a\\r\\ny: b",
                "x: \\sa",
                "x: a\\s",
                ":method: GET",
                ":path: /",
                ":scheme: http",
                ":authority: a",
                ":status: 200",
                ":unknown: 1",
                ":protocol: websocket",
                "x: 1 & :path: /",
                "-:method",
                "-:scheme",
                "-:path",
                "-:path & :path: ",
                "-:method & :method: ",
                "-:method & :method: G T",
                "-:authority & :authority: a,b",
                "-:authority & :authority: u@a",
                "-:authority & :authority: a b",
                "-:authority & :authority: a/b",
                "-:authority & :authority: a:99999",
                "-:authority & host: a,b",
                "host: b",
                "host: a & host: a",
                "connection: keep-alive",
                "connection: close",
                "keep-alive: 1",
                "proxy-connection: 1",
                "transfer-encoding: chunked",
                "upgrade: websocket",
                "te: gzip",
                "te: trailers, gzip",
                "content-length: -1",
                "content-length: +0",
                "content-length: 0x0",
                "content-length: 0, 0",
                "content-length: ",
                "content-length: 0 & content-length: 0",
                "content-length: 5",
                "-:method & :method: CONNECT",
                "-:method & -:path & :method: CONNECT",
            })
    void aMalformedRequestCostsItsStreamOnly(String row) {
        try (Http2Peer caller = Http2Peer.connect(gateway.port())) {
            caller.headers(1, true, fields(row));
            Http2Peer.Message answer = caller.read();
            assertThat(answer.reset()).as("%s", answer).isEqualTo(PROTOCOL_ERROR);
            caller.request(3, true, "GET", "/next");
            assertThat(caller.read().brief()).isEqualTo("200 hello");
            assertThat(upstream.request().start()).isEqualTo("GET /next HTTP/1.1");
        }
        assertThat(upstream.waitingRequests()).as("requests upstream").isZero();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "plain",
                "x-lower: 1",
                "x: ",
                "x: a b\tc",
                "x: \u00e4\u00ff",
                "!#$%&'*+-.^_`|~: 1",
                "te: trailers",
                "host: a",
                "-:authority & host: a",
                "-:authority & :authority: a:8080",
                "-:authority & :authority: [::1]:80",
                "content-length: 0",
                "cookie: a=1 & cookie: b=2",
                "-:scheme & :scheme: https",
                "-:path & :path: /?x=..",
                "-:path & :path: /a//%2f;x?q",
                "-:method & :method: DELETE",
                "x: 1 & x: 2",
            })
    void aLegalRequestPasses(String row) {
        try (Http2Peer caller = Http2Peer.connect(gateway.port())) {
            caller.headers(1, true, fields(row));
            assertThat(caller.read().brief()).isEqualTo("200 hello");
        }
        upstream.request();
        assertThat(upstream.waitingRequests()).as("requests upstream").isZero();
    }

    @ParameterizedTest(name = "content-length {0}, data of {1}")
    @CsvSource({"5, 4", "5, 6", "0, 1", "5, 0"})
    void aBodyUnlikeItsLengthIsNoRequest(int length, int data) {
        try (Http2Peer caller = Http2Peer.connect(gateway.port())) {
            caller.headers(1, false, fields("-:method & :method: POST & content-length: " + length));
            caller.data(1, true, "x".repeat(data));
            assertThat(caller.read().reset()).isEqualTo(PROTOCOL_ERROR);
        }
        assertThat(upstream.waitingRequests()).as("requests upstream").isZero();
    }

    @ParameterizedTest
    @ValueSource(strings = {":path: /b", "content-length: 1", "X: 1", "connection: close", "x: a\\nb"})
    void trailersThatAreNoneEndTheRequest(String trailer) {
        try (Http2Peer caller = Http2Peer.connect(gateway.port())) {
            caller.headers(1, false, fields("-:method & :method: POST"));
            caller.data(1, false, "body");
            caller.headers(1, true, trailer.replace("\\n", "\n"));
            assertThat(caller.read().reset()).isEqualTo(PROTOCOL_ERROR);
        }
        assertThat(upstream.waitingRequests()).as("requests upstream").isZero();
    }

    @Test
    void aTunnelHasNoRoute() {
        try (Http2Peer caller = Http2Peer.connect(gateway.port())) {
            caller.headers(1, true, ":method: CONNECT", ":authority: a:80");
            assertThat(caller.read().status()).isEqualTo(404);
        }
        assertThat(upstream.waitingRequests()).as("requests upstream").isZero();
    }

    /** Frames that a caller sends for ever, without reading what they bring about. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "ping",
                "settings",
                "empty data",
                "priority",
                "window update",
                "reset",
                "malformed",
                "unknown",
                "continuation",
                "streams"
            })
    void aFloodEndsItsConnectionAndNoOther(String kind) {
        double before = floods();
        try (Http2Peer honest = Http2Peer.connect(gateway.port());
                Http2Peer caller = Http2Peer.connect(gateway.port())) {
            assertThat(endOf(caller, flood(caller, kind))).isIn(ENHANCE_YOUR_CALM, -1);
            honest.request(1, true, "GET", "/honest");
            assertThat(honest.read().brief()).isEqualTo("200 hello");
        }
        drainUpstream();
        if (!kind.equals("continuation")) { // Netty's own limit
            assertThat(floods()).as("counted").isGreaterThan(before);
        }
    }

    private static IntConsumer flood(Http2Peer caller, String kind) {
        if (kind.equals("empty data")) {
            caller.headers(1, false, fields("-:method & :method: POST"));
        }
        return i -> {
            int stream = 2 * i + 1;
            switch (kind) {
                case "ping" -> caller.frame(Http2Peer.PING, 0, 0, new byte[8]);
                case "settings" -> caller.settings();
                case "empty data" -> caller.data(1, false, "");
                case "priority" -> caller.frame(PRIORITY, 0, 1, new byte[] {0, 0, 0, 3, 1});
                case "window update" -> caller.windowUpdate(0, 1);
                case "reset" -> {
                    caller.request(stream, true, "GET", "/");
                    caller.reset(stream, 8);
                }
                case "malformed" -> caller.headers(stream, true, fields("-:path"));
                case "unknown" -> caller.frame(0x77, 0, 0, new byte[1]);
                case "continuation" ->
                    caller.frame(
                            i == 0 ? Http2Peer.HEADERS : 9,
                            0,
                            1,
                            ByteBuffer.allocate(i == 0 ? 0 : 1).array());
                case "streams" -> caller.headers(stream, false, fields("-:method & :method: POST"));
                default -> throw new IllegalArgumentException(kind);
            }
        };
    }

    /** @return the code of GOAWAY, or -1 where the connection was gone before one came */
    private static int endOf(Http2Peer caller, IntConsumer next) {
        try {
            for (int i = 0; i < 3_000_000; i++) {
                next.accept(i);
            }
            throw new AssertionError("3,000,000 frames and no end");
        } catch (UncheckedIOException e) {
            try {
                while (true) {
                    Http2Peer.Frame frame = caller.any();
                    if (frame.type() == Http2Peer.GOAWAY && frame.code() != 0) {
                        return frame.code();
                    }
                }
            } catch (UncheckedIOException end) {
                return -1;
            }
        }
    }

    private static void drainUpstream() {
        while (upstream.waitingRequests() > 0) {
            upstream.request();
        }
    }

    private static double floods() {
        return gateway.metrics().getMeters().stream()
                .filter(meter -> meter.getId().getName().endsWith("_flood"))
                .flatMap(meter ->
                        java.util.stream.StreamSupport.stream(meter.measure().spliterator(), false))
                .mapToDouble(io.micrometer.core.instrument.Measurement::getValue)
                .sum();
    }
}
