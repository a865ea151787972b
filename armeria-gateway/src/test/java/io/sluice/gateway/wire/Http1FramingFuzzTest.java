package io.sluice.gateway.wire;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.util.ReferenceCountUtil;
import java.util.ArrayList;
import java.util.List;
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
        Peer peer = new Peer();
        Http1Gate gate = new Http1Gate(peer);
        EmbeddedChannel channel = new EmbeddedChannel(gate);
        StringBuilder passed = new StringBuilder();
        for (int at = 0; at < bytes.length(); at += pieces) {
            String piece = bytes.substring(at, Math.min(bytes.length(), at + pieces));
            channel.writeInbound(Unpooled.wrappedBuffer(piece.getBytes(ISO_8859_1)));
            drain(channel, gate, peer, passed);
        }
        channel.finishAndReleaseAll();
        String whole = String.join("", expected.requests());
        String let = passed.toString();
        boolean refused = !peer.refusals.isEmpty();
        if (expected.bad()) {
            assertThat(refused).as("refused: " + bytes).isTrue();
        } else if (refused) {
            // a line that cannot become right need not end
            assertThat(NaiveHttp1.read(bytes + "\r\n\r\n").bad())
                    .as("%s refused for %s", peer.refusals, bytes)
                    .isTrue();
        }
        assertThat(let).as(bytes).startsWith(whole);
        // beyond the complete ones: at most a body that came so far, unchanged
        assertThat(bytes).startsWith(let);
    }

    /** Answers each request as soon as it is there, as the simplest of upstreams would. */
    private static void drain(EmbeddedChannel channel, Http1Gate gate, Peer peer, StringBuilder passed) {
        boolean more = true;
        while (more) {
            for (Object out = channel.readInbound(); out != null; out = channel.readInbound()) {
                if (out instanceof ByteBuf bytes) {
                    passed.append(bytes.toString(ISO_8859_1));
                }
                ReferenceCountUtil.release(out);
            }
            more = false;
            int complete = NaiveHttp1.read(passed.toString()).requests().size();
            if (complete > peer.answered && peer.refusals.isEmpty()) {
                peer.answered++;
                gate.answered();
                more = true;
            }
        }
    }

    private static final class Peer implements Caller {
        @Override
        public boolean takesHttp1() {
            return true;
        }

        @Override
        public boolean takesHttp2() {
            return true;
        }

        @Override
        public boolean takesAbsoluteTargets() {
            return true;
        }

        private final List<Refusal> refusals = new ArrayList<>();
        private int answered;

        @Override
        public WireLimits limits() {
            return WireLimits.DEFAULT;
        }

        @Override
        public void refused(Refusal why) {
            refusals.add(why);
        }

        @Override
        public void flooded(Flood what) {}
    }
}
