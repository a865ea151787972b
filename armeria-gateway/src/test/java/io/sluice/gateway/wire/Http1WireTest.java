package io.sluice.gateway.wire;

import static io.sluice.gateway.rig.GatewayRig.http1;
import static io.sluice.gateway.rig.UpstreamRig.ok;
import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.gateway.rig.GatewayRig;
import io.sluice.gateway.rig.Http1Peer;
import io.sluice.gateway.rig.UpstreamRig;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/** What an upstream gets to see of bytes that are, or nearly are, HTTP/1. It reads without repairing; what it did not read whole does not count. */
class Http1WireTest {
    static final List<WireRow> ROWS = WireRow.all();

    /** The same ones ever again, so that one that fails can be looked at. */
    private static final int SEED = 20261126;

    private static final int MUTATIONS = 400;

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

    @ParameterizedTest(name = "{0}")
    @FieldSource("ROWS")
    void reachesAnUpstreamOrNot(WireRow row) {
        try (Http1Peer caller = Http1Peer.connect(gateway.port())) {
            caller.send(row.sent());
            Http1Peer.Message answer = caller.read();
            if (row.passes()) {
                while (answer.status() == 100) {
                    answer = caller.read();
                }
                assertThat(answer.brief()).isEqualTo("200 hello");
                assertThat(upstream.request().start()).endsWith(" HTTP/1.1");
                if (row.followed()) {
                    assertThat(caller.read().brief()).as("the next request").isEqualTo("200 hello");
                    assertThat(upstream.request().start()).isEqualTo("GET /next HTTP/1.1");
                }
            } else {
                assertThat(answer.status()).as("%s", answer).isEqualTo(Integer.parseInt(row.verdict()));
                assertThat(answer.header("connection")).contains("close");
                assertThat(caller.atEnd())
                        .as("closed, nothing further answered")
                        .isTrue();
            }
        }
        assertThat(upstream.waitingRequests()).as("requests upstream").isZero();
    }

    /** Bytes that are nearly right, read by a naive reader beside us: what it does not take must not arrive, what it takes must, and nothing else. */
    @Test
    void mutationsArriveAsANaiveReaderReadsThem() {
        List<WireRow> seeds =
                ROWS.stream().filter(WireRow::passes).filter(WireRow::followed).toList();
        Random random = new Random(SEED);
        int refused = 0;
        for (int i = 0; i < MUTATIONS; i++) {
            String bytes = mutated(seeds.get(random.nextInt(seeds.size())).sent(), random);
            NaiveHttp1.Reading expected = NaiveHttp1.read(bytes);
            if (bytes.contains("xpect") || !expected.requests().stream().allMatch(Http1WireTest::isForwarded)) {
                continue;
            }
            try (Http1Peer caller = Http1Peer.connect(gateway.port())) {
                caller.send(bytes);
                for (String request : expected.requests()) {
                    assertThat(caller.read(request.strip().split(" ", 2)[0]).status())
                            .as(bytes)
                            .isEqualTo(200);
                    upstream.request();
                }
                if (expected.bad()) {
                    refused++;
                    assertThat(caller.read().status()).as(bytes).isBetween(400, 501);
                    assertThat(caller.atEnd()).as(bytes).isTrue();
                }
            }
            assertThat(upstream.waitingRequests())
                    .as("further requests upstream of " + bytes)
                    .isZero();
        }
        assertThat(refused).as("of them refused").isGreaterThan(150);
    }

    /** Methods that Armeria knows, targets that are routed and versions that need no answer of their own. */
    private static boolean isForwarded(String request) {
        return request.strip().matches("(?s)(GET|POST|DELETE|PATCH|PUT|OPTIONS) [^ *#][^ #]* HTTP/1.1\r\n.*")
                && !request.toLowerCase(Locale.ROOT).matches("(?s).*\n(upgrade|connection):.*")
                && request.toLowerCase(Locale.ROOT).contains("\nhost:");
    }

    private static String mutated(String bytes, Random random) {
        String[] pieces = {
            "\r",
            "\n",
            "\r\n",
            " ",
            "\t",
            "\0",
            ":",
            ",",
            ";",
            "0",
            "1",
            "x",
            "/",
            "@",
            "\u000b",
            "\u0085",
            "Host: b\r\n",
            "Content-Length: 3\r\n",
            "Transfer-Encoding: chunked\r\n",
            "0\r\n\r\n",
            "GET /smuggled HTTP/1.1\r\nHost: b\r\n\r\n"
        };
        String piece = pieces[random.nextInt(pieces.length)];
        int at = random.nextInt(bytes.length());
        return switch (random.nextInt(5)) {
            case 0 -> bytes.substring(0, at) + bytes.substring(at + 1);
            case 1 -> bytes.substring(0, at) + bytes.charAt(at) + bytes.substring(at);
            case 2 -> bytes.substring(0, at) + (char) (bytes.charAt(at) ^ 0x20) + bytes.substring(at + 1);
            case 3 -> bytes.substring(0, at) + piece + bytes.substring(at + 1);
            default -> {
                int line = bytes.lastIndexOf('\n', at) + 1;
                yield bytes.substring(0, line) + piece + bytes.substring(line);
            }
        };
    }
}
