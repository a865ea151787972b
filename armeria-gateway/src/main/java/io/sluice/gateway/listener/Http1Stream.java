package io.sluice.gateway.listener;

import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.HttpHeaders;
import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.RequestHeadersBuilder;
import com.linecorp.armeria.common.ResponseHeaders;
import com.linecorp.armeria.common.stream.ClosedStreamException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.EventLoop;
import io.netty.util.AsciiString;
import io.sluice.gateway.upstream.ProperCase;
import io.sluice.gateway.wire.Http1Request;
import io.sluice.gateway.wire.Refusal;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** One request on an HTTP/1 connection and its answer, written by us byte for byte. */
final class Http1Stream implements DownstreamStream {
    private static final int SWITCHING_PROTOCOLS = 101;
    /** Up to this size a piece goes into one buffer with the headers, beyond it is passed on as it is. */
    private static final int COPIED_BYTES = 1024;

    private static final byte[] CRLF = "\r\n".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] LAST_CHUNK = "0\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] CLOSE = "connection: close\r\n".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] CHUNKED = "transfer-encoding: chunked\r\n".getBytes(StandardCharsets.US_ASCII);

    private static final byte[] KEEP_ALIVE = "connection: keep-alive\r\n".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] KEEP_ALIVE_PROPER = "Connection: keep-alive\r\n".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] CLOSE_PROPER = "Connection: close\r\n".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] CHUNKED_PROPER = "Transfer-Encoding: chunked\r\n".getBytes(StandardCharsets.US_ASCII);

    private final Http1Downstream downstream;
    private final RequestHeadersBuilder headers;
    private final boolean head;
    private final boolean bare;
    /** A caller that knows no chunks: an answer without a length ends with its connection then. */
    private final boolean http10;

    private boolean keepAlive;
    private @Nullable Body body;
    private boolean asked;
    private boolean dropping;
    private boolean begun;
    private boolean bodiless;
    private boolean chunked;
    private boolean tunnel;
    private boolean properCase;
    private boolean over;
    private @Nullable ByteBuf pending;
    private @Nullable Over whenOver;

    Http1Stream(Http1Downstream downstream, Http1Request request) {
        this.downstream = downstream;
        headers = request.headers();
        bare = request.bare() && !request.upgrade();
        keepAlive = request.keepAlive();
        http10 = request.http10();
        head = HttpMethod.HEAD.name().equals(headers.get(HttpHeaderNames.METHOD));
    }

    @Override
    public EventLoop eventLoop() {
        return downstream.channel().eventLoop();
    }

    @Override
    public DownstreamConnection connection() {
        return downstream.connection();
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
        return http10 ? "HTTP/1.0" : "HTTP/1.1";
    }

    @Override
    public boolean isHttp1() {
        return true;
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
        downstream.pump();
    }

    @Override
    public void cancelRequest() {
        dropping = true;
        downstream.pump();
    }

    /** Whether a part of the body can be handed on. */
    boolean takes() {
        return asked || dropping || bare;
    }

    void arrived(HttpData data) {
        asked = false;
        if (body == null || dropping) {
            data.close();
        } else {
            body.onData(data);
        }
    }

    void ended() {
        asked = false;
        if (body != null && !dropping) {
            body.onEnd();
        }
    }

    void ended(HttpHeaders trailers) {
        asked = false;
        if (body != null && !dropping) {
            body.onTrailers(trailers);
        }
    }

    /** What follows is no HTTP. */
    void broken(Refusal why) {
        keepAlive = false;
        if (body != null && !dropping) {
            body.onMalformed(why);
        }
    }

    // --- the answer

    @Override
    public void headers(ResponseHeaders headers, boolean end) {
        if (over || begun) {
            return;
        }
        begun = true;
        HttpStatus status = headers.status();
        ByteBuf out = downstream.channel().alloc().buffer(512);
        StatusLines.write(out, status);
        fields(headers, out);
        int code = status.code();
        tunnel = code == SWITCHING_PROTOCOLS;
        if (tunnel) {
            downstream.tunnelOpens();
        }
        boolean empty = code == 204 || code == 304;
        bodiless = head || empty;
        boolean unmeasured = !empty && !tunnel && !http10 && !headers.contains(HttpHeaderNames.CONTENT_LENGTH);
        chunked = unmeasured && !end && !head;
        if (chunked || (head && unmeasured)) {
            out.writeBytes(properCase ? CHUNKED_PROPER : CHUNKED);
        }
        if (http10 && !bodiless && !end && !headers.contains(HttpHeaderNames.CONTENT_LENGTH)) {
            keepAlive = false; // its end is the connection's
        }
        if (!keepAlive && !tunnel) {
            out.writeBytes(properCase ? CLOSE_PROPER : CLOSE);
        } else if (http10) {
            out.writeBytes(properCase ? KEEP_ALIVE_PROPER : KEEP_ALIVE);
        }
        out.writeShort('\r' << 8 | '\n');
        if (end) {
            downstream.write(out);
            finish();
        } else {
            pending = out;
            downstream.flushSoon();
        }
    }

    private void fields(HttpHeaders headers, ByteBuf out) {
        for (Map.Entry<AsciiString, String> header : headers) {
            AsciiString name = header.getKey();
            if (name.charAt(0) != ':') {
                if (properCase) {
                    ProperCase.write(out, name);
                } else {
                    ByteBufUtil.copy(name, out);
                }
                out.writeShort(':' << 8 | ' ');
                ByteBufUtil.writeAscii(out, header.getValue());
                out.writeShort('\r' << 8 | '\n');
            }
        }
    }

    @Override
    public void useProperCase() {
        properCase = true;
    }

    @Override
    public void interim(ResponseHeaders headers) {
        if (over || begun) {
            return;
        }
        ByteBuf out = downstream.channel().alloc().buffer(128);
        StatusLines.write(out, headers.status());
        fields(headers, out);
        out.writeShort('\r' << 8 | '\n');
        downstream.write(out);
        downstream.channel().flush();
    }

    @Override
    public void data(HttpData data, boolean end) {
        if (over || !begun) {
            data.close();
            return;
        }
        int length = data.length();
        if (length == 0 || bodiless) {
            data.close();
        } else {
            piece(data, length);
        }
        if (end) {
            if (chunked) {
                lastChunk();
            }
            writePending();
            finish();
        } else {
            downstream.flushSoon();
        }
    }

    private void piece(HttpData data, int length) {
        if (chunked) {
            ByteBuf out = pending == null ? downstream.channel().alloc().buffer(16) : pending;
            pending = out;
            ByteBufUtil.writeAscii(out, Integer.toHexString(length));
            out.writeShort('\r' << 8 | '\n');
        }
        ByteBuf bytes = data.byteBuf();
        ByteBuf before = pending;
        if (before != null && length <= COPIED_BYTES) {
            before.writeBytes(bytes);
            bytes.release();
        } else {
            writePending();
            downstream.write(bytes);
        }
        if (chunked) {
            append(CRLF);
        }
    }

    private void lastChunk() {
        append(LAST_CHUNK);
    }

    private void append(byte[] constant) {
        if (pending == null) {
            downstream.write(
                    downstream.channel().alloc().buffer(constant.length).writeBytes(constant));
        } else {
            pending.writeBytes(constant);
        }
    }

    /** What was kept back to be written with what follows. */
    void writePending() {
        ByteBuf out = pending;
        if (out != null) {
            pending = null;
            downstream.write(out);
        }
    }

    private void finish() {
        over = true;
        downstream.answered(!keepAlive);
        tell(null);
        downstream.pump();
    }

    @Override
    public void trailers(HttpHeaders trailers) {
        if (over || !begun || !chunked) {
            data(HttpData.empty(), true);
            return;
        }
        writePending();
        ByteBuf out = downstream.channel().alloc().buffer(64);
        out.writeByte('0').writeShort('\r' << 8 | '\n');
        fields(trailers, out);
        out.writeShort('\r' << 8 | '\n');
        downstream.write(out);
        finish();
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
            keepAlive = false;
            ResponseHeaders answer = ResponseHeaders.builder(HttpStatus.INTERNAL_SERVER_ERROR)
                    .set(HttpHeaderNames.CONTENT_LENGTH, "0")
                    .build();
            headers(answer, true);
        } else {
            cut(cause == null ? ClosedStreamException.get() : cause);
        }
    }

    private void cut(Throwable cause) {
        if (over) {
            return;
        }
        over = true;
        writePending();
        if (tunnel) {
            downstream.endTunnel();
        } else {
            downstream.cut();
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
        keepAlive = false;
    }

    @Override
    public void whenSent(Runnable then) {
        writePending();
        downstream.whenWritable(then);
    }

    @Override
    public void whenOver(Over then) {
        whenOver = then;
    }
}
