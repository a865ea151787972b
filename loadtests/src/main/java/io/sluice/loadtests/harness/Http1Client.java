package io.sluice.loadtests.harness;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import javax.net.ssl.SSLSocket;

/** One HTTP/1 connection that sends exactly the bytes it is given, right or wrong. Not thread-safe. */
public final class Http1Client implements AutoCloseable {
    private static final int CLEAR_ALERT_BYTES = 7;
    private static final Duration HANDSHAKE_PATIENCE = Duration.ofSeconds(5);

    private final Socket socket;
    private final Http1Wire wire;
    private final Socket plain;
    private String handshake;

    private Http1Client(Socket plain, Socket socket, Http1Wire wire, String handshake) {
        this.plain = plain;
        this.socket = socket;
        this.wire = wire;
        this.handshake = handshake;
    }

    /** @throws IOException when nothing listens there */
    public static Http1Client connect(int port) throws IOException {
        return connect(port, Bytes.NONE, Optional.empty());
    }

    /** Over TLS. A handshake that fails is no exception: {@link #handshake} says so, and nothing can be read. */
    public static Http1Client connect(int port, TlsPeer tls) throws IOException {
        return connect(port, Bytes.NONE, Optional.of(tls));
    }

    /** @param preface bytes in front of everything, the handshake too */
    public static Http1Client connect(int port, Bytes preface, Optional<TlsPeer> tls) throws IOException {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.setTcpNoDelay(true);
        socket.getOutputStream().write(preface.toArray());
        if (tls.isEmpty()) {
            return new Http1Client(socket, socket, new Http1Wire(socket), "");
        }
        SSLSocket secure =
                (SSLSocket) tls.get().context().getSocketFactory().createSocket(socket, "127.0.0.1", port, false);
        secure.setSSLParameters(tls.get().parameters(false));
        try {
            secure.setSoTimeout((int) HANDSHAKE_PATIENCE.toMillis());
            secure.startHandshake();
            return new Http1Client(
                    socket,
                    secure,
                    new Http1Wire(secure),
                    TlsPeer.agreed(secure.getSession(), secure.getApplicationProtocol()));
        } catch (IOException e) {
            Http1Wire nothing = new Http1Wire(secure, InputStream.nullInputStream());
            return new Http1Client(socket, secure, nothing, "alert " + alert(socket, e));
        }
    }

    /** Java stops reading when it cannot write any more, and the alert may be there already. */
    private static String alert(Socket plain, IOException failure) {
        String named = TlsPeer.failure(failure);
        if (!named.equals("closed")) {
            return named;
        }
        try {
            plain.setSoTimeout(100);
            return TlsPeer.clearAlert(plain.getInputStream().readNBytes(CLEAR_ALERT_BYTES));
        } catch (IOException e) {
            return named;
        }
    }

    /** {@code TLSv1.3 h2 server}, or {@code alert bad_certificate}; empty in clear text. */
    public String handshake() {
        return handshake;
    }

    /** Lets the peer end what it only seemed to have agreed to: with TLS 1.3 it looks at our certificate when our part is over. */
    public void awaitAlert(Duration atMost) {
        wire.within(atMost);
        try {
            if (wire.ended()) {
                handshake = "alert closed";
            }
        } catch (IOException e) {
            handshake = "alert " + TlsPeer.failure(e);
        }
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
        plain.setSoLinger(true, 0);
        plain.close();
    }

    @Override
    public void close() throws IOException {
        socket.close();
        plain.close();
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
