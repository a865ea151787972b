package io.sluice.loadtests.harness;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.Base64;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Function;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The HTTP/1 half of {@link RecordingUpstream}: one virtual thread per connection, reading and writing bytes in plain order. */
final class Http1Upstream implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Http1Upstream.class);
    private static final String WEBSOCKET_KEY_SUFFIX = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"; // RFC 6455 §1.3
    private static final int CLOSE_FRAME = 8;
    private static final String HALF = "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello";

    private final ServerSocket server = new ServerSocket(0, 1024, InetAddress.getLoopbackAddress());
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private final Function<RecordedRequest, Answer> answers;
    private final Consumer<RecordedRequest> recorder;
    private final Optional<TlsPeer> tls;
    private final Optional<SSLContext> context;

    Http1Upstream(Optional<TlsPeer> tls, Function<RecordedRequest, Answer> answers, Consumer<RecordedRequest> recorder)
            throws IOException {
        this.answers = answers;
        this.recorder = recorder;
        this.tls = tls;
        context = tls.map(TlsPeer::context);
        Thread.ofVirtual().name("upstream-" + port()).start(this::accept);
    }

    int port() {
        return server.getLocalPort();
    }

    @Override
    public void close() throws IOException {
        server.close();
        for (Socket socket : open) {
            socket.close();
        }
    }

    private void accept() {
        int connection = 0;
        while (!server.isClosed()) {
            try {
                Socket socket = server.accept();
                open.add(socket);
                int number = ++connection;
                Thread.ofVirtual().name("upstream-" + port() + "-" + number).start(() -> serve(socket, number));
            } catch (IOException e) {
                log.trace("accept ended port={} reason={}", port(), e.toString());
            }
        }
    }

    private void serve(Socket plain, int connection) {
        try (Socket socket = secured(plain)) {
            socket.setTcpNoDelay(true);
            String session = socket instanceof SSLSocket secure
                    ? TlsPeer.accepted(secure.getSession(), secure.getApplicationProtocol())
                    : "";
            Http1Wire wire = new Http1Wire(socket);
            boolean more = true;
            while (more) {
                more = serveOne(socket, wire, connection, session);
            }
        } catch (IOException e) {
            log.trace("connection ended port={} reason={}", port(), e.toString());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            open.remove(plain);
        }
    }

    private Socket secured(Socket plain) throws IOException {
        if (context.isEmpty()) {
            return plain;
        }
        SSLSocket secure = (SSLSocket) context.get().getSocketFactory().createSocket(plain, null, true);
        secure.setSSLParameters(tls.orElseThrow().parameters(true));
        secure.startHandshake();
        return secure;
    }

    private boolean serveOne(Socket socket, Http1Wire wire, int connection, String session)
            throws IOException, InterruptedException {
        wire.within(Duration.ofMinutes(10));
        wire.takeRaw();
        String[] line = wire.line().split(" ", 3);
        Headers headers = wire.headers();
        String protocol = line.length == 3 ? line[2] : "";
        RecordedRequest head = new RecordedRequest(
                line[0],
                line.length > 1 ? line[1] : "",
                protocol,
                headers,
                Bytes.NONE,
                Headers.NONE,
                connection,
                Bytes.NONE,
                session);
        Answer answer = answers.apply(head);
        OutputStream out = socket.getOutputStream();
        if (answer instanceof Answer.Reply reply && reply.interim().contains(100)) {
            out.write("HTTP/1.1 100 Continue\r\n\r\n".getBytes(ISO_8859_1));
        } else if (answer instanceof Answer.Early(Answer.Reply reply)) {
            out.write(bytes(closing(reply), head.method()));
            out.flush();
        }
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        Headers trailers = Headers.NONE;
        try {
            trailers = readBody(wire, headers, body);
        } catch (IOException e) {
            if (answer instanceof Answer.Early) {
                body.reset(); // how much of it was on its way when the answer came is nobody's promise
            }
            throw e;
        } finally {
            recorder.accept(new RecordedRequest(
                    head.method(),
                    head.path(),
                    protocol,
                    headers,
                    Bytes.copyOf(body.toByteArray()),
                    trailers,
                    connection,
                    Bytes.copyOf(wire.takeRaw()),
                    session));
        }
        return answer(RecordingUpstream.awaited(answer), head, socket, out, wire);
    }

    private static Headers readBody(Http1Wire wire, Headers headers, ByteArrayOutputStream body) throws IOException {
        if (headers.get("transfer-encoding").orElse("").toLowerCase(Locale.ROOT).contains("chunked")) {
            return wire.chunks(body);
        }
        wire.bytes(Long.parseLong(headers.get("content-length").orElse("0")), body);
        return Headers.NONE;
    }

    private static boolean answer(
            Answer answer, RecordedRequest request, Socket socket, OutputStream out, Http1Wire wire)
            throws IOException, InterruptedException {
        switch (answer) {
            case Answer.Reply reply -> {
                out.write(bytes(reply, request.method()));
                out.flush();
                return !reply.headers().get("connection").orElse("").equalsIgnoreCase("close");
            }
            case Answer.Last(Answer.Reply reply) -> out.write(bytes(closing(reply), request.method()));
            case Answer.Early early -> linger();
            case Answer.Raw raw -> out.write(raw.bytes().toArray());
            case Answer.Garbage garbage -> out.write("this is no answer at all\r\n\r\n".getBytes(ISO_8859_1));
            case Answer.Cut cut -> out.write(HALF.getBytes(ISO_8859_1));
            case Answer.Trickle(Duration gap) -> trickle(gap, out);
            case Answer.Reset reset -> {
                String sent = switch (reset.place()) {
                    case BEFORE_HEADERS -> "";
                    case IN_HEADERS -> "HTTP/1.1 200 OK\r\ncontent-le";
                    case IN_BODY -> HALF;
                };
                out.write(sent.getBytes(ISO_8859_1));
                out.flush();
                if (!sent.isEmpty()) {
                    linger(); // an RST would throw away what the peer has not read yet
                }
                socket.setSoLinger(true, 0);
            }
            case Answer.Close close -> socket.shutdownOutput();
            case Answer.Refuse refuse -> socket.shutdownOutput();
            case Answer.GoAway goAway -> socket.shutdownOutput();
            case Answer.Silence silence -> wire.ended();
            case Answer.Stall stall -> {
                out.write(HALF.getBytes(ISO_8859_1));
                out.flush();
                wire.ended();
            }
            case Answer.WebSocketEcho echo -> echo(request, socket, out);
            case Answer.GrpcEcho echo -> throw new IOException("gRPC needs an HTTP/2 upstream");
            case Answer.Delayed delayed -> throw new AssertionError(delayed);
        }
        return false;
    }

    private static Answer.Reply closing(Answer.Reply reply) {
        return new Answer.Reply(
                reply.status(),
                reply.headers().and("connection", "close"),
                reply.parts(),
                reply.trailers(),
                reply.interim());
    }

    private static void trickle(Duration gap, OutputStream out) throws IOException, InterruptedException {
        out.write("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n".getBytes(ISO_8859_1));
        for (int i = 0; i < 10; i++) {
            out.write('x');
            out.flush();
            Thread.sleep(gap);
        }
    }

    private static void linger() {
        try {
            Thread.sleep(100);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static byte[] bytes(Answer.Reply reply, String method) {
        StringBuilder head = new StringBuilder();
        for (int code : reply.interim()) {
            if (code != 100) {
                head.append("HTTP/1.1 ").append(code).append(" Interim\r\n\r\n");
            }
        }
        head.append("HTTP/1.1 ").append(reply.status()).append(" Told\r\n");
        reply.headers().fields().forEach(field -> field(head, field));
        boolean chunked = reply.parts().size() > 1 || !reply.trailers().fields().isEmpty();
        boolean bodyless = reply.status() == 204 || reply.status() == 304 || method.equals("HEAD");
        if (chunked) {
            head.append("transfer-encoding: chunked\r\n");
        } else if (reply.status() != 204 && !reply.headers().has("content-length")) {
            int length = reply.parts().stream().mapToInt(Bytes::size).sum();
            head.append("content-length: ").append(length).append("\r\n");
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(head.append("\r\n").toString().getBytes(ISO_8859_1));
        if (!bodyless) {
            for (Bytes part : reply.parts()) {
                out.writeBytes(
                        chunked ? (Integer.toHexString(part.size()) + "\r\n").getBytes(ISO_8859_1) : new byte[0]);
                out.writeBytes(part.toArray());
                out.writeBytes(chunked ? "\r\n".getBytes(ISO_8859_1) : new byte[0]);
            }
            if (chunked) {
                StringBuilder end = new StringBuilder("0\r\n");
                reply.trailers().fields().forEach(field -> field(end, field));
                out.writeBytes(end.append("\r\n").toString().getBytes(ISO_8859_1));
            }
        }
        return out.toByteArray();
    }

    private static void field(StringBuilder out, Headers.Field field) {
        out.append(field.name()).append(": ").append(field.value()).append("\r\n");
    }

    private static void echo(RecordedRequest request, Socket socket, OutputStream out) throws IOException {
        String accept = accept(request.headers().get("sec-websocket-key").orElse(""));
        out.write(("HTTP/1.1 101 Switching Protocols\r\n"
                        + "upgrade: websocket\r\n"
                        + "connection: Upgrade\r\n"
                        + "sec-websocket-accept: "
                        + accept + "\r\n\r\n")
                .getBytes(ISO_8859_1));
        DataInputStream in = new DataInputStream(socket.getInputStream());
        socket.setSoTimeout(0);
        int opcode = 0;
        while (opcode != CLOSE_FRAME) {
            int first = in.readUnsignedByte();
            opcode = first & 0x0f;
            int length = in.readUnsignedByte() & 0x7f;
            if (length > 125) {
                throw new IOException("frames of at most 125 bytes are echoed");
            }
            byte[] mask = in.readNBytes(4);
            byte[] payload = in.readNBytes(length);
            for (int i = 0; i < payload.length; i++) {
                payload[i] ^= mask[i % 4];
            }
            out.write(first);
            out.write(length);
            out.write(payload);
            out.flush();
        }
    }

    private static String accept(String key) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-1")
                    .digest((key + WEBSOCKET_KEY_SUFFIX).getBytes(StandardCharsets.US_ASCII));
            return Base64.getEncoder().encodeToString(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JVM has SHA-1", e);
        }
    }
}
