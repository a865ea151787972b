package io.sluice.gateway.wire;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.util.concurrent.Future;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Between the socket and an HTTP/2 connection: while the caller does not read what it made us write, nothing further of it is read; a header block
 * that it does not finish in time ends the connection, since nothing else can be said on it until then.
 */
final class Http2Gate extends ChannelDuplexHandler {
    private static final WriteBufferWaterMark WATERMARK = new WriteBufferWaterMark(32 * 1024, 64 * 1024);

    private final Caller caller;
    private final Http2BlockWatch watch = new Http2BlockWatch();
    private @Nullable ChannelHandlerContext ctx;
    private @Nullable ByteBuf held;
    private @Nullable Future<?> blockTimer;
    private long openBlock;
    private long openSince;
    private boolean paused;
    private boolean othersRead;
    private boolean ending;

    Http2Gate(Caller caller) {
        this.caller = caller;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext added) {
        ctx = added;
        added.channel().config().setWriteBufferWaterMark(WATERMARK);
    }

    boolean isEnding() {
        return ending;
    }

    /** Ends the connection with GOAWAY, at once: what is queued is what the caller does not read. Nothing of it is read from now on. */
    void end(Http2Exception why) {
        if (ending) {
            return;
        }
        ending = true;
        ChannelHandlerContext own = Objects.requireNonNull(ctx);
        own.executor().execute(() -> {
            Http2ConnectionHandler http2 = own.pipeline().get(Http2ConnectionHandler.class);
            if (http2 != null) {
                http2.onError(own.pipeline().context(http2), false, why);
            }
            own.flush();
            own.close();
        });
    }

    @Override
    public void channelRead(ChannelHandlerContext own, Object message) {
        ByteBuf bytes = (ByteBuf) message;
        if (ending) {
            bytes.release();
        } else if (paused || held != null) {
            ByteBuf before = held;
            held = before == null
                    ? bytes
                    : own.alloc().compositeBuffer(Integer.MAX_VALUE).addComponents(true, before, bytes);
        } else {
            pass(own, bytes);
        }
    }

    private void pass(ChannelHandlerContext own, ByteBuf bytes) {
        long open = watch.openBehind(bytes);
        if (open != openBlock) {
            openBlock = open;
            openSince = System.nanoTime();
            if (open != 0 && blockTimer == null) {
                lookAtBlockIn(own, caller.limits().headersTimeout().toNanos());
            }
        }
        own.fireChannelRead(bytes);
    }

    private void lookAtBlockIn(ChannelHandlerContext own, long nanos) {
        if (nanos > 0) {
            blockTimer = own.executor().schedule(() -> lookAtBlock(own), nanos, TimeUnit.NANOSECONDS);
        }
    }

    private void lookAtBlock(ChannelHandlerContext own) {
        blockTimer = null;
        if (openBlock == 0) {
            return;
        }
        long allowed = caller.limits().headersTimeout().toNanos();
        long left = paused ? allowed : allowed - (System.nanoTime() - openSince); // paused: it is us who do not read
        if (left > 0) {
            lookAtBlockIn(own, left);
        } else if (allowed > 0) {
            caller.refused(Refusal.HEADERS_TOO_SLOW);
            end(Http2Exception.connectionError(Http2Error.ENHANCE_YOUR_CALM, "a header block that does not end"));
        }
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext own) {
        if (!own.channel().isWritable()) {
            pause(own);
        } else {
            resume(own);
        }
        own.fireChannelWritabilityChanged();
    }

    private void pause(ChannelHandlerContext own) {
        if (!paused) {
            paused = true;
            othersRead = own.channel().config().isAutoRead();
            own.channel().config().setAutoRead(false);
        }
    }

    private void resume(ChannelHandlerContext own) {
        if (!paused) {
            return;
        }
        paused = false;
        if (held != null) {
            own.executor().execute(() -> passHeld(own)); // what comes before that goes behind what is held
        }
        if (othersRead) {
            own.channel().config().setAutoRead(true);
        }
    }

    private void passHeld(ChannelHandlerContext own) {
        ByteBuf rest = held;
        if (rest != null && !paused) {
            held = null;
            pass(own, rest);
            own.fireChannelReadComplete();
        }
    }

    @Override
    public void read(ChannelHandlerContext own) {
        if (paused) {
            othersRead = true;
            own.channel().config().setAutoRead(false);
        } else {
            own.read();
        }
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext own) {
        drop();
    }

    @Override
    public void channelInactive(ChannelHandlerContext own) {
        drop();
        own.fireChannelInactive();
    }

    private void drop() {
        if (blockTimer != null) {
            blockTimer.cancel(false);
            blockTimer = null;
        }
        if (held != null) {
            held.release();
            held = null;
        }
    }
}
