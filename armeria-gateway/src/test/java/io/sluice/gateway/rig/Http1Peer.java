package io.sluice.gateway.rig;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** One end of an HTTP/1 connection, caller or called: writes the bytes it is given, reads without repairing. For one thread. */
public final class Http1Peer implements AutoCloseable {
    private static final int PATIENCE_MILLIS = 10_000;

    private final Socket socket;
    private final InputStream in;

    public Http1Peer(Socket socket) {
        this.socket = socket;
        try {
            socket.setTcpNoDelay(true);
            socket.setSoTimeout(PATIENCE_MILLIS);
            in = new BufferedInputStream(socket.getInputStream(), 64 * 1024);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public static Http1Peer connect(int port) {
        try {
            return new Http1Peer(new Socket(InetAddress.getLoopbackAddress(), port));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A message as it came. Header names keep their case. */
    public record Message(String start, List<String> headers, String body, List<String> trailers) {
        /** Values of one name joined by a comma. */
        public Optional<String> header(String name) {
            return value(headers, name);
        }

        public Optional<String> trailer(String name) {
            return value(trailers, name);
        }

        public int status() {
            return Integer.parseInt(start.split(" ")[1]);
        }

        /** {@code 200 hello}. */
        public String brief() {
            return status() + (body.isEmpty() ? "" : " " + body);
        }

        private static Optional<String> value(List<String> headers, String name) {
            String prefix = name.toLowerCase(Locale.ROOT) + ":";
            List<String> values = headers.stream()
                    .filter(line -> line.toLowerCase(Locale.ROOT).startsWith(prefix))
                    .map(line -> line.substring(prefix.length()).strip())
                    .toList();
            return values.isEmpty() ? Optional.empty() : Optional.of(String.join(",", values));
        }
    }

    public Http1Peer send(String latin1) {
        return send(latin1.getBytes(ISO_8859_1));
    }

    public Http1Peer send(byte[] bytes) {
        try {
            socket.getOutputStream().write(bytes);
            return this;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Sends a request without a body and reads its whole answer. */
    public Message get(String path, String... headers) {
        send("GET " + path + " HTTP/1.1\r\nhost: test\r\n" + lines(headers) + "\r\n");
        return read("GET");
    }

    public Message post(String path, String body, String... headers) {
        send("POST " + path + " HTTP/1.1\r\nhost: test\r\ncontent-length: " + body.length() + "\r\n" + lines(headers)
                + "\r\n" + body);
        return read("POST");
    }

    private static String lines(String... headers) {
        StringBuilder lines = new StringBuilder();
        for (String header : headers) {
            lines.append(header).append("\r\n");
        }
        return lines.toString();
    }

    /** The next request, or the next final response to a GET. */
    public Message read() {
        return read("GET");
    }

    /** @param method of the request that is answered: the answer to a HEAD has no body */
    public Message read(String method) {
        Message head = head();
        boolean response = head.start().startsWith("HTTP/");
        int status = response ? head.status() : 0;
        if (response && (method.equals("HEAD") || status < 200 || status == 204 || status == 304)) {
            return head;
        }
        boolean chunked = head.header("transfer-encoding").orElse("").contains("chunked");
        List<String> trailers = new ArrayList<>();
        String body;
        if (chunked) {
            StringBuilder all = new StringBuilder();
            for (Optional<String> chunk = chunk(trailers); chunk.isPresent(); chunk = chunk(trailers)) {
                all.append(chunk.get());
            }
            body = all.toString();
        } else if (head.header("content-length").isPresent()) {
            body = text(Integer.parseInt(head.header("content-length").get()));
        } else {
            body = response ? rest() : "";
        }
        return new Message(head.start(), head.headers(), body, trailers);
    }

    /** Start line and headers; the body is left. */
    public Message head() {
        String start = line();
        List<String> headers = new ArrayList<>();
        for (String line = line(); !line.isEmpty(); line = line()) {
            headers.add(line);
        }
        return new Message(start, headers, "", List.of());
    }

    /** The next chunk of a body; empty at its end, whose trailers are added to the list. */
    public Optional<String> chunk(List<String> trailers) {
        int size = Integer.parseInt(line(), 16);
        if (size == 0) {
            for (String line = line(); !line.isEmpty(); line = line()) {
                trailers.add(line);
            }
            return Optional.empty();
        }
        String text = text(size);
        line();
        return Optional.of(text);
    }

    public String text(int count) {
        return new String(bytes(count), ISO_8859_1);
    }

    public byte[] bytes(int count) {
        try {
            byte[] bytes = in.readNBytes(count);
            if (bytes.length < count) {
                throw new EOFException("ended after " + bytes.length + " of " + count + " bytes");
            }
            return bytes;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Everything up to the end. */
    public String rest() {
        try {
            return new String(in.readAllBytes(), ISO_8859_1);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private String line() {
        try {
            ByteArrayOutputStream line = new ByteArrayOutputStream();
            for (int b = in.read(); b != '\n'; b = in.read()) {
                if (b < 0) {
                    throw new EOFException("ended after '" + line.toString(ISO_8859_1) + "'");
                }
                line.write(b);
            }
            String text = line.toString(ISO_8859_1);
            return text.endsWith("\r") ? text.substring(0, text.length() - 1) : text;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Waits for the other side's end. @return false where bytes come instead */
    public boolean atEnd() {
        try {
            return in.read() < 0;
        } catch (java.net.SocketTimeoutException e) {
            return false;
        } catch (IOException e) {
            return true; // reset
        }
    }

    public Socket socket() {
        return socket;
    }

    public void shutdownOutput() {
        try {
            socket.shutdownOutput();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Ends by RST. */
    public void reset() {
        try {
            socket.setSoLinger(true, 0);
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
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
