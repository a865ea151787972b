package io.sluice.loadtests.harness;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** One HTTP/1 connection that sends exactly the bytes it is given, right or wrong. Not thread-safe. */
public final class Http1Client implements AutoCloseable {
    private final Socket socket;
    private final Http1Wire wire;

    private Http1Client(Socket socket) throws IOException {
        this.socket = socket;
        this.wire = new Http1Wire(socket);
    }

    /** @throws IOException when nothing listens there */
    public static Http1Client connect(int port) throws IOException {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.setTcpNoDelay(true);
        return new Http1Client(socket);
    }

    /** A connection of its own for one request without a body. */
    public static Response get(int port, String host, String path) throws IOException {
        try (Http1Client client = connect(port)) {
            client.send("GET " + path + " HTTP/1.1\r\nhost: " + host + "\r\n\r\n");
            return client.read("GET", Duration.ofSeconds(20));
        }
    }

    /** @param text taken as ISO-8859-1: one byte per character */
    public void send(String text) throws IOException {
        send(text.getBytes(ISO_8859_1));
    }

    public void send(byte[] bytes) throws IOException {
        socket.getOutputStream().write(bytes);
        socket.getOutputStream().flush();
    }

    /**
     * The next response, with the 1xx ones before it (101 is a final one).
     *
     * @param method of the request: a HEAD's response has no body
     */
    public Response read(String method, Duration atMost) {
        wire.within(atMost);
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        List<Integer> interim = new ArrayList<>();
        int status = 0;
        Headers headers = Headers.NONE;
        Headers trailers = Headers.NONE;
        Response.End end = Response.End.COMPLETE;
        try {
            while (true) {
                int next = status(wire.line());
                Headers fields = wire.headers();
                if (next >= 200 || next == 101) {
                    status = next;
                    headers = fields;
                    break;
                }
                interim.add(next);
            }
            trailers = body(method, status, headers, body);
        } catch (SocketTimeoutException e) {
            end = Response.End.SILENT;
        } catch (IOException e) {
            end = Response.End.RESET;
        }
        return new Response(status, headers, Bytes.copyOf(body.toByteArray()), trailers, interim, end);
    }

    /** The body of a connection that changed its protocol, so far. @throws IOException when fewer bytes came in time */
    public byte[] readBytes(int count, Duration atMost) throws IOException {
        wire.within(atMost);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        wire.bytes(count, bytes);
        return bytes.toByteArray();
    }

    /** Whether the peer ends the connection within that time. */
    public boolean endsWithin(Duration time) {
        wire.within(time);
        try {
            return wire.ended();
        } catch (IOException e) {
            return true;
        }
    }

    /** Ends our half: the peer reads an end, and may still answer. */
    public void finish() throws IOException {
        socket.shutdownOutput();
    }

    /** Ends the connection as a crash would: by RST. */
    public void reset() throws IOException {
        socket.setSoLinger(true, 0);
        socket.close();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }

    private Headers body(String method, int status, Headers headers, ByteArrayOutputStream body) throws IOException {
        boolean none = method.equals("HEAD") || status == 204 || status == 304 || status == 101;
        if (none) {
            return Headers.NONE;
        }
        if (headers.get("transfer-encoding").orElse("").toLowerCase(Locale.ROOT).contains("chunked")) {
            return wire.chunks(body);
        }
        if (headers.has("content-length")) {
            wire.bytes(Long.parseLong(headers.get("content-length").orElseThrow()), body);
        } else {
            wire.untilEnd(body);
        }
        return Headers.NONE;
    }

    private static int status(String line) throws IOException {
        String[] words = line.split(" ", 3);
        if (words.length < 2 || !words[0].startsWith("HTTP/1.") || !words[1].matches("\\d{3}")) {
            throw new IOException("not a status line: " + line);
        }
        return Integer.parseInt(words[1]);
    }
}
