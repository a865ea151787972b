package io.sluice.loadtests.scenario;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sluice.loadtests.harness.Gateway;
import io.sluice.loadtests.harness.StaticBootstrap;
import io.sluice.loadtests.harness.Traffic;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * One caller does his worst on one connection, while others are honest. Rule: he costs at most 2 MB of heap and direct memory, as the gateway itself
 * tells after a collection, his connection or what is under way on it is ended, and every
 * honest request of the meantime is answered.
 */
class AttacksScenario {
    private static final long MAX_COST_BYTES = 2_000_000;

    private static final int PATIENCE_SECONDS = 30;
    private static final int QUIET_MILLIS = 1000;
    private static final int HONEST_PER_SECOND = 25;
    private static final int FRAMES = 400_000;
    private static final int HEADERS = 1;
    private static final int PRIORITY = 2;
    private static final int RST_STREAM = 3;
    private static final int SETTINGS = 4;
    private static final int PING = 6;
    private static final int WINDOW_UPDATE = 8;
    private static final int CONTINUATION = 9;

    private static Endless upstream;
    private static StaticBootstrap bootstrap;
    private static Gateway gateway;

    @BeforeAll
    static void start(@TempDir Path folder) throws Exception {
        upstream = new Endless();
        bootstrap = StaticBootstrap.to(upstream.port())
                .manager("stream_idle_timeout: 2s\nhttp2_protocol_options: {max_concurrent_streams: 100}");
        gateway = Gateway.start(bootstrap.write(folder), bootstrap.adminPort(), Map.of("SLUICE_HEADERS_TIMEOUT", "2s"));
    }

    @AfterAll
    static void stop() {
        gateway.close();
        upstream.close();
    }

    /** What one connection sends; ends when the socket does, or when it waits. */
    interface Worst {
        void on(Wire wire) throws IOException;
    }

    @SuppressWarnings("ImmutableEnumChecker") // lambdas without state
    enum Attack {
        PING_FLOOD(wire -> wire.http2().many(PING, 0, 0, new byte[8])),
        SETTINGS_FLOOD(wire -> wire.http2().many(SETTINGS, 0, 0, new byte[0])),
        PRIORITY_FLOOD(wire -> wire.http2().many(PRIORITY, 0, 1, new byte[] {0, 0, 0, 3, 1})),
        WINDOW_UPDATE_FLOOD(wire -> wire.http2().many(WINDOW_UPDATE, 0, 0, new byte[] {0, 0, 0, 1})),
        CONTINUATION_FLOOD(
                wire -> wire.http2().frame(HEADERS, 0, 1, new byte[0]).many(CONTINUATION, 0, 1, new byte[1])),
        EMPTY_DATA(wire -> wire.http2().request(1, "POST", "/", false).many(0, 0, 1, new byte[0])),
        RAPID_RESET(wire -> {
            wire.http2();
            for (int stream = 1; stream < FRAMES; stream += 2) {
                wire.request(stream, "GET", "/", true).frame(RST_STREAM, 0, stream, new byte[] {0, 0, 0, 8});
            }
        }),
        MADE_YOU_RESET(wire -> {
            wire.http2();
            for (int stream = 1; stream < FRAMES; stream += 2) {
                wire.request(stream, "GET", "/", true).frame(WINDOW_UPDATE, 0, stream, new byte[4]);
            }
        }),
        WINDOW_OF_NOTHING(wire -> {
            wire.http2().frame(SETTINGS, 0, 0, new byte[] {0, 4, 0, 0, 0, 0});
            for (int stream = 1; stream < 200; stream += 2) {
                wire.request(stream, "GET", "/endless", true);
            }
        }),
        SLOW_READER_OF_HTTP2(wire -> {
            wire.http2().frame(SETTINGS, 0, 0, new byte[] {0, 4, 0x7f, -1, -1, -1});
            wire.frame(WINDOW_UPDATE, 0, 0, new byte[] {0x7f, 0, 0, 0});
            for (int stream = 1; stream < 20; stream += 2) {
                wire.request(stream, "GET", "/endless", true);
            }
        }),
        HEADER_BOMB_OF_HTTP2(wire -> {
            wire.http2();
            // one field of 4,000 bytes into the table, then references to it
            byte[] bomb = new byte[16_000];
            java.util.Arrays.fill(bomb, (byte) 0xbe);
            byte[] field = ("@\u0001x\u007f\u00a1\u001e" + "v".repeat(4000)).getBytes(ISO_8859_1);
            ByteBuffer block =
                    ByteBuffer.allocate(field.length + 10_000).put(field).put(bomb, 0, 10_000);
            wire.frame(HEADERS, 4, 1, block.array());
        }),
        SLOW_HEADERS(wire -> wire.send("GET / HTTP/1.1\r\nhost: a\r\nx: ")),
        SLOW_BODY(wire -> wire.send("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1000000\r\n\r\nx")),
        SLOW_READER(wire -> wire.send("GET /endless HTTP/1.1\r\nhost: a\r\n\r\n")),
        PIPELINE(wire -> {
            for (int i = 0; i < FRAMES / 10; i++) {
                wire.send("GET /endless HTTP/1.1\r\nhost: a\r\n\r\n");
            }
        }),
        HEADER_BOMB(wire -> {
            wire.send("GET / HTTP/1.1\r\nhost: a\r\n");
            for (int i = 0; i < 100_000; i++) {
                wire.send("x" + i + ": y\r\n");
            }
        }),
        LONG_LINE(wire -> {
            wire.send("GET /");
            for (int i = 0; i < 10_000; i++) {
                wire.send("x".repeat(1000));
            }
        }),
        CHUNKS_OF_ONE(wire -> {
            wire.send("POST /endless HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n");
            for (int i = 0; i < FRAMES / 10; i++) {
                wire.send("1;aaaaaaaaaaaaaaaa=bbbbbbbbbbbbbbbbbbbbbbbbbbb\r\nx\r\n");
            }
        });

        private final Worst worst;

        Attack(Worst worst) {
            this.worst = worst;
        }

        /** @return how many bytes it takes of the gateway's memory while it lasts or when it has ended, whichever was looked at */
        long cost(long before) throws Exception {
            try (Wire wire = new Wire(bootstrap.port())) {
                Thread sender = Thread.ofVirtual().start(() -> wire.attack(worst));
                sender.join(500);
                long cost = memory() - before;
                wire.awaitEnd();
                return cost;
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Attack.class)
    void costsLittleAndEnds(Attack attack) throws Exception {
        try (Traffic http1 = Traffic.http1(bootstrap.port(), "/", HONEST_PER_SECOND);
                Traffic http2 = Traffic.http2(bootstrap.port(), "/", HONEST_PER_SECOND)) {
            http1.awaitMore(5);
            http2.awaitMore(5);
            attack.cost(0); // classes, buffers and pools that are there from now on
            long cost = attack.cost(memory());
            System.out.printf("%s costs %d KB%n", attack, cost / 1000);
            assertThat(cost).as("bytes").isLessThanOrEqualTo(MAX_COST_BYTES);
            http1.awaitMore(5);
            http2.awaitMore(5);
            http1.close();
            http2.close();
            assertThat(http1.outcome().failures()).isEmpty();
            assertThat(http2.outcome().failures()).isEmpty();
        }
        assertThat(gateway.process().isAlive()).isTrue();
    }

    /** Live objects and direct memory. */
    private static long memory() throws Exception {
        Process collect = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "jcmd").toString(),
                        Long.toString(gateway.process().pid()),
                        "GC.run")
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        assertThat(collect.waitFor(1, TimeUnit.MINUTES)).isTrue();
        return metric("envoy_server_memory_allocated") + metric("netty_direct_memory_bytes");
    }

    private static long metric(String name) {
        return Site.get(bootstrap.adminPort(), "/metrics")
                .text()
                .lines()
                .filter(line -> line.startsWith(name + " ") || line.startsWith(name + "{"))
                .mapToLong(line -> (long) Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                .sum();
    }

    /** The attacker's connection: never reads while it attacks. */
    static final class Wire implements AutoCloseable {
        private final Socket socket;

        Wire(int port) throws IOException {
            socket = new Socket(InetAddress.getLoopbackAddress(), port);
            socket.setSoTimeout(QUIET_MILLIS);
        }

        void attack(Worst worst) {
            try {
                worst.on(this);
            } catch (IOException e) {
                // the gateway has ended it
            }
        }

        Wire send(String latin1) throws IOException {
            socket.getOutputStream().write(latin1.getBytes(ISO_8859_1));
            return this;
        }

        Wire http2() throws IOException {
            return send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").frame(SETTINGS, 0, 0, new byte[0]);
        }

        Wire frame(int type, int flags, int stream, byte[] payload) throws IOException {
            socket.getOutputStream()
                    .write(ByteBuffer.allocate(9 + payload.length)
                            .put((byte) (payload.length >> 16))
                            .putShort((short) payload.length)
                            .put((byte) type)
                            .put((byte) flags)
                            .putInt(stream)
                            .put(payload)
                            .array());
            return this;
        }

        Wire many(int type, int flags, int stream, byte[] payload) throws IOException {
            for (int i = 0; i < FRAMES; i++) {
                frame(type, flags, stream, payload);
            }
            return this;
        }

        /** Literal fields without indexing. */
        Wire request(int stream, String method, String path, boolean end) throws IOException {
            StringBuilder block = new StringBuilder();
            for (String[] field :
                    new String[][] {{":method", method}, {":scheme", "http"}, {":path", path}, {":authority", "a"}}) {
                block.append('\0')
                        .append((char) field[0].length())
                        .append(field[0])
                        .append((char) field[1].length())
                        .append(field[1]);
            }
            return frame(HEADERS, end ? 5 : 4, stream, block.toString().getBytes(ISO_8859_1));
        }

        /** Waits, without reading, until the gateway has ended what is under way; then reads what is left. */
        void awaitEnd() throws IOException {
            await().atMost(Duration.ofSeconds(PATIENCE_SECONDS)).until(() -> upstream.streams() == 0);
            InputStream in = socket.getInputStream();
            byte[] buffer = new byte[64 * 1024];
            try {
                int read = in.read(buffer);
                while (read >= 0) {
                    read = in.read(buffer);
                }
            } catch (SocketTimeoutException e) {
                // HTTP/2: the streams are over, the connection may go on
            } catch (IOException e) {
                // reset
            }
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }

    /** Answers {@code /endless} without an end, everything else by {@code ok}. */
    private static final class Endless implements AutoCloseable {
        private static final byte[] PIECE = ("4000\r\n" + "x".repeat(0x4000) + "\r\n").getBytes(ISO_8859_1);
        private final ServerSocket server = new ServerSocket(0, 1024, InetAddress.getLoopbackAddress());
        private final java.util.concurrent.atomic.AtomicInteger streams =
                new java.util.concurrent.atomic.AtomicInteger();

        Endless() throws IOException {
            Thread.ofVirtual().start(this::accept);
        }

        int port() {
            return server.getLocalPort();
        }

        /** Endless answers under way. */
        int streams() {
            return streams.get();
        }

        private void accept() {
            while (!server.isClosed()) {
                try {
                    Socket socket = server.accept();
                    Thread.ofVirtual().start(() -> answer(socket));
                } catch (IOException e) {
                    return;
                }
            }
        }

        private void answer(Socket socket) {
            try (socket) {
                StringBuilder head = new StringBuilder();
                for (int b = socket.getInputStream().read();
                        b >= 0;
                        b = socket.getInputStream().read()) {
                    head.append((char) b);
                    if (!head.toString().endsWith("\r\n\r\n")) {
                        continue;
                    }
                    if (head.indexOf("/endless") > 0) {
                        endless(socket);
                    }
                    socket.getOutputStream()
                            .write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok".getBytes(ISO_8859_1));
                    head.setLength(0);
                }
            } catch (IOException e) {
                // the gateway has gone
            }
        }

        private void endless(Socket socket) throws IOException {
            streams.incrementAndGet();
            try {
                socket.getOutputStream()
                        .write("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".getBytes(ISO_8859_1));
                while (true) {
                    socket.getOutputStream().write(PIECE);
                }
            } finally {
                streams.decrementAndGet();
            }
        }

        @Override
        public void close() {
            try {
                server.close();
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        }
    }
}
