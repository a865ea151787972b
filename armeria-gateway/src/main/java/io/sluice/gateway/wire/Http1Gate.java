package io.sluice.gateway.wire;

import com.linecorp.armeria.common.HttpHeaders;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.socket.ChannelOutputShutdownEvent;
import io.netty.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Reads the bytes of an HTTP/1 connection: only whole heads whose framing is beyond doubt go on, one request at a time, and of bodies only as much as
 * is right. Goes on as an {@link Http1Request}, then buffers with what its body has, mostly those in which it came, then an {@link Http1End}. What is
 * wrong in a head goes on as a request that is not let in, so that it is answered, logged and counted as any other; what is wrong in a body as its
 * broken end. Nothing of the connection is read after either. While the caller sends requests before it has its answers, or does not read them, its
 * bytes are left where they are.
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

    /** Bytes that have not gone on. */
    private @Nullable ByteBuf held;

    private boolean ownBuffer;
    private long left;

    /** One whose body may turn out to be none before anybody is asked. */
    private @Nullable Http1Request pending;

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
        in.skipBytes(end);
        dropIfRead();
        unanswered++;
        Http1Request request = head.request(caller.takesAbsoluteTargets());
        if (head.isConnect()) {
            close();
            context().fireChannelRead(request);
            context().fireChannelRead(Http1End.PLAIN);
            return false;
        }
        if (head.isChunked()) {
            if (chunks == null) {
                chunks = new Http1Chunks(limits.maxHeadBytes());
            } else {
                chunks.reset();
            }
            pending = request;
            state = State.CHUNKS;
            return true;
        }
        left = head.length();
        if (left == 0) {
            head.reset();
            context().fireChannelRead(request);
            context().fireChannelRead(Http1End.PLAIN);
        } else {
            state = State.LENGTH;
            context().fireChannelRead(request);
        }
        return true;
    }

    private boolean length() {
        ByteBuf in = in();
        int take = (int) Math.min(left, in.readableBytes());
        left -= take;
        boolean last = left == 0;
        if (last) {
            state = State.HEAD;
            head.reset();
        }
        passOn(in, take);
        if (last) {
            context().fireChannelRead(Http1End.PLAIN);
        }
        return last;
    }

    private boolean chunks() {
        ByteBuf in = in();
        Http1Chunks framing = chunks;
        if (framing == null) {
            throw new IllegalStateException("no chunks");
        }
        int read = framing.read(in, in.readerIndex(), in.writerIndex());
        Refusal why = framing.refusal();
        if (why != null) {
            if (pending == null) {
                breakBody(why);
            } else {
                unanswered--;
                refuse(why);
            }
            return false;
        }
        in.readerIndex(read);
        boolean done = framing.isDone();
        if (!done && !framing.isFirstSizeRead() && !head.expectsContinue()) {
            startTimer(caller.limits()); // nothing is asked of an upstream before the first chunk is there
            dropIfRead();
            return false;
        }
        cancelTimer();
        Http1Request request = pending;
        pending = null;
        ByteBuf data = framing.dataBytes() == 0 ? null : framing.data(in);
        Http1End end = null;
        if (done) {
            HttpHeaders trailers = framing.trailers();
            end = trailers.isEmpty() ? Http1End.PLAIN : new Http1End(trailers, null);
            state = State.HEAD;
            head.reset();
        }
        dropIfRead();
        if (request != null) {
            context().fireChannelRead(request);
        }
        if (data != null) {
            context().fireChannelRead(data);
        }
        if (end != null) {
            context().fireChannelRead(end);
        }
        return done;
    }

    private ByteBuf in() {
        ByteBuf in = held;
        if (in == null) {
            throw new IllegalStateException("nothing held");
        }
        return in;
    }

    private void passOn(ByteBuf in, int length) {
        if (length == in.readableBytes()) {
            held = null;
            context().fireChannelRead(in);
        } else {
            context().fireChannelRead(in.readRetainedSlice(length));
        }
    }

    private void dropIfRead() {
        if (held != null && !held.isReadable()) {
            drop();
        }
    }

    // --- refusing

    private void refuse(Refusal why) {
        close();
        refusing = true;
        unanswered++;
        caller.refused(why);
        context().fireChannelRead(Http1Request.refused(why));
        context().fireChannelRead(Http1End.PLAIN);
        context().fireChannelReadComplete();
    }

    private void breakBody(Refusal why) {
        close();
        refusing = true;
        caller.refused(why);
        context().fireChannelRead(new Http1End(HttpHeaders.of(), why));
        context().fireChannelReadComplete();
    }

    private void close() {
        state = State.CLOSED;
        pending = null;
        cancelTimer();
        drop();
        resume(NOT_ANSWERED);
    }

    private void drop() {
        ByteBuf rest = held;
        held = null;
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
        if (state == State.HEAD || pending != null) {
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
