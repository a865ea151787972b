package io.sluice.loadtests.harness;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Ports for programs that must be told theirs. They lie below the range from which the kernel serves outgoing connections, so that no
 * connection takes one between our look and the program's bind.
 */
public final class Ports {
    private static final int LOWEST = 15_000;
    private static final int HIGHEST = 32_000;

    /** Where the next look begins: nobody is given the port of another of this JVM before a whole round. */
    private static final AtomicInteger NEXT =
            new AtomicInteger(ThreadLocalRandom.current().nextInt(HIGHEST - LOWEST));

    private Ports() {}

    /** A port of 127.0.0.1 on which nothing listens now. */
    public static int free() {
        for (int attempt = 0; attempt < 1_000; attempt++) {
            int port = LOWEST + Math.floorMod(NEXT.getAndIncrement(), HIGHEST - LOWEST);
            try (ServerSocket socket = new ServerSocket()) {
                socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
                return port;
            } catch (IOException e) {
                // taken: the next one
            }
        }
        throw new IllegalStateException("no free port between " + LOWEST + " and " + HIGHEST);
    }
}
