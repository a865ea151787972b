package io.sluice.loadtests.harness;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SSLException;

/**
 * The reading half of an HTTP/1 connection: it keeps the bytes as they came and never repairs them. Not thread-safe.
 *
 * <p>Each method throws {@link EOFException} when the peer ended the connection first, and {@link SocketTimeoutException} when the
 * deadline passed.
 */
final class Http1Wire {
    private static final int MAX_LINE_BYTES = 1 << 20;

    private final Socket socket;
    private final InputStream in;
    private final ByteArrayOutputStream raw = new ByteArrayOutputStream();
    private final byte[] buffer = new byte[64 * 1024];
    private int position;
    private int limit;
    private long deadline;

    Http1Wire(Socket socket) throws IOException {
        this(socket, socket.getInputStream());
    }

    /** @param in what is read in place of the socket's own */
    Http1Wire(Socket socket, InputStream in) {
        this.socket = socket;
        this.in = in;
        within(Duration.ofMinutes(1));
    }

    /** From now on, for all reads together. */
    void within(Duration time) {
        deadline = System.nanoTime() + time.toNanos();
    }

    /** The bytes read since the last call. */
    byte[] takeRaw() {
        byte[] bytes = raw.toByteArray();
        raw.reset();
        return bytes;
    }

    /** A line without its end; its end may be a bare LF. */
    String line() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int b = read(); b != '\n'; b = read()) {
            line.write(b);
            if (line.size() > MAX_LINE_BYTES) {
                throw new IOException("a line of more than " + MAX_LINE_BYTES + " bytes");
            }
        }
        String text = line.toString(ISO_8859_1);
        return text.endsWith("\r") ? text.substring(0, text.length() - 1) : text;
    }

    /** Fields up to and with the empty line; a line without a colon becomes a field without a value. */
    Headers headers() throws IOException {
        List<Headers.Field> fields = new ArrayList<>();
        for (String line = line(); !line.isEmpty(); line = line()) {
            int colon = line.indexOf(':');
            fields.add(
                    colon < 0
                            ? new Headers.Field(line, "")
                            : new Headers.Field(
                                    line.substring(0, colon),
                                    line.substring(colon + 1).strip()));
        }
        return new Headers(fields);
    }

    /** A chunked body, collected into {@code body} as it comes. @return its trailers */
    Headers chunks(ByteArrayOutputStream body) throws IOException {
        while (true) {
            String size = line().split(";", 2)[0].strip();
            int length = Integer.parseInt(size, 16);
            if (length == 0) {
                return headers();
            }
            bytes(length, body);
            line();
        }
    }

    void bytes(long count, ByteArrayOutputStream body) throws IOException {
        for (long i = 0; i < count; i++) {
            body.write(read());
        }
    }

    void untilEnd(ByteArrayOutputStream body) throws IOException {
        try {
            while (true) {
                body.write(read());
            }
        } catch (EOFException e) {
            // the end is this body's framing
        }
    }

    int read() throws IOException {
        if (position == limit) {
            fill();
        }
        int b = buffer[position++] & 0xff;
        raw.write(b);
        return b;
    }

    /** Whether the peer ends the connection before the deadline; bytes that come instead are kept for the next read. */
    boolean ended() throws IOException {
        if (position < limit) {
            return false;
        }
        try {
            fill();
            return false;
        } catch (EOFException e) {
            return true;
        } catch (SocketTimeoutException e) {
            return false;
        } catch (SSLException e) {
            throw e;
        } catch (IOException e) {
            return true; // reset
        }
    }

    private void fill() throws IOException {
        long left = (deadline - System.nanoTime()) / 1_000_000;
        socket.setSoTimeout((int) Math.max(1, left));
        int n = in.read(buffer);
        if (n < 0) {
            throw new EOFException("the peer ended the connection");
        }
        position = 0;
        limit = n;
    }
}
