package io.sluice.loadtests.scenario;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.loadtests.harness.Gateway;
import io.sluice.loadtests.harness.Ports;
import io.sluice.loadtests.harness.StaticBootstrap;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A body is never held, only passed on. Rule: 1 GiB goes through a gateway of 64 MiB of heap and 64 MiB of direct memory, down and up, byte for
 * byte, while 20 other callers ask for as much and do not read.
 */
class GiantBodyScenario {
    private static final long GIBIBYTE = 1L << 30;
    private static final int PIECE = 64 << 10;
    private static final int SILENT_READERS = 20;
    private static final Map<String, String> SMALL =
            Map.of("SLUICE_JAVA_OPTS", "-Xmx64m -XX:MaxDirectMemorySize=64m -Dio.netty.maxDirectMemory=67108864");

    @Test
    void aGibibyteGoesThroughSixtyFourMebibytes(@TempDir Path folder) throws Exception {
        int port = Ports.free();
        int adminPort = Ports.free();
        try (ServerSocket upstream = new ServerSocket(0, 128, InetAddress.getLoopbackAddress())) {
            Thread.ofVirtual().start(() -> accept(upstream));
            Path bootstrap = StaticBootstrap.to(upstream.getLocalPort())
                    .on(port, adminPort)
                    .write(folder);
            try (Gateway gateway = Gateway.start(bootstrap, adminPort, SMALL);
                    Callers silent = new Callers(new ArrayList<>())) {
                for (int i = 0; i < SILENT_READERS; i++) {
                    silent.open().add(ask(port, "GET / HTTP/1.1\r\nhost: a\r\n\r\n"));
                }
                try (Socket down = ask(port, "GET / HTTP/1.1\r\nhost: a\r\n\r\n")) {
                    assertThat(head(down.getInputStream())).startsWith("HTTP/1.1 200 ");
                    assertThat(read(down.getInputStream())).isEqualTo(sum());
                }
                try (Socket up = ask(port, "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: " + GIBIBYTE + "\r\n\r\n")) {
                    write(up.getOutputStream());
                    assertThat(head(up.getInputStream()))
                            .startsWith("HTTP/1.1 200 ")
                            .contains("x-sum: " + sum());
                }
                assertThat(gateway.process().isAlive()).isTrue();
            }
        }
    }

    private record Callers(List<Socket> open) implements AutoCloseable {
        @Override
        public void close() throws IOException {
            for (Socket socket : open) {
                socket.close();
            }
        }
    }

    private static Socket ask(int port, String request) throws IOException {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.getOutputStream().write(request.getBytes(ISO_8859_1));
        return socket;
    }

    private static void accept(ServerSocket upstream) {
        while (!upstream.isClosed()) {
            try {
                Socket socket = upstream.accept();
                Thread.ofVirtual().start(() -> serve(socket));
            } catch (IOException e) {
                return; // closed
            }
        }
    }

    private static void serve(Socket socket) {
        try (socket) {
            OutputStream out = socket.getOutputStream();
            if (head(socket.getInputStream()).startsWith("POST")) {
                long sum = read(socket.getInputStream());
                out.write(("HTTP/1.1 200 OK\r\nx-sum: " + sum + "\r\ncontent-length: 0\r\n\r\n").getBytes(ISO_8859_1));
            } else {
                out.write(("HTTP/1.1 200 OK\r\ncontent-length: " + GIBIBYTE + "\r\n\r\n").getBytes(ISO_8859_1));
                write(out);
            }
        } catch (IOException e) {
            // the caller went away
        }
    }

    private static String head(InputStream in) throws IOException {
        ByteArrayOutputStream head = new ByteArrayOutputStream();
        while (!head.toString(ISO_8859_1).endsWith("\r\n\r\n")) {
            int b = in.read();
            if (b < 0) {
                throw new EOFException("ended after '" + head.toString(ISO_8859_1) + "'");
            }
            head.write(b);
        }
        return head.toString(ISO_8859_1);
    }

    /** The n-th piece of the body; no two next to each other are equal. */
    private static byte[] piece(long n) {
        byte[] piece = new byte[PIECE];
        for (int i = 0; i < PIECE; i += 251) {
            piece[i] = (byte) (n + i);
        }
        return piece;
    }

    private static void write(OutputStream out) throws IOException {
        for (long n = 0; n < GIBIBYTE / PIECE; n++) {
            out.write(piece(n));
        }
    }

    private static long sum() {
        CRC32 sum = new CRC32();
        for (long n = 0; n < GIBIBYTE / PIECE; n++) {
            sum.update(piece(n));
        }
        return sum.getValue();
    }

    private static long read(InputStream in) throws IOException {
        CRC32 sum = new CRC32();
        byte[] buffer = new byte[PIECE];
        for (long left = GIBIBYTE; left > 0; ) {
            int n = in.read(buffer, 0, (int) Math.min(PIECE, left));
            if (n < 0) {
                throw new EOFException(left + " bytes are missing");
            }
            sum.update(buffer, 0, n);
            left -= n;
        }
        return sum.getValue();
    }
}
