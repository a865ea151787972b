package io.sluice.gateway.rig;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersDecoder;
import io.netty.handler.codec.http2.DefaultHttp2HeadersEncoder;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** One end of an HTTP/2 connection, caller or called, frame by frame; only what a frame must be answered with is answered for you. For one thread. */
public final class Http2Peer implements AutoCloseable {
    public static final int DATA = 0;
    public static final int HEADERS = 1;
    public static final int RST_STREAM = 3;
    public static final int SETTINGS = 4;
    public static final int PING = 6;
    public static final int GOAWAY = 7;
    public static final int WINDOW_UPDATE = 8;
    public static final int MAX_CONCURRENT_STREAMS = 3;
    public static final int INITIAL_WINDOW_SIZE = 4;

    private static final int DEFAULT_WINDOW = 65_535;
    private static final int END_STREAM = 1;
    private static final int END_HEADERS = 4;
    private static final int ACK = 1;
    private static final byte[] PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(ISO_8859_1);
    private static final int PATIENCE_MILLIS = 10_000;

    private final Socket socket;
    private final DataInputStream in;
    private final DefaultHttp2HeadersDecoder decoder = new DefaultHttp2HeadersDecoder(false);
    private final DefaultHttp2HeadersEncoder encoder = new DefaultHttp2HeadersEncoder();
    private final Map<Integer, Long> streamWindows = new HashMap<>();
    private long connectionWindow = DEFAULT_WINDOW;
    private long initialWindow = DEFAULT_WINDOW;
    private boolean updatesWindows = true;

    private Http2Peer(Socket socket) throws IOException {
        this.socket = socket;
        socket.setTcpNoDelay(true);
        socket.setSoTimeout(PATIENCE_MILLIS);
        in = new DataInputStream(new java.io.BufferedInputStream(socket.getInputStream(), 64 * 1024));
    }

    /** @param settings pairs of identifier and value */
    public static Http2Peer connect(int port, int... settings) {
        try {
            Http2Peer peer = new Http2Peer(new Socket(InetAddress.getLoopbackAddress(), port));
            peer.write(PREFACE);
            peer.settings(settings);
            return peer;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The called side of a connection just accepted. */
    public static Http2Peer accepted(Socket socket, int... settings) {
        try {
            Http2Peer peer = new Http2Peer(socket);
            byte[] preface = peer.in.readNBytes(PREFACE.length);
            if (!Arrays.equals(preface, PREFACE)) {
                throw new EOFException("not HTTP/2: " + new String(preface, ISO_8859_1));
            }
            peer.settings(settings);
            return peer;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A frame as it came; headers decoded, padding and priority never used by our gateway. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    public record Frame(int type, int stream, boolean endStream, Map<String, String> headers, byte[] payload) {
        public String text() {
            return new String(payload, ISO_8859_1);
        }

        public int code() {
            return ByteBuffer.wrap(payload).getInt(type == GOAWAY ? 4 : 0);
        }

        public int lastStream() {
            return ByteBuffer.wrap(payload).getInt(0);
        }

        public int setting(int identifier) {
            ByteBuffer pairs = ByteBuffer.wrap(payload);
            while (pairs.hasRemaining()) {
                int key = pairs.getShort() & 0xffff;
                int value = pairs.getInt();
                if (key == identifier) {
                    return value;
                }
            }
            return -1;
        }
    }

    /** A whole message of one stream. @param reset the code of RST_STREAM, -1 where there was none */
    public record Message(Map<String, String> headers, String body, Map<String, String> trailers, int reset) {
        public int status() {
            return Integer.parseInt(headers.get(":status"));
        }

        public String brief() {
            return status() + (body.isEmpty() ? "" : " " + body);
        }
    }

    /** From now on the sender's windows are left as they are. */
    public Http2Peer keepWindowsClosed() {
        updatesWindows = false;
        return this;
    }

    public Http2Peer settings(int... pairs) {
        ByteBuffer payload = ByteBuffer.allocate(pairs.length / 2 * 6);
        for (int i = 0; i < pairs.length; i += 2) {
            payload.putShort((short) pairs[i]).putInt(pairs[i + 1]);
        }
        return frame(SETTINGS, 0, 0, payload.array());
    }

    /** @param fields {@code name: value}, in that order */
    public Http2Peer headers(int stream, boolean end, String... fields) {
        Http2Headers headers = new DefaultHttp2Headers(false);
        for (String field : fields) {
            int colon = field.indexOf(": ", 1);
            headers.add(field.substring(0, colon), field.substring(colon + 2));
        }
        ByteBuf block = Unpooled.buffer();
        try {
            encoder.encodeHeaders(stream, headers, block);
        } catch (Http2Exception e) {
            throw new IllegalStateException(e);
        }
        return frame(HEADERS, END_HEADERS | (end ? END_STREAM : 0), stream, ByteBufUtil.getBytes(block));
    }

    public Http2Peer request(int stream, boolean end, String method, String path, String... more) {
        String[] fields = {":method: " + method, ":path: " + path, ":scheme: http", ":authority: test"};
        String[] all = Arrays.copyOf(fields, fields.length + more.length);
        System.arraycopy(more, 0, all, fields.length, more.length);
        return headers(stream, end, all);
    }

    public Http2Peer data(int stream, boolean end, String text) {
        return data(stream, end, text.getBytes(ISO_8859_1));
    }

    public Http2Peer data(int stream, boolean end, byte[] bytes) {
        return frame(DATA, end ? END_STREAM : 0, stream, bytes);
    }

    /** Waits until the other side's windows let the bytes through. */
    public Http2Peer dataAsWindowsAllow(int stream, boolean end, byte[] bytes) {
        while (connectionWindow < bytes.length
                || initialWindow + streamWindows.getOrDefault(stream, 0L) < bytes.length) {
            any();
        }
        connectionWindow -= bytes.length;
        streamWindows.merge(stream, (long) -bytes.length, Long::sum);
        return data(stream, end, bytes);
    }

    public Http2Peer reset(int stream, int code) {
        return frame(RST_STREAM, 0, stream, ByteBuffer.allocate(4).putInt(code).array());
    }

    public Http2Peer goAway(int lastStream, int code) {
        return frame(
                GOAWAY,
                0,
                0,
                ByteBuffer.allocate(8).putInt(lastStream).putInt(code).array());
    }

    public Http2Peer windowUpdate(int stream, int bytes) {
        return frame(
                WINDOW_UPDATE, 0, stream, ByteBuffer.allocate(4).putInt(bytes).array());
    }

    public Http2Peer frame(int type, int flags, int stream, byte[] payload) {
        byte[] frame = ByteBuffer.allocate(9 + payload.length)
                .put((byte) (payload.length >> 16))
                .putShort((short) payload.length)
                .put((byte) type)
                .put((byte) flags)
                .putInt(stream)
                .put(payload)
                .array();
        write(frame);
        return this;
    }

    private void write(byte[] bytes) {
        try {
            socket.getOutputStream().write(bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The next frame; SETTINGS and PING are answered, windows given back. */
    public Frame any() {
        try {
            int length = in.readUnsignedByte() << 16 | in.readUnsignedShort();
            int type = in.readUnsignedByte();
            int flags = in.readUnsignedByte();
            int stream = in.readInt();
            byte[] payload = in.readNBytes(length);
            Map<String, String> headers = new LinkedHashMap<>();
            if (type == HEADERS) {
                decoder.decodeHeaders(stream, Unpooled.wrappedBuffer(payload))
                        .forEach(field -> headers.merge(
                                field.getKey().toString(), field.getValue().toString(), (a, b) -> a + "," + b));
            } else if ((type == SETTINGS || type == PING) && (flags & ACK) == 0) {
                frame(type, ACK, 0, type == PING ? payload : new byte[0]);
            } else if (type == DATA && length > 0 && updatesWindows) {
                windowUpdate(0, length);
                if ((flags & END_STREAM) == 0) {
                    windowUpdate(stream, length);
                }
            }
            if (type == WINDOW_UPDATE) {
                int more = ByteBuffer.wrap(payload).getInt();
                if (stream == 0) {
                    connectionWindow += more;
                } else {
                    streamWindows.merge(stream, (long) more, Long::sum);
                }
            }
            boolean end = (type == DATA || type == HEADERS) && (flags & END_STREAM) != 0;
            Frame frame = new Frame(type, stream, end, headers, payload);
            if (type == SETTINGS && frame.setting(INITIAL_WINDOW_SIZE) > 0) {
                initialWindow = frame.setting(INITIAL_WINDOW_SIZE);
            }
            return frame;
        } catch (Http2Exception e) {
            throw new IllegalStateException(e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The next frame of one of these types. */
    public Frame next(int... types) {
        while (true) {
            Frame frame = any();
            if (Arrays.stream(types).anyMatch(type -> type == frame.type())) {
                return frame;
            }
        }
    }

    /** Headers, data or a reset. */
    public Frame next() {
        return next(HEADERS, DATA, RST_STREAM);
    }

    /** The whole next message, or what came before its reset; other streams must be silent. */
    public Message read() {
        Frame frame = next();
        while (frame.headers().getOrDefault(":status", "").startsWith("1")) {
            frame = next();
        }
        Map<String, String> headers = frame.headers();
        StringBuilder body = new StringBuilder();
        boolean trailers = false;
        while (frame.type() != RST_STREAM && !frame.endStream()) {
            frame = next();
            trailers = frame.type() == HEADERS;
            if (frame.type() == DATA) {
                body.append(frame.text());
            }
        }
        return new Message(
                headers,
                body.toString(),
                trailers ? frame.headers() : Map.of(),
                frame.type() == RST_STREAM ? frame.code() : -1);
    }

    /** Waits for the other side's end. @return the frame that came instead, where one came */
    public Optional<Frame> untilEnd() {
        try {
            Frame frame = any();
            return Optional.of(frame);
        } catch (UncheckedIOException e) {
            return Optional.empty();
        }
    }

    public Socket socket() {
        return socket;
    }

    @Override
    public void close() {
        try {
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
