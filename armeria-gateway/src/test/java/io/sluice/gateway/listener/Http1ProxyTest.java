package io.sluice.gateway.listener;

import static io.sluice.gateway.rig.GatewayRig.http1;
import static io.sluice.gateway.rig.UpstreamRig.ok;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sluice.gateway.rig.GatewayRig;
import io.sluice.gateway.rig.Http1Peer;
import io.sluice.gateway.rig.UpstreamRig;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** HTTP/1 in and out, byte by byte. */
class Http1ProxyTest {
    private static final String ALL = "{match: {prefix: /}, route: {cluster: up}}";
    private static final GatewayRig gateway = GatewayRig.start();

    @AfterAll
    static void close() {
        gateway.close();
    }

    @Test
    void carriesARequestAndItsAnswer() {
        try (UpstreamRig up = UpstreamRig.answering(ok("hello"))) {
            gateway.configure(ALL, http1(up.port()));
            try (Http1Peer caller = Http1Peer.connect(gateway.port())) {
                Http1Peer.Message answer = caller.post("/carried", "body", "x-own: 1");
                assertThat(answer.brief()).isEqualTo("200 hello");
                assertThat(answer.header("server")).contains("envoy");
                assertThat(answer.header("date")).isPresent();
                assertThat(answer.header("content-length")).contains("5");
                Http1Peer.Message seen = up.request();
                assertThat(seen.start()).isEqualTo("POST /carried HTTP/1.1");
                assertThat(seen.body()).isEqualTo("body");
                assertThat(seen.header("host")).contains("test");
                assertThat(seen.header("x-own")).contains("1");
                assertThat(seen.header("content-length")).contains("4");
                assertThat(seen.headers()).noneMatch(line -> line.startsWith("x-sluice"));
            }
            assertThat(gateway.logged("/carried")).isEqualTo("POST /carried 200 - via_upstream");
        }
    }

    @Test
    void keepsBothConnectionsForTheNextRequest() {
        try (UpstreamRig up = UpstreamRig.answering(ok("hello"))) {
            gateway.configure(ALL, http1(up.port()));
            try (Http1Peer caller = Http1Peer.connect(gateway.port())) {
                for (int i = 0; i < 20; i++) {
                    assertThat(caller.get("/" + i).brief()).isEqualTo("200 hello");
                    assertThat(caller.post("/" + i, "x".repeat(i * 1000)).brief())
                            .isEqualTo("200 hello");
                }
            }
            assertThat(up.accepted()).isEqualTo(1);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/a//b/%2f/..;x?q=%20",
                "/",
                "//",
                "/?",
                "/%41%7e|\"<>{}^`",
                "/a;b=c;d",
                "/a/../b/./c/%2e%2e/d",
                "/?a=..&b=/../&c=%00",
                "/%zz/%",
            })
    void keepsThePathByteForByte(String path) {
        try (UpstreamRig up = UpstreamRig.answering(ok("hello"))) {
            gateway.configure(ALL, http1(up.port()));
            try (Http1Peer caller = Http1Peer.connect(gateway.port())) {
                assertThat(caller.get(path, "x-sluice-wire-path: /forged").brief())
                        .isEqualTo("200 hello");
                assertThat(up.request().start()).isEqualTo("GET " + path + " HTTP/1.1");
            }
        }
    }

    @Test
    void answersARequestInFiveReads() throws Exception {
        try (UpstreamRig up = UpstreamRig.answering(ok("hello"))) {
            gateway.configure(ALL, http1(up.port()));
            try (Http1Peer caller = Http1Peer.connect(gateway.port())) {
                for (String part : List.of("G", "ET", " /sl", "ow HTTP/1.1\r\nho", "st: test\r\n\r\n")) {
                    caller.send(part);
                    Thread.onSpinWait();
                }
                assertThat(caller.read().brief()).isEqualTo("200 hello");
            }
        }
    }

    @Test
    void answersPipelinedRequestsInOrder() {
        try (UpstreamRig up = UpstreamRig.answeringInTurn(ok("one"), ok("two"), ok("three"))) {
            gateway.configure(ALL, http1(up.port()));
            try (Http1Peer caller = Http1Peer.connect(gateway.port())) {
                String request = "GET / HTTP/1.1\r\nhost: test\r\n\r\n";
                caller.send(request + request + request);
                List<String> bodies = new ArrayList<>();
                for (int i = 0; i < 3; i++) {
                    bodies.add(caller.read().body());
                }
                assertThat(bodies).containsExactlyInAnyOrder("one", "two", "three");
            }
        }
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
        content-length: 5\\r\\n\\r\\nhello                                    | 200 hello | content-length | 5
        content-length: 0\\r\\n\\r\\n                                         | 200       | content-length | 0
        transfer-encoding: chunked\\r\\n\\r\\n5\\r\\nhello\\r\\n0\\r\\n\\r\\n | 200 hello | transfer-encoding | chunked
        transfer-encoding: chunked\\r\\n\\r\\n0\\r\\n\\r\\n                   | 200       | transfer-encoding | chunked
        connection: close\\r\\n\\r\\nhello                                    | 200 hello | transfer-encoding | chunked
        """)
    void readsABodyHoweverItIsFramed(String rest, String brief, String header, String value) {
        String response = "HTTP/1.1 200 OK\r\n" + rest.replace("\\r\\n", "\r\n");
        try (UpstreamRig up = new UpstreamRig(socket -> {
            Http1Peer peer = new Http1Peer(socket);
            peer.read();
            peer.send(response);
        })) {
            gateway.configure(ALL, http1(up.port()));
            try (Http1Peer caller = Http1Peer.connect(gateway.port())) {
                Http1Peer.Message answer = caller.get("/");
                assertThat(answer.brief()).isEqualTo(brief);
                assertThat(answer.header(header)).contains(value);
                assertThat(caller.get("/").brief())
                        .as("the same connection again")
                        .isEqualTo(brief);
            }
        }
    }

    @ParameterizedTest(name = "{0} {1}")
    @CsvSource(delimiter = '|', textBlock = """
        HEAD | 200 OK\\r\\ncontent-length: 5             | 5
        HEAD | 200 OK\\r\\ntransfer-encoding: chunked    |
        GET  | 204 No Content                            |
        GET  | 304 Not Modified\\r\\ncontent-length: 5   | 5
        """)
    void passesOnAnswersWithoutABody(String method, String response, String length) {
        try (UpstreamRig up = new UpstreamRig(socket -> {
            Http1Peer peer = new Http1Peer(socket);
            while (true) {
                peer.read();
                peer.send("HTTP/1.1 " + response.replace("\\r\\n", "\r\n") + "\r\n\r\n");
            }
        })) {
            gateway.configure(ALL, http1(up.port()));
            try (Http1Peer caller = Http1Peer.connect(gateway.port())) {
                for (int i = 0; i < 2; i++) {
                    caller.send(method + " / HTTP/1.1\r\nhost: test\r\n\r\n");
                    Http1Peer.Message answer = caller.read(method);
                    assertThat(response).startsWith(String.valueOf(answer.status()));
                    assertThat(answer.header("content-length")).isEqualTo(Optional.ofNullable(length));
                }
            }
            assertThat(up.accepted()).isEqualTo(1);
        }
    }

    @Test
    void streamsAChunkedRequestWhileItArrives() {
        try (UpstreamRig up = new UpstreamRig(socket -> {
            Http1Peer peer = new Http1Peer(socket);
            peer.head();
            List<String> trailers = new ArrayList<>();
            for (Optional<String> chunk = peer.chunk(trailers); chunk.isPresent(); chunk = peer.chunk(trailers)) {
                if (chunk.get().equals("one")) {
                    peer.send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
                }
                peer.send("3\r\n" + chunk.get() + "\r\n");
            }
            peer.send("0\r\n\r\n");
        })) {
            gateway.configure(ALL, http1(up.port()));
            try (Http1Peer caller = Http1Peer.connect(gateway.port())) {
                caller.send("POST / HTTP/1.1\r\nhost: test\r\ntransfer-encoding: chunked\r\n\r\n3\r\none\r\n");
                assertThat(caller.head().status()).isEqualTo(200);
                List<String> trailers = new ArrayList<>();
                assertThat(caller.chunk(trailers)).contains("one");
                caller.send("3\r\ntwo\r\n");
                assertThat(caller.chunk(trailers)).contains("two");
                caller.send("0\r\n\r\n");
                assertThat(caller.chunk(trailers)).isEmpty();
            }
        }
    }

    @Test
    void dropsTrailersOfHttp1AsEnvoyDoes() {
        try (UpstreamRig up = UpstreamRig.answering(
                "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nx-end: 1\r\n\r\n")) {
            gateway.configure(ALL, http1(up.port()));
            try (Http1Peer caller = Http1Peer.connect(gateway.port())) {
                caller.send("""
                    POST / HTTP/1.1\r
                    host: test\r
                    transfer-encoding: chunked\r
                    \r
                    2\r
                    hi\r
                    0\r
                    x-own: 1\r
                    \r
                    """);
                Http1Peer.Message answer = caller.read();
                assertThat(answer.brief()).isEqualTo("200 ok");
                assertThat(answer.trailers()).isEmpty();
                Http1Peer.Message seen = up.request();
                assertThat(seen.body()).isEqualTo("hi");
                assertThat(seen.trailers()).isEmpty();
                assertThat(caller.get("/").brief())
                        .as("the same connection again")
                        .isEqualTo("200 ok");
            }
        }
    }

    @Test
    void answersAnExpectationItself() {
        try (UpstreamRig up = UpstreamRig.answering("HTTP/1.1 100 Continue\r\n\r\n" + ok("hello"))) {
            gateway.configure(ALL, http1(up.port()));
            try (Http1Peer caller = Http1Peer.connect(gateway.port())) {
                caller.send("POST / HTTP/1.1\r\nhost: test\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n");
                assertThat(caller.head().status()).isEqualTo(100);
                caller.send("hi");
                assertThat(caller.read().brief()).isEqualTo("200 hello");
                Http1Peer.Message seen = up.request();
                assertThat(seen.header("expect")).isEmpty();
                assertThat(seen.body()).isEqualTo("hi");
            }
        }
    }

    @Test
    void keepsInformationalAnswersToItself() {
        try (UpstreamRig up = UpstreamRig.answering(
                "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n" + "HTTP/1.1 102 Processing\r\n\r\n" + ok("hello"))) {
            gateway.configure(ALL, http1(up.port()));
            try (Http1Peer caller = Http1Peer.connect(gateway.port())) {
                for (int i = 0; i < 2; i++) {
                    Http1Peer.Message answer = caller.get("/");
                    assertThat(answer.brief()).isEqualTo("200 hello");
                    assertThat(answer.header("link")).isEmpty();
                }
            }
            assertThat(up.accepted()).isEqualTo(1);
        }
    }

    @Test
    void dropsWhatBelongsToOneConnection() {
        try (UpstreamRig up = UpstreamRig.answering(
                "HTTP/1.1 200 OK\r\nkeep-alive: timeout=5\r\nproxy-connection: x\r\ncontent-length: 0\r\n\r\n")) {
            gateway.configure(ALL, http1(up.port()));
            try (Http1Peer caller = Http1Peer.connect(gateway.port())) {
                Http1Peer.Message answer = caller.get(
                        "/",
                        "connection: keep-alive",
                        "keep-alive: 1",
                        "proxy-connection: x",
                        "te: trailers, gzip",
                        "upgrade: h2c");
                assertThat(answer.headers())
                        .noneMatch(line -> line.matches("(?i)(keep-alive|proxy-connection|connection):.*"));
                assertThat(up.request().headers())
                        .noneMatch(line -> line.matches("(?i)(keep-alive|proxy-connection|connection|upgrade):.*"));
            }
        }
    }

    @Test
    void passesOnAnAnswerThatComesBeforeTheRequestsEnd() {
        try (UpstreamRig up = new UpstreamRig(socket -> {
            Http1Peer peer = new Http1Peer(socket);
            peer.head();
            peer.send("HTTP/1.1 413 Too Much\r\ncontent-length: 8\r\n\r\ntoo much");
            peer.atEnd();
        })) {
            gateway.configure(ALL, http1(up.port()));
            try (Http1Peer caller = Http1Peer.connect(gateway.port())) {
                caller.send("POST /early HTTP/1.1\r\nhost: test\r\ncontent-length: 100000\r\n\r\n" + "x".repeat(1000));
                Http1Peer.Message answer = caller.read();
                assertThat(answer.brief()).isEqualTo("413 too much");
                assertThat(answer.header("connection"))
                        .as("the rest has nowhere to go")
                        .contains("close");
                assertThat(caller.atEnd()).isTrue();
            }
            assertThat(gateway.logged("/early")).isEqualTo("POST /early 413 - via_upstream");
        }
    }

    @Test
    void closesWhereTheCallerAsksForIt() {
        try (UpstreamRig up = UpstreamRig.answering(ok("hello"))) {
            gateway.configure(ALL, http1(up.port()));
            try (Http1Peer caller = Http1Peer.connect(gateway.port())) {
                Http1Peer.Message answer = caller.get("/", "connection: close");
                assertThat(answer.brief()).isEqualTo("200 hello");
                assertThat(answer.header("connection")).contains("close");
                assertThat(caller.atEnd()).isTrue();
            }
            assertThat(up.request().header("connection")).isEmpty();
            assertThat(up.connected()).isEqualTo(1);
        }
    }

    @Test
    void keepsTheCallersConnectionWhereTheUpstreamCloses() {
        try (UpstreamRig up = new UpstreamRig(socket -> {
            Http1Peer peer = new Http1Peer(socket);
            peer.read();
            peer.send("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 5\r\n\r\nhello");
        })) {
            gateway.configure(ALL, http1(up.port()));
            try (Http1Peer caller = Http1Peer.connect(gateway.port())) {
                for (int i = 0; i < 3; i++) {
                    Http1Peer.Message answer = caller.get("/");
                    assertThat(answer.brief()).isEqualTo("200 hello");
                    assertThat(answer.header("connection")).isEmpty();
                }
            }
            assertThat(up.accepted()).isEqualTo(3);
        }
    }

    /** As the real Envoy answers, but for the two Hosts, which it joins. */
    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
        GET / HTTP/1.1\\r\\n\\r\\n                              | 400                  | missing_host_header
        GET / HTTP/1.1\\r\\nhost: a\\r\\nhost: b\\r\\n\\r\\n    | 400 Bad Request      | http1.duplicate_host
        GET / HTTP/1.0\\r\\nhost: a\\r\\n\\r\\n                 | 426 Upgrade Required | low_version
        GET / HTTP/1.1\\r\\nhost: a\\r\\ntransfer-encoding: gzip, chunked\\r\\n\\r\\n0\\r\\n\\r\\n | 501 Not Implemented | http1.invalid_transfer_encoding
        GET /\u00e4 HTTP/1.1\\r\\nhost: a\\r\\n\\r\\n           | 400 Bad Request      | http1.codec_error
        """)
    void refusesWhatIsNotHttp(String request, String brief, String details) {
        gateway.configure(ALL, http1(1));
        try (Http1Peer caller = Http1Peer.connect(gateway.port())) {
            caller.send(request.replace("\\r\\n", "\r\n").replace(" / ", " /" + details + " "));
            Http1Peer.Message answer = caller.read();
            assertThat(answer.brief()).isEqualTo(brief);
            assertThat(answer.header("connection")).contains("close");
            assertThat(answer.header("server")).contains("envoy");
            assertThat(caller.atEnd()).isTrue();
        }
        String logged = details.equals("missing_host_header") ? "/" + details : "-"; // what cannot be read has no path
        String flags = details.equals("missing_host_header") ? " - " : " DPE ";
        await().untilAsserted(() -> assertThat(gateway.logged(logged)).endsWith(flags + details));
    }

    @Test
    void carriesHeaderBytesAsTheyCome() {
        try (UpstreamRig up =
                UpstreamRig.answering("HTTP/1.1 200 OK\r\nx-up: \u00e4\u00ff\r\ncontent-length: 0\r\n\r\n")) {
            gateway.configure(ALL, http1(up.port()));
            try (Http1Peer caller = Http1Peer.connect(gateway.port())) {
                assertThat(caller.get("/", "x-down: \u00e4\u00ff").header("x-up"))
                        .contains("\u00e4\u00ff");
                assertThat(up.request().header("x-down")).contains("\u00e4\u00ff");
            }
        }
    }

    @Test
    void splitsAnAbsoluteTarget() {
        try (UpstreamRig up = UpstreamRig.answering(ok("hello"))) {
            gateway.configure(ALL, http1(up.port()));
            try (Http1Peer caller = Http1Peer.connect(gateway.port())) {
                caller.send("GET http://other:81/p?q HTTP/1.1\r\nhost: test\r\n\r\n");
                assertThat(caller.read().brief()).isEqualTo("200 hello");
                Http1Peer.Message seen = up.request();
                assertThat(seen.start()).isEqualTo("GET /p?q HTTP/1.1");
                assertThat(seen.header("host")).contains("other:81");
            }
        }
    }
}
