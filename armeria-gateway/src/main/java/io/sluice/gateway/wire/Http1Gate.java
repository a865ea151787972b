package io.sluice.gateway.wire;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.socket.ChannelOutputShutdownEvent;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.codec.DecoderResult;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Reads the bytes of an HTTP/1 connection before the decoder does: only whole heads whose framing is beyond doubt go on, one request at a time, and
 * chunks only as far as they are right. Bytes go on as they came, mostly in the buffer in which they came. What is wrong in a head goes on as a
 * {@link RefusedRequest}, so that it is answered, logged and counted as any other; what is wrong in a body as a part that failed. Nothing of the
 * connection is read after either. While the caller sends requests before it has its answers, or does not read them, its bytes are left where they
 * are.
 */
public final class Http1Gate extends ChannelDuplexHandler {
    private static final int NOT_READING = 1;
    private static final int NOT_ANSWERED = 2;

    private enum State {
        HEAD,
        LENGTH,
        CHUNKS,
        TUNNEL,
        CLOSED
    }

    private final Caller caller;
    private final Http1Head head = new Http1Head();
    private @Nullable Http1Chunks chunks;
    private @Nullable ChannelHandlerContext ctx;
    private State state = State.HEAD;

    /** Bytes that have not gone on; {@link #checked} of them may. */
    private @Nullable ByteBuf held;

    private boolean ownBuffer;
    private int checked;
    private long left;
    private boolean headPassed;
    private int unanswered;
    private boolean pumping;
    private int pauses;
    private boolean othersRead;
    private boolean refusing;
    private @Nullable Future<?> headTimer;

    Http1Gate(Caller caller) {
        this.caller = caller;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
        ctx = context;
    }

    // --- told by whoever answers

    /** The final response to the request that went on last has been written. */
    public void answered() {
        unanswered--;
        goOn();
        if (held == null) {
            resume(NOT_ANSWERED);
        }
    }

    /** The last response of the connection has been written: nothing further is read. */
    public void end() {
        close();
    }

    /** 101 is being written: what follows is not HTTP. */
    public void tunnel() {
        state = State.TUNNEL;
        resume(NOT_ANSWERED);
        ByteBuf rest = held;
        held = null;
        checked = 0;
        if (rest != null) {
            context().fireChannelRead(rest);
            context().fireChannelReadComplete();
        }
    }

    /** Whether the caller may be sending on although nothing of it is read: it would lose our answer if we just closed. */
    public boolean isRefusing() {
        return refusing;
    }

    private ChannelHandlerContext context() {
        if (ctx == null) {
            throw new IllegalStateException("not in a pipeline");
        }
        return ctx;
    }

    // --- reading

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        if (state == State.TUNNEL) {
            context.fireChannelRead(message);
            return;
        }
        ByteBuf bytes = (ByteBuf) message;
        if (state == State.CLOSED) {
            bytes.release();
            return;
        }
        hold(bytes);
        if (!pumping) {
            pump();
        }
    }

    /** Goes on with what is held, outside of a read. */
    private void goOn() {
        if (!pumping && held != null) {
            pump();
            context().fireChannelReadComplete();
        }
    }

    private void hold(ByteBuf bytes) {
        ByteBuf before = held;
        if (before == null) {
            held = bytes;
            ownBuffer = false;
            return;
        }
        if (!ownBuffer) {
            // twice the size: a head in many small pieces is copied only now and then
            ByteBuf own = context().alloc().buffer(2 * (before.readableBytes() + bytes.readableBytes()));
            own.writeBytes(before);
            before.release();
            held = own;
            ownBuffer = true;
            before = own;
        }
        before.writeBytes(bytes);
        bytes.release();
    }

    private void pump() {
        pumping = true;
        try {
            while (held != null && (pauses & NOT_READING) == 0 && step()) {
                // a request, or a part of one, went on
            }
        } finally {
            pumping = false;
        }
    }

    /** @return whether to go on with what is held */
    private boolean step() {
        return switch (state) {
            case HEAD -> head();
            case LENGTH -> length();
            case CHUNKS -> chunks();
            case TUNNEL, CLOSED -> false;
        };
    }

    private boolean head() {
        ByteBuf in = in();
        if (unanswered > 0) {
            pause(NOT_ANSWERED);
            return false;
        }
        resume(NOT_ANSWERED);
        WireLimits limits = caller.limits();
        int end = head.read(in, in.readerIndex());
        Refusal why = head.refusal();
        if (head.isHttp10() && !limits.http10()) {
            why = Refusal.VERSION;
        }
        if (why == null && (end == Http1Head.INCOMPLETE ? in.readableBytes() : end) > limits.maxHeadBytes()) {
            why = Refusal.HEADERS_TOO_LARGE;
        }
        if (why != null) {
            refuse(why);
            return false;
        }
        if (end == Http1Head.INCOMPLETE) {
            startTimer(limits);
            return false;
        }
        cancelTimer();
        checked = end;
        headPassed = false;
        unanswered++;
        if (head.isChunked()) {
            if (chunks == null) {
                chunks = new Http1Chunks(limits.maxHeadBytes());
            } else {
                chunks.reset();
            }
            state = State.CHUNKS;
        } else {
            left = head.length();
            state = left == 0 ? State.HEAD : State.LENGTH;
        }
        boolean last = head.isConnect();
        boolean more = state == State.HEAD ? ended() : true;
        if (last) {
            close();
        }
        return more;
    }

    private boolean length() {
        ByteBuf in = in();
        int take = (int) Math.min(left, in.readableBytes() - checked);
        left -= take;
        checked += take;
        if (left > 0) {
            passOn();
            return false;
        }
        state = State.HEAD;
        return ended();
    }

    private boolean chunks() {
        ByteBuf in = in();
        Http1Chunks framing = chunks;
        if (framing == null) {
            throw new IllegalStateException("no chunks");
        }
        checked = framing.read(in, in.readerIndex() + checked, in.writerIndex()) - in.readerIndex();
        Refusal why = framing.refusal();
        if (why != null) {
            if (headPassed) {
                breakBody(why);
            } else {
                unanswered--;
                refuse(why);
            }
            return false;
        }
        if (framing.isDone()) {
            state = State.HEAD;
            return ended();
        }
        if (framing.isFirstSizeRead() || head.expectsContinue()) {
            cancelTimer();
            passOn();
        } else {
            startTimer(caller.limits()); // nothing is asked of an upstream before the first chunk is there
        }
        return false;
    }

    private ByteBuf in() {
        ByteBuf in = held;
        if (in == null) {
            throw new IllegalStateException("nothing held");
        }
        return in;
    }

    /** All of a request is there. */
    private boolean ended() {
        cancelTimer();
        head.reset();
        passOn();
        return held != null;
    }

    private void passOn() {
        ByteBuf in = in();
        int length = checked;
        if (length == 0) {
            return;
        }
        checked = 0;
        headPassed = true;
        if (length == in.readableBytes()) {
            held = null;
            context().fireChannelRead(in);
        } else {
            context().fireChannelRead(in.readRetainedSlice(length));
        }
    }

    // --- refusing

    private void refuse(Refusal why) {
        close();
        refusing = true;
        unanswered++;
        caller.refused(why);
        context().fireChannelRead(new RefusedRequest(why));
        context().fireChannelRead(LastHttpContent.EMPTY_LAST_CONTENT);
        context().fireChannelReadComplete();
    }

    private void breakBody(Refusal why) {
        close();
        refusing = true;
        caller.refused(why);
        HttpContent broken = new DefaultHttpContent(Unpooled.EMPTY_BUFFER);
        broken.setDecoderResult(DecoderResult.failure(new DecoderException(why.name())));
        context().fireChannelRead(broken);
        context().fireChannelReadComplete();
    }

    private void close() {
        state = State.CLOSED;
        cancelTimer();
        drop();
        resume(NOT_ANSWERED);
    }

    private void drop() {
        ByteBuf rest = held;
        held = null;
        checked = 0;
        if (rest != null) {
            rest.release();
        }
    }

    private void startTimer(WireLimits limits) {
        if (headTimer == null && !limits.headersTimeout().isZero()) {
            headTimer = context()
                    .executor()
                    .schedule(this::tookTooLong, limits.headersTimeout().toNanos(), TimeUnit.NANOSECONDS);
        }
    }

    private void tookTooLong() {
        headTimer = null;
        if (state == State.HEAD || (state == State.CHUNKS && !headPassed)) {
            if (state == State.CHUNKS) {
                unanswered--;
            }
            refuse(Refusal.HEADERS_TOO_SLOW);
        }
    }

    private void cancelTimer() {
        if (headTimer != null) {
            headTimer.cancel(false);
            headTimer = null;
        }
    }

    // --- not reading; whoever is behind us turns reading on and off for reasons of his own, which are kept

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) {
        if (context.channel().isWritable()) {
            resume(NOT_READING);
            goOn();
        } else {
            pause(NOT_READING);
        }
        context.fireChannelWritabilityChanged();
    }

    private void pause(int reason) {
        if (pauses == 0) {
            Channel channel = context().channel();
            othersRead = channel.config().isAutoRead();
            channel.config().setAutoRead(false);
        }
        pauses |= reason;
    }

    private void resume(int reason) {
        if ((pauses & reason) == 0) {
            return;
        }
        pauses &= ~reason;
        if (pauses == 0 && othersRead) {
            context().channel().config().setAutoRead(true);
        }
    }

    @Override
    public void read(ChannelHandlerContext context) {
        if (pauses == 0) {
            context.read();
        } else {
            othersRead = true;
            context.channel().config().setAutoRead(false);
        }
    }

    // --- the end

    /** Our own half of the end is no news. */
    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
        if (!(event instanceof ChannelOutputShutdownEvent)) {
            context.fireUserEventTriggered(event);
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        cancelTimer();
        drop();
        context.fireChannelInactive();
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext context) {
        cancelTimer();
        drop();
    }
}
