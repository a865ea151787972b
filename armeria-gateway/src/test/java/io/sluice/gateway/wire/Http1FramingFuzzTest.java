package io.sluice.gateway.wire;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/** What the gate lets through of any bytes, in any pieces, beside what a naive reader makes of them as a whole. */
class Http1FramingFuzzTest {
    static final List<WireRow> ROWS = WireRow.all();

    /** @param input how large the pieces are, then a connection's bytes */
    @FuzzTest(maxDuration = "60s")
    void theGateAgreesWithANaiveReader(byte[] input) {
        if (input.length > 0) {
            compare(new String(input, 1, input.length - 1, ISO_8859_1), 1 + (input[0] & 0xff));
        }
    }

    @ParameterizedTest(name = "{0}")
    @FieldSource("ROWS")
    void theGateAgreesWithANaiveReaderOnEachRow(WireRow row) {
        for (int pieces : new int[] {1, 2, 7, 1000}) {
            compare(row.sent(), pieces);
        }
    }

    private static void compare(String bytes, int pieces) {
        NaiveHttp1.Reading expected = NaiveHttp1.read(bytes);
        RecordingCaller peer = new RecordingCaller(WireLimits.DEFAULT);
        Http1Gate gate = new Http1Gate(peer);
        EmbeddedChannel channel = new EmbeddedChannel(gate);
        Passed passed = new Passed();
        for (int at = 0; at < bytes.length(); at += pieces) {
            String piece = bytes.substring(at, Math.min(bytes.length(), at + pieces));
            channel.writeInbound(Unpooled.wrappedBuffer(piece.getBytes(ISO_8859_1)));
            for (boolean more = true; more; ) {
                int before = passed.ended.size();
                for (Object out = channel.readInbound(); out != null; out = channel.readInbound()) {
                    passed.add(out);
                }
                // answered as soon as it is there, as the simplest of upstreams would
                more = passed.ended.size() > before && peer.refusals.isEmpty();
                if (more) {
                    gate.answered();
                }
            }
        }
        channel.finishAndReleaseAll();
        boolean refused = !peer.refusals.isEmpty();
        if (expected.bad()) {
            assertThat(refused).as("refused: " + bytes).isTrue();
        } else if (refused) {
            // a line that cannot become right need not end
            assertThat(NaiveHttp1.read(bytes + "\r\n\r\n").bad())
                    .as("%s refused for %s", peer.refusals, bytes)
                    .isTrue();
        }
        List<NaiveHttp1.Message> whole =
                expected.messages().stream().map(Http1FramingFuzzTest::seen).toList();
        assertThat(passed.ended).as(bytes).isEqualTo(whole);
        if (passed.head != null) {
            // beyond the complete ones: at most a body that came so far
            NaiveHttp1.Message begun = seen(Objects.requireNonNull(expected.begun(), bytes));
            assertThat(passed.head).as(bytes).isEqualTo(begun.head());
            assertThat(begun.body()).as(bytes).startsWith(passed.body);
        }
    }

    /** What those behind the gate see of a message. */
    private static NaiveHttp1.Message seen(NaiveHttp1.Message sent) {
        String[] line = sent.head().getFirst().split(" ");
        byte[] method = line[0].getBytes(ISO_8859_1);
        if (Http1Methods.name(method, 0, method.length) == null) {
            return new NaiveHttp1.Message(List.of(line[0] + " /"), sent.body(), sent.trailers());
        }
        List<String> head = new ArrayList<>();
        Matcher absolute = Pattern.compile("[A-Za-z]+://([^/?#]*)(.*)").matcher(line[1]);
        boolean named = !line[1].startsWith("/") && absolute.matches();
        String rest = named ? absolute.group(2) : line[1];
        head.add(line[0] + " " + (named && !rest.startsWith("/") ? "/" + rest : rest));
        List<String> hosts = named ? List.of(absolute.group(1)) : values(sent, "host");
        hosts.forEach(host -> head.add(":authority: " + host));
        boolean upgrades = values(sent, "connection").stream()
                        .flatMap(value -> Stream.of(value.split(",")))
                        .anyMatch(token -> token.strip().equalsIgnoreCase("upgrade"))
                && !values(sent, "upgrade").isEmpty()
                && !values(sent, "upgrade").getFirst().equalsIgnoreCase("h2c");
        sent.head().stream()
                .skip(1)
                .filter(field -> !field.matches("(?s)(host|http2-settings|x-sluice-wire-refusal):.*"))
                .filter(field -> upgrades || !field.startsWith("upgrade:"))
                .forEach(head::add);
        return new NaiveHttp1.Message(head, sent.body(), sent.trailers());
    }

    private static List<String> values(NaiveHttp1.Message sent, String name) {
        return sent.head().stream()
                .skip(1)
                .filter(field -> field.startsWith(name + ": "))
                .map(field -> field.substring(name.length() + 2))
                .toList();
    }

    /** What came out of the gate, but for requests that it did not let in. */
    private static final class Passed {
        private final List<NaiveHttp1.Message> ended = new ArrayList<>();
        private final StringBuilder body = new StringBuilder();
        private @Nullable List<String> head;

        void add(Object message) {
            switch (message) {
                case Http1Request request ->
                    head = request.headers().path().equals(WireMarks.NO_PATH) ? null : head(request);
                case ByteBuf bytes -> {
                    body.append(bytes.toString(ISO_8859_1));
                    bytes.release();
                }
                case Http1End end -> {
                    if (head != null && end.broken() == null) {
                        List<String> trailers = new ArrayList<>();
                        end.trailers().forEach((name, value) -> trailers.add(name + ": " + value));
                        ended.add(new NaiveHttp1.Message(head, body.toString(), trailers));
                        head = null;
                        body.setLength(0);
                    }
                }
                default -> throw new AssertionError(message);
            }
        }

        private static List<String> head(Http1Request request) {
            List<String> head = new ArrayList<>();
            var headers = request.headers();
            headers.remove(WireMarks.REFUSAL);
            head.add(headers.get(":method") + " " + headers.path());
            if (headers.contains(":authority")) {
                head.add(":authority: " + headers.authority());
            }
            headers.build().forEach((name, value) -> {
                if (name.charAt(0) != ':') {
                    head.add(name + ": " + value);
                }
            });
            return head;
        }
    }
}
