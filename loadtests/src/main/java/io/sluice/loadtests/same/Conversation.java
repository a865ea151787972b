package io.sluice.loadtests.same;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.sluice.loadtests.harness.Bytes;
import io.sluice.loadtests.harness.Headers;
import io.sluice.loadtests.harness.Http1Client;
import io.sluice.loadtests.harness.Http2Client;
import io.sluice.loadtests.harness.Response;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Sends a row's requests to one listener. */
final class Conversation implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final int ALERT_TRIES = 5;
    private static final Duration ALERT_PATIENCE = Duration.ofSeconds(3);
    private static final Duration POLL = Duration.ofMillis(50);
    private static final int STATISTICAL_CONNECTIONS = 8;
    /** In a request that is sent many times: how often it was sent before. */
    private static final String NUMBER = "<n>";

    private static final int TOLD_IN_A_LINE = 50;
    private static final int TEXT_FRAME = 0x81;
    private static final int MASKED = 0x80;
    private static final byte[] MASK = {1, 2, 3, 4};

    private final int port;
    private final Placeholders placeholders;
    private final Map<String, Http1Client> http1 = new HashMap<>();
    private final Map<String, Http2Client> http2 = new HashMap<>();
    private final Map<String, Integer> spread = new TreeMap<>();
    private boolean mayFail;

    Conversation(int port, Placeholders placeholders) {
        this.port = port;
        this.placeholders = placeholders;
    }

    /** Answers by the upstream that gave them, of requests that were sent many times. */
    Map<String, Integer> spread() {
        return spread;
    }

    List<Observation.Reply> hold(Row row) throws IOException, InterruptedException {
        mayFail = failsHandshake(row.expect());
        if (row.together()) {
            return together(row);
        }
        List<Observation.Reply> replies = new ArrayList<>();
        for (int i = 0; i < row.asks().size(); i++) {
            Ask ask = row.asks().get(i);
            Optional<Boolean> closed = i == row.asks().size() - 1 ? row.expect().closed() : Optional.empty();
            replies.add(said(ask, ask.expect().closed().or(() -> closed)));
        }
        return replies;
    }

    private List<Observation.Reply> together(Row row) throws IOException, InterruptedException {
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Observation.Reply>> futures = new ArrayList<>();
            for (Ask ask : row.asks()) {
                futures.add(threads.submit(() -> said(ask, Optional.empty())));
            }
            List<Observation.Reply> replies = new ArrayList<>();
            for (Future<Observation.Reply> future : futures) {
                replies.add(future.get());
            }
            return replies;
        } catch (ExecutionException e) {
            throw new IOException(e.getCause());
        }
    }

    private Observation.Reply said(Ask ask, Optional<Boolean> closed) throws IOException, InterruptedException {
        Thread.sleep(ask.after());
        if (ask.times() > 1) {
            return many(ask);
        }
        Observation.Reply reply = once(ask, closed);
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (ask.until() != 0 && reply.response().status() != ask.until() && System.nanoTime() < deadline) {
            Thread.sleep(POLL);
            reply = once(ask, closed);
        }
        return reply;
    }

    private Observation.Reply once(Ask ask, Optional<Boolean> closed) throws IOException, InterruptedException {
        return ask.version().equals("2") ? overHttp2(ask) : overHttp1(ask, closed);
    }

    /**
     * One after the other on a few connections at once, so that a random choice per connection would show too. Where the request differs from time
     * to time, who answered each is told as well.
     */
    private Observation.Reply many(Ask ask) throws IOException, InterruptedException {
        boolean numbered = head(ask).contains(NUMBER);
        String[] from = new String[ask.times()];
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Response>> futures = new ArrayList<>();
            for (int i = 0; i < STATISTICAL_CONNECTIONS; i++) {
                int first = i;
                futures.add(threads.submit(() -> share(ask, first, from)));
            }
            Response last = futures.getFirst().get();
            for (Future<Response> future : futures) {
                last = future.get();
            }
            return new Observation.Reply(last, false, numbered ? told(from) : List.of());
        } catch (ExecutionException e) {
            throw new IOException(e.getCause());
        }
    }

    private static List<String> told(String[] from) {
        List<String> lines = new ArrayList<>();
        for (int i = 0; i < from.length; i += TOLD_IN_A_LINE) {
            String[] some = Arrays.copyOfRange(from, i, Math.min(from.length, i + TOLD_IN_A_LINE));
            lines.add(i + ": " + String.join(" ", some));
        }
        return lines;
    }

    private Response share(Ask ask, int first, String[] froms) throws IOException {
        String head = head(ask);
        try (Http1Client client = Http1Client.connect(port, Bytes.latin1(ask.preface()), ask.tls())) {
            Response response = new Response(0, Headers.NONE, Bytes.NONE, Headers.NONE, List.of(), Response.End.SILENT);
            for (int i = first; i < ask.times(); i += STATISTICAL_CONNECTIONS) {
                client.send(head.replace(NUMBER, Integer.toString(i)).getBytes(UTF_8));
                response = client.read(ask.method(), PATIENCE);
                String from = response.headers().get("x-from").orElse("status " + response.status());
                froms[i] = from;
                synchronized (spread) {
                    spread.merge(from, 1, Integer::sum);
                }
            }
            return response;
        }
    }

    private Observation.Reply overHttp1(Ask ask, Optional<Boolean> closed) throws IOException, InterruptedException {
        Http1Client client = http1(ask);
        if (ask.tls().isPresent()) {
            String handshake = settled(ask, client);
            if (handshake.startsWith("alert")) {
                return noHandshake(handshake);
            }
        }
        try {
            if (ask.raw().isPresent()) {
                client.send(placeholders.fill(ask.raw().get()));
            } else {
                client.send(head(ask).getBytes(UTF_8));
                body(ask, client);
            }
        } catch (SocketException e) {
            if (ask.preface().isEmpty()) {
                throw e;
            } // else it was closed because of that, sooner or later
        }
        Response response =
                client.read(ask.raw().map(raw -> raw.split(" ", 2)[0]).orElse(ask.method()), PATIENCE);
        List<String> echoes = new ArrayList<>();
        if (response.status() == 101) {
            for (String text : ask.frames()) {
                client.send(frame(text));
                byte[] echo = client.readBytes(2 + text.length(), PATIENCE);
                echoes.add(new String(Arrays.copyOfRange(echo, 2, echo.length), UTF_8));
            }
        }
        boolean ended = closed.isPresent() && client.endsWithin(Duration.ofMillis(closed.get() ? 2_000 : 200));
        return new Observation.Reply(response, ended, echoes, client.handshake());
    }

    /** A peer that closes behind its alert may be heard as one that just closes: then it is asked again. */
    private String settled(Ask ask, Http1Client first) throws IOException {
        String handshake = first.handshake();
        boolean fails = failsHandshake(ask.expect()) || mayFail;
        Http1Client client = first;
        for (int i = 0; fails && i < ALERT_TRIES; i++) {
            if (!client.handshake().startsWith("alert")) {
                client.awaitAlert(ALERT_PATIENCE);
            }
            handshake = client.handshake();
            if (!handshake.equals("alert closed")) {
                return handshake;
            }
            client = Http1Client.connect(port, Bytes.latin1(ask.preface()), ask.tls());
            synchronized (http1) {
                http1.put("again " + http1.size(), client);
            }
        }
        return handshake;
    }

    private static boolean failsHandshake(Expectation expect) {
        return expect.handshake().filter(said -> said.startsWith("alert")).isPresent();
    }

    private static Observation.Reply noHandshake(String handshake) {
        Response nothing = new Response(0, Headers.NONE, Bytes.NONE, Headers.NONE, List.of(), Response.End.RESET);
        return new Observation.Reply(nothing, false, List.of(), handshake);
    }

    private Http1Client http1(Ask ask) throws IOException {
        String name = ask.connection();
        Http1Client known = name.isEmpty() ? null : http1.get(name);
        if (known != null) {
            return known;
        }
        Http1Client client = Http1Client.connect(port, Bytes.latin1(ask.preface()), ask.tls());
        synchronized (http1) {
            http1.put(name.isEmpty() ? "own " + http1.size() : name, client);
        }
        return client;
    }

    private String head(Ask ask) {
        StringBuilder head = new StringBuilder();
        head.append(ask.method())
                .append(' ')
                .append(placeholders.fill(ask.path()))
                .append(" HTTP/")
                .append(ask.version())
                .append("\r\n");
        if (!ask.headers().has("host") && !ask.host().isEmpty()) {
            head.append("host: ").append(ask.host()).append("\r\n");
        }
        if (!ask.frames().isEmpty()) {
            head.append("""
                connection: Upgrade\r
                upgrade: websocket\r
                sec-websocket-version: 13\r
                sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r
                """);
        }
        for (Headers.Field field : ask.headers().fields()) {
            head.append(field.name())
                    .append(": ")
                    .append(placeholders.fill(field.value()))
                    .append("\r\n");
        }
        boolean framed = ask.headers().has("content-length") || ask.headers().has("transfer-encoding");
        if (!framed && (ask.parts().size() > 1 || !ask.trailers().fields().isEmpty())) {
            head.append("transfer-encoding: chunked\r\n");
        } else if (!framed && ask.parts().size() == 1) {
            head.append("content-length: ")
                    .append(bytes(ask.parts().getFirst()).length)
                    .append("\r\n");
        }
        return head.append("\r\n").toString();
    }

    private static void body(Ask ask, Http1Client client) throws IOException, InterruptedException {
        boolean chunked = ask.parts().size() > 1 || !ask.trailers().fields().isEmpty();
        for (String part : ask.parts()) {
            Thread.sleep(ask.pause());
            byte[] bytes = bytes(part);
            if (chunked) {
                client.send(Integer.toHexString(bytes.length) + "\r\n");
                client.send(bytes);
                client.send("\r\n");
            } else {
                client.send(bytes);
            }
        }
        if (chunked) {
            StringBuilder end = new StringBuilder("0\r\n");
            ask.trailers()
                    .fields()
                    .forEach(field -> end.append(field.name())
                            .append(": ")
                            .append(field.value())
                            .append("\r\n"));
            client.send(end.append("\r\n").toString());
        }
    }

    /** A text, or {@code <N bytes>}. */
    private static byte[] bytes(String part) {
        if (part.matches("<\\d+ bytes>")) {
            byte[] bytes = new byte[Integer.parseInt(part.substring(1, part.indexOf(' ')))];
            Arrays.fill(bytes, (byte) 'b');
            return bytes;
        }
        return part.getBytes(UTF_8);
    }

    private Observation.Reply overHttp2(Ask ask) throws IOException, InterruptedException {
        Http2Client client;
        synchronized (http2) {
            String name = ask.connection().isEmpty() ? "own " + http2.size() : ask.connection();
            Http2Client known = http2.get(name);
            client = known == null ? Http2Client.connect(port, Bytes.latin1(ask.preface()), ask.tls()) : known;
            http2.put(name, client);
        }
        if (client.handshake().startsWith("alert")) {
            return noHandshake(client.handshake());
        }
        boolean bodyless = ask.parts().isEmpty()
                && ask.messages().isEmpty()
                && ask.trailers().fields().isEmpty();
        Http2Client.Call call = client.open(http2Headers(ask), bodyless);
        List<String> echoes = new ArrayList<>();
        for (int i = 0; i < ask.parts().size(); i++) {
            Thread.sleep(ask.pause());
            boolean last =
                    i == ask.parts().size() - 1 && ask.trailers().fields().isEmpty();
            call.data(Bytes.copyOf(bytes(ask.parts().get(i))), last);
        }
        ByteArrayOutputStream sent = new ByteArrayOutputStream();
        for (String text : ask.messages()) {
            byte[] message = message(text);
            sent.writeBytes(message);
            call.data(Bytes.copyOf(message), false);
            if (ask.messages().size() > 1) {
                echoes.add(call.awaitBody(sent.size(), Duration.ofSeconds(3)) ? text : "nothing");
            }
        }
        if (!ask.messages().isEmpty()) {
            call.data(Bytes.NONE, true);
        }
        if (!ask.trailers().fields().isEmpty()) {
            call.trailers(ask.trailers());
        }
        return new Observation.Reply(call.read(PATIENCE), false, echoes, client.handshake());
    }

    private Headers http2Headers(Ask ask) {
        List<Headers.Field> fields = new ArrayList<>();
        Map<String, String> pseudo = new TreeMap<>(Map.of(
                ":method",
                ask.method(),
                ":scheme",
                ask.tls().isPresent() ? "https" : "http",
                ":authority",
                ask.host(),
                ":path",
                placeholders.fill(ask.path())));
        for (Headers.Field field : ask.headers().fields()) {
            if (field.name().startsWith(":")) {
                pseudo.put(field.name(), field.value());
            } else {
                fields.add(new Headers.Field(field.name(), placeholders.fill(field.value())));
            }
        }
        List<Headers.Field> all = new ArrayList<>();
        pseudo.forEach((name, value) -> all.add(new Headers.Field(name, value)));
        all.addAll(fields);
        if (!ask.messages().isEmpty()) {
            all.add(new Headers.Field("content-type", "application/grpc"));
            all.add(new Headers.Field("te", "trailers"));
        }
        all.sort(Comparator.comparingInt(field -> field.name().startsWith(":") ? 0 : 1));
        return new Headers(all);
    }

    /** gRPC's framing: a flag, a length, the message. */
    private static byte[] message(String text) {
        byte[] bytes = text.getBytes(UTF_8);
        return ByteBuffer.allocate(5 + bytes.length)
                .put((byte) 0)
                .putInt(bytes.length)
                .put(bytes)
                .array();
    }

    private static byte[] frame(String text) {
        byte[] payload = text.getBytes(UTF_8);
        ByteBuffer frame = ByteBuffer.allocate(6 + payload.length);
        frame.put((byte) TEXT_FRAME).put((byte) (MASKED | payload.length)).put(MASK);
        for (int i = 0; i < payload.length; i++) {
            frame.put((byte) (payload[i] ^ MASK[i % 4]));
        }
        return frame.array();
    }

    @Override
    public void close() throws IOException {
        for (Http1Client client : http1.values()) {
            client.close();
        }
        http2.values().forEach(Http2Client::close);
    }
}
