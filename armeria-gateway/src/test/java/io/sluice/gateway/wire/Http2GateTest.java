package io.sluice.gateway.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http2.Http2CodecUtil;
import io.netty.handler.codec.http2.Http2FrameTypes;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class Http2GateTest {
    private static final int END_HEADERS = 4;

    private static final Duration PATIENCE = Duration.ofMillis(50);

    private final RecordingCaller caller =
            new RecordingCaller(new WireLimits(WireLimits.DEFAULT_HEAD_BYTES, false, PATIENCE));
    private final EmbeddedChannel channel = new EmbeddedChannel(new Http2Gate(caller));

    @AfterEach
    void close() {
        channel.finishAndReleaseAll();
    }

    /** Each a byte of the preface, whose number it is. */
    private void arrives(int number) {
        channel.pipeline().fireChannelRead(Unpooled.buffer(1).writeByte(number));
    }

    private void callerReads(boolean reads) {
        channel.unsafe().outboundBuffer().setUserDefinedWritability(1, reads);
        channel.pipeline().fireChannelWritabilityChanged(); // as a socket does, before any task
    }

    private String passed() {
        StringBuilder numbers = new StringBuilder();
        for (ByteBuf bytes = channel.readInbound(); bytes != null; bytes = channel.readInbound()) {
            while (bytes.isReadable()) {
                numbers.append(bytes.readByte());
            }
            bytes.release();
        }
        return numbers.toString();
    }

    @Test
    void nothingPassesWhileTheCallerDoesNotRead() {
        arrives(1);
        callerReads(false);
        arrives(2);
        arrives(3);
        channel.runPendingTasks();
        assertThat(passed()).isEqualTo("1");
        assertThat(channel.config().isAutoRead()).isFalse();
        callerReads(true);
        channel.runPendingTasks();
        assertThat(passed()).isEqualTo("23");
        assertThat(channel.config().isAutoRead()).isTrue();
    }

    @Test
    void whatComesWhileTheHeldIsOnItsWayStaysBehindIt() {
        channel.config().setAutoRead(false); // an embedded channel runs its tasks when it is read
        callerReads(false);
        arrives(1);
        callerReads(true);
        arrives(2);
        callerReads(false);
        channel.runPendingTasks();
        assertThat(passed()).as("passed to one who does not read").isEmpty();
        callerReads(true);
        arrives(3);
        channel.runPendingTasks();
        arrives(4);
        assertThat(passed()).isEqualTo("1234");
    }

    @Test
    void aHeaderBlockThatDoesNotEndInTimeEndsTheConnection() {
        channel.writeInbound(Http2CodecUtil.connectionPrefaceBuf(), frame(Http2FrameTypes.HEADERS, 0, 2));
        await().atMost(Duration.ofSeconds(20)).until(() -> {
            channel.writeInbound(frame(Http2FrameTypes.CONTINUATION, 0, 1)); // a byte now and then helps nothing
            channel.runScheduledPendingTasks();
            return !channel.isOpen();
        });
        assertThat(caller.refusals).containsExactly(Refusal.HEADERS_TOO_SLOW);
    }

    @Test
    void aBlockThatEndsCostsNothing() throws InterruptedException {
        channel.writeInbound(Http2CodecUtil.connectionPrefaceBuf(), frame(Http2FrameTypes.HEADERS, 0, 2));
        channel.writeInbound(frame(Http2FrameTypes.CONTINUATION, END_HEADERS, 1));
        Thread.sleep(3 * PATIENCE.toMillis());
        channel.runScheduledPendingTasks();
        assertThat(channel.isOpen()).isTrue();
        assertThat(caller.refusals).isEmpty();
    }

    private static ByteBuf frame(byte type, int flags, int length) {
        return Unpooled.buffer()
                .writeMedium(length)
                .writeByte(type)
                .writeByte(flags)
                .writeInt(1)
                .writeZero(length);
    }
}
