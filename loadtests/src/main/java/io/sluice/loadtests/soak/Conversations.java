package io.sluice.loadtests.soak;

import io.sluice.loadtests.harness.Bytes;
import io.sluice.loadtests.harness.Headers;
import io.sluice.loadtests.harness.Http1Client;
import io.sluice.loadtests.harness.Http2Client;
import io.sluice.loadtests.harness.Response;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/** What goes on for a while: gRPC streams and WebSockets, some ended by both, some left by the caller in the middle. */
final class Conversations implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final int MESSAGES = 20;
    private static final int MOST_PROBLEMS = 50;
    private static final int CLOSE_FRAME = 0x88;
    private static final int TEXT_FRAME = 0x81;

    private final int port;
    private final List<Thread> threads = new ArrayList<>();
    private final List<String> problems = new ArrayList<>();
    private final AtomicInteger ended = new AtomicInteger();
    private volatile boolean stopped;

    private interface Talk {
        void once(int round) throws IOException;
    }

    Conversations(int port) {
        this.port = port;
        for (int i = 0; i < 2; i++) {
            start("gRPC", this::grpc);
            start("WebSocket", this::webSocket);
            start("local answer", this::local);
        }
    }

    private void start(String what, Talk talk) {
        threads.add(Thread.ofVirtual().start(() -> {
            for (int round = 1; !stopped; round++) {
                try {
                    talk.once(round);
                    ended.incrementAndGet();
                } catch (IOException e) {
                    problem(what + " " + round + ": " + e);
                }
                LockSupport.parkNanos(Duration.ofMillis(20).toNanos());
            }
        }));
    }

    int ended() {
        return ended.get();
    }

    synchronized List<String> problems() {
        return List.copyOf(problems);
    }

    private synchronized void problem(String text) {
        if (problems.size() < MOST_PROBLEMS) {
            problems.add(text);
        }
    }

    private void grpc(int round) throws IOException {
        try (Http2Client client = Http2Client.connect(port)) {
            Http2Client.Call call = client.open(
                    Headers.of(
                            ":method",
                            "POST",
                            ":scheme",
                            "http",
                            ":authority",
                            "a",
                            ":path",
                            "/grpc/Echo",
                            "content-type",
                            "application/grpc",
                            "te",
                            "trailers"),
                    false);
            byte[] message = {0, 0, 0, 0, 3, 'a', 'b', 'c'};
            for (int i = 1; i <= MESSAGES; i++) {
                call.data(Bytes.copyOf(message), false);
                long asked = System.nanoTime();
                if (!call.awaitBody(message.length * i, PATIENCE)) {
                    throw new IOException("no echo of message " + i + " after "
                            + Duration.ofNanos(System.nanoTime() - asked).toMillis() + " ms: "
                            + call.read(Duration.ofMillis(1)));
                }
            }
            if (round % 3 == 0) {
                call.cancel();
                return;
            }
            call.data(Bytes.NONE, true);
            Response response = call.read(PATIENCE);
            if (!response.trailers().get("grpc-status").orElse("none").equals("0")) {
                throw new IOException("ended with " + response);
            }
        }
    }

    private void webSocket(int round) throws IOException {
        try (Http1Client client = Http1Client.connect(port)) {
            client.send("""
                GET /ws HTTP/1.1\r
                host: a\r
                connection: Upgrade\r
                upgrade: websocket\r
                sec-websocket-version: 13\r
                sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r
                \r
                """);
            Response response = client.read("GET", PATIENCE);
            if (response.status() != 101) {
                throw new IOException("not switched: " + response);
            }
            for (int i = 0; i < MESSAGES; i++) {
                client.send(frame(TEXT_FRAME));
                client.readBytes(5, PATIENCE);
            }
            if (round % 3 == 0) {
                client.reset();
                return;
            }
            client.send(frame(CLOSE_FRAME));
            client.readBytes(5, PATIENCE);
        }
    }

    /** Three bytes under a mask of zeros. */
    private static byte[] frame(int first) {
        return new byte[] {(byte) first, (byte) 0x83, 0, 0, 0, 0, 'a', 'b', 'c'};
    }

    private void local(int round) throws IOException {
        for (String path : List.of("/answer", "/nowhere", "/away")) {
            Response response = Http1Client.get(port, "a", path);
            int expected = path.equals("/answer") ? 200 : path.equals("/nowhere") ? 404 : 503;
            if (response.status() != expected) {
                throw new IOException(path + " in round " + round + ": " + response);
            }
        }
    }

    @Override
    public void close() {
        stop();
    }

    /** Begins nothing more and waits for what goes on. */
    void stop() {
        stopped = true;
        try {
            for (Thread thread : threads) {
                thread.join();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
