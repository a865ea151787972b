package io.sluice.loadtests.harness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sluice.loadtests.harness.Answer.Reset.Place;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The clients and the upstreams, held against each other: neither would notice the other's fault otherwise. */
class RecordingUpstreamTest {
    private static final Duration SOON = Duration.ofSeconds(5);

    @Test
    void keepsTheBytesOfARequest() throws IOException {
        try (var upstream = RecordingUpstream.http1(request -> reply(200, "hi"));
                var client = Http1Client.connect(upstream.port())) {
            String bytes = "POST //a/./b?c HTTP/1.1\r\nHost: x\r\nX-Case:  Kept \r\nContent-Length: 3\r\n\r\nabc";
            client.send(bytes);
            Response response = client.read("POST", SOON);

            assertThat(response.status()).isEqualTo(200);
            assertThat(response.text()).isEqualTo("hi");
            RecordedRequest seen = upstream.seen().getFirst();
            assertThat(seen.raw().utf8()).isEqualTo(bytes);
            assertThat(seen.path()).isEqualTo("//a/./b?c");
            assertThat(seen.headers().fields().get(1)).isEqualTo(new Headers.Field("X-Case", "Kept"));
            assertThat(seen.text()).isEqualTo("abc");
        }
    }

    @Test
    void answersInTurnAndStaysWithTheLast() throws IOException {
        var answers = RecordingUpstream.inTurn(List.of(reply(503, ""), reply(200, "")));
        try (var upstream = RecordingUpstream.http1(answers)) {
            assertThat(List.of(status(upstream), status(upstream), status(upstream)))
                    .containsExactly(503, 200, 200);
            assertThat(upstream.count()).isEqualTo(3);
        }
    }

    @Test
    void sendsInterimResponsesChunksAndTrailers() throws IOException {
        var answer = new Answer.Reply(
                200,
                Headers.NONE,
                List.of(Bytes.utf8("one"), Bytes.utf8("two")),
                Headers.of("x-end", "yes"),
                List.of(103));
        try (var upstream = RecordingUpstream.http1(request -> answer)) {
            Response response = Http1Client.get(upstream.port(), "x", "/");
            assertThat(response.interim()).containsExactly(103);
            assertThat(response.text()).isEqualTo("onetwo");
            assertThat(response.trailers().get("x-end")).hasValue("yes");
        }
    }

    @ParameterizedTest
    @EnumSource(Place.class)
    void resetsWhereItIsTold(Place place) throws IOException {
        try (var upstream = RecordingUpstream.http1(request -> new Answer.Reset(place))) {
            Response response = Http1Client.get(upstream.port(), "x", "/");
            assertThat(response.end()).isEqualTo(Response.End.RESET);
            assertThat(response.status()).isEqualTo(place == Place.IN_BODY ? 200 : 0);
            assertThat(response.text()).isEqualTo(place == Place.IN_BODY ? "hello" : "");
        }
    }

    @Test
    void staysSilentUntilTheClientGivesUp() throws IOException {
        try (var upstream = RecordingUpstream.http1(request -> new Answer.Silence());
                var client = Http1Client.connect(upstream.port())) {
            client.send("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
            assertThat(client.read("GET", Duration.ofMillis(50)).end()).isEqualTo(Response.End.SILENT);
        }
    }

    @Test
    void echoesGrpcMessagesAsTheyCome() throws IOException {
        try (var upstream = RecordingUpstream.http2(request -> new Answer.GrpcEcho());
                var client = Http2Client.connect(upstream.port())) {
            var call = client.open(http2Post(), false);
            call.data(Bytes.utf8("first"), false);
            assertThat(call.awaitBody(5, SOON)).isTrue();
            call.data(Bytes.utf8("second"), true);
            Response response = call.read(SOON);
            assertThat(response.text()).isEqualTo("firstsecond");
            assertThat(response.trailers().get("grpc-status")).hasValue("0");
            assertThat(upstream.seen().getFirst().headers().get("host")).hasValue("x");
        }
    }

    @Test
    void resetsAStreamAndKeepsTheConnection() throws IOException {
        var answers = RecordingUpstream.inTurn(List.of(new Answer.Refuse(), reply(200, "hi")));
        try (var upstream = RecordingUpstream.http2(answers);
                var client = Http2Client.connect(upstream.port())) {
            assertThat(client.open(http2Post(), true).read(SOON).end()).isEqualTo(Response.End.RESET);
            assertThat(client.open(http2Post(), true).read(SOON).text()).isEqualTo("hi");
        }
    }

    @Test
    void freesItsPort() {
        var upstream = RecordingUpstream.http1(request -> reply(200, ""));
        upstream.close();
        // a thread that waits for callers lets go of the port when it has woken up
        await().ignoreException(BindException.class).untilAsserted(() -> {
            // whoever connects to a port that is free may be given that very port, and meet himself
            try (var next = new ServerSocket(upstream.port(), 1, InetAddress.getLoopbackAddress())) {
                assertThat(next.getLocalPort()).isEqualTo(upstream.port());
            }
        });
    }

    private static int status(RecordingUpstream upstream) throws IOException {
        return Http1Client.get(upstream.port(), "x", "/").status();
    }

    private static Headers http2Post() {
        return Headers.of(":method", "POST", ":scheme", "http", ":authority", "x", ":path", "/");
    }

    private static Answer reply(int status, String body) {
        return new Answer.Reply(status, Headers.NONE, List.of(Bytes.utf8(body)), Headers.NONE, List.of());
    }
}
