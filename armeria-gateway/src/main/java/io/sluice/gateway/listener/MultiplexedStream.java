package io.sluice.gateway.listener;

import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpHeaders;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.RequestHeadersBuilder;
import com.linecorp.armeria.common.ResponseHeaders;
import com.linecorp.armeria.common.stream.ClosedStreamException;
import io.netty.buffer.ByteBuf;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Stream;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/** One stream of an HTTP/2 connection: a request and its answer. */
final class MultiplexedStream implements DownstreamStream {
    /** Of the caller, for data; {@link SendWindows} keeps it. */
    long window;

    /** Whether it is among those that wait for their turn. */
    boolean inTurn;

    private final Http2Downstream downstream;
    private final Http2Stream stream;
    private final RequestHeadersBuilder headers;
    private final boolean bare;

    private @Nullable Body body;
    private boolean asked;
    private boolean dropping;
    private boolean arrived;
    private @Nullable ByteBuf held;
    private boolean heldIsOurs;
    private @Nullable HttpHeaders requestTrailers;

    private boolean begun;
    private boolean over;
    private @Nullable Deque<ByteBuf> unsent;
    private boolean ending;
    private @Nullable HttpHeaders trailers;
    private @Nullable Runnable whenSent;
    private @Nullable Over whenOver;

    /** @param bare whether nothing follows the headers */
    MultiplexedStream(Http2Downstream downstream, Http2Stream stream, RequestHeadersBuilder headers, boolean bare) {
        this.downstream = downstream;
        this.stream = stream;
        this.headers = headers;
        this.bare = bare;
        arrived = bare;
    }

    @Override
    public EventLoop eventLoop() {
        return downstream.channel().eventLoop();
    }

    @Override
    public DownstreamConnection connection() {
        return downstream.caller();
    }

    @Override
    public RequestHeadersBuilder headers() {
        return headers;
    }

    @Override
    public boolean isBare() {
        return bare;
    }

    @Override
    public String protocol() {
        return "HTTP/2";
    }

    @Override
    public boolean isHttp1() {
        return false;
    }

    // --- the request's body

    @Override
    public void read(Body reader) {
        body = reader;
        reader.onReady();
    }

    @Override
    public void requestMore() {
        asked = true;
        ByteBuf next = held;
        if (next != null) {
            held = null;
            int length = next.readableBytes();
            handOn(next);
            downstream.consumed(stream, length);
        }
        tellEnd();
    }

    @Override
    public void cancelRequest() {
        dropping = true;
        dropHeld();
    }

    /**
     * A piece has come; it is not ours behind this call.
     *
     * @return how much of it no longer counts against the caller's window; what is kept counts until it is handed on
     */
    int arrived(ByteBuf data, boolean end) {
        arrived = end;
        int length = data.readableBytes();
        if (over || dropping) {
            return length;
        }
        int handedOn = 0;
        if (length > 0 && asked && held == null) {
            handedOn = length;
            handOn(data.retain());
        } else if (length > 0) {
            hold(data);
        }
        tellEnd();
        return handedOn;
    }

    void arrived(HttpHeaders last) {
        arrived = true;
        requestTrailers = last;
        tellEnd();
    }

    /** Pieces that wait become one: however small they come, they cost what they hold. */
    private void hold(ByteBuf data) {
        ByteBuf before = held;
        if (before == null) {
            held = data.retain();
            heldIsOurs = false;
        } else if (heldIsOurs) {
            before.writeBytes(data);
        } else {
            held = downstream
                    .channel()
                    .alloc()
                    .buffer(2 * (before.readableBytes() + data.readableBytes()))
                    .writeBytes(before)
                    .writeBytes(data);
            heldIsOurs = true;
            before.release();
        }
    }

    private void handOn(ByteBuf bytes) {
        asked = false;
        if (body == null) {
            bytes.release();
        } else {
            body.onData(HttpData.wrap(bytes));
        }
    }

    private void tellEnd() {
        Body reader = body;
        if (reader == null || !arrived || bare || dropping || over || held != null) {
            return;
        }
        dropping = true; // there is nothing more
        if (requestTrailers == null) {
            reader.onEnd();
        } else {
            reader.onTrailers(requestTrailers);
        }
    }

    private void dropHeld() {
        ByteBuf rest = held;
        held = null;
        if (rest != null) {
            int length = rest.readableBytes();
            rest.release();
            downstream.consumed(stream, length);
        }
    }

    // --- the answer

    @Override
    public void interim(ResponseHeaders headers) {
        if (!over && !begun) {
            downstream.writeHeaders(stream, headers, headers.status(), false);
            stream.headersSent(true);
            downstream.flushSoon();
        }
    }

    @Override
    public void useProperCase() {}

    @Override
    public void headers(ResponseHeaders headers, boolean end) {
        if (over || begun) {
            return;
        }
        begun = true;
        downstream.writeHeaders(stream, headers, headers.status(), end);
        stream.headersSent(false);
        downstream.flushSoon();
        if (end) {
            finish();
        }
    }

    @Override
    public void data(HttpData data, boolean end) {
        if (over || !begun || ending) {
            data.close();
            return;
        }
        ending = end;
        int length = data.length();
        if (unsent == null && length <= downstream.allowed(this)) {
            if (length > 0 || end) {
                downstream.writeData(this, stream, data.byteBuf(), end);
            } else {
                data.close();
            }
            if (end) {
                finish();
            }
            return;
        }
        ByteBuf bytes = data.byteBuf();
        if (length > 0) {
            queue().add(bytes);
        } else {
            bytes.release();
        }
        downstream.sendInTurn(this);
    }

    private Deque<ByteBuf> queue() {
        Deque<ByteBuf> queue = unsent;
        if (queue == null) {
            queue = new ArrayDeque<>(2);
            unsent = queue;
        }
        return queue;
    }

    /** Its turn has come: sends a frame of what waits, as far as the windows allow. */
    void sendFrame() {
        Deque<ByteBuf> queue = unsent;
        if (over || queue == null) {
            return;
        }
        ByteBuf first = queue.element();
        int length = Math.min(first.readableBytes(), downstream.allowed(this));
        if (length == 0) {
            downstream.await(this);
            return;
        }
        boolean whole = length == first.readableBytes();
        ByteBuf bytes = whole ? queue.remove() : first.readRetainedSlice(length);
        boolean all = queue.isEmpty();
        boolean last = all && ending && trailers == null;
        downstream.writeData(this, stream, bytes, last);
        if (!all) {
            downstream.await(this);
            return;
        }
        unsent = null;
        if (last) {
            finish();
        } else if (trailers != null) {
            writeTrailers(trailers);
        } else {
            tellSent();
        }
    }

    /** The caller takes more. */
    void windowGrew() {
        if (unsent != null) {
            downstream.await(this);
        }
    }

    @Override
    public void trailers(HttpHeaders last) {
        if (over || !begun || ending) {
            return;
        }
        ending = true;
        if (unsent == null) {
            writeTrailers(last);
        } else {
            trailers = last;
        }
    }

    private void writeTrailers(HttpHeaders last) {
        downstream.writeHeaders(stream, last, null, true);
        downstream.flushSoon();
        finish();
    }

    /** All of the answer is written. */
    private void finish() {
        over = true;
        dropHeld();
        downstream.answered(stream, arrived);
        tell(null);
    }

    @Override
    public void reset() {
        cut(ClosedStreamException.get());
    }

    @Override
    public void abort(@Nullable Throwable cause) {
        if (over) {
            return;
        }
        if (!begun && downstream.channel().isActive()) {
            headers(ResponseHeaders.of(HttpStatus.INTERNAL_SERVER_ERROR), true);
        } else {
            cut(cause == null ? ClosedStreamException.get() : cause);
        }
    }

    private void cut(Throwable cause) {
        if (!over) {
            over(cause);
            downstream.reset(stream, Http2Error.INTERNAL_ERROR);
        }
    }

    /** The stream is closed: by the caller, by an error, or with its connection. */
    void closed() {
        if (!over) {
            over(ClosedStreamException.get());
        }
    }

    private void over(Throwable cause) {
        over = true;
        dropHeld();
        Deque<ByteBuf> rest = unsent;
        unsent = null;
        if (rest != null) {
            rest.forEach(ByteBuf::release);
        }
        tell(cause);
    }

    private void tell(@Nullable Throwable cause) {
        if (whenOver != null) {
            whenOver.over(cause);
        }
    }

    @Override
    public void endConnection() {
        downstream.endSoon();
    }

    @Override
    public void whenSent(Runnable then) {
        whenSent = then;
        downstream.flush();
        tellSent();
    }

    /** Tells whoever waits for it that nothing waits any more. */
    void tellSent() {
        Runnable then = whenSent;
        if (then != null && unsent == null && downstream.channel().isWritable()) {
            whenSent = null;
            eventLoop().execute(then);
        }
    }

    @Override
    public void whenOver(Over then) {
        whenOver = then;
    }
}
