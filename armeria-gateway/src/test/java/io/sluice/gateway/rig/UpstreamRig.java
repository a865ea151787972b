package io.sluice.gateway.rig;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** A called service: a port, and a script for each connection on a thread of its own. */
public final class UpstreamRig implements AutoCloseable {
    private final ServerSocket server;
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private final AtomicInteger accepted = new AtomicInteger();
    private final BlockingQueue<Http1Peer.Message> requests = new LinkedBlockingQueue<>();
    private volatile Script script;

    /** What one connection does; its end closes the connection. */
    @FunctionalInterface
    public interface Script {
        void run(Socket socket) throws Exception;
    }

    public UpstreamRig(Script script) {
        this.script = script;
        try {
            server = new ServerSocket(0, 1024, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Thread.ofVirtual().start(this::accept);
    }

    /** Answers each HTTP/1 request with the same bytes, as long as the caller wants. */
    public static UpstreamRig answering(String response) {
        UpstreamRig[] self = new UpstreamRig[1];
        UpstreamRig rig = new UpstreamRig(socket -> {
            Http1Peer peer = new Http1Peer(socket);
            while (true) {
                self[0].requests.add(peer.read());
                peer.send(response);
            }
        });
        self[0] = rig;
        return rig;
    }

    /** Answers the n-th request of all connections with the n-th text, the last one ever after; an empty one resets. */
    public static UpstreamRig answeringInTurn(String... responses) {
        UpstreamRig[] self = new UpstreamRig[1];
        AtomicInteger turn = new AtomicInteger();
        UpstreamRig rig = new UpstreamRig(socket -> {
            Http1Peer peer = new Http1Peer(socket);
            while (true) {
                self[0].requests.add(peer.read());
                String response = responses[Math.min(turn.getAndIncrement(), responses.length - 1)];
                if (response.isEmpty()) {
                    peer.reset();
                    return;
                }
                peer.send(response);
            }
        });
        self[0] = rig;
        return rig;
    }

    public static String ok(String body) {
        return "HTTP/1.1 200 OK\r\ncontent-length: " + body.length() + "\r\n\r\n" + body;
    }

    public int port() {
        return server.getLocalPort();
    }

    /** Connections so far. */
    public int accepted() {
        return accepted.get();
    }

    /** Connections now. */
    public int connected() {
        return open.size();
    }

    /** The next request that an answering one read. */
    public Http1Peer.Message request() {
        try {
            Http1Peer.Message request = requests.poll(20, TimeUnit.SECONDS);
            if (request == null) {
                throw new AssertionError("no request came");
            }
            return request;
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    public void record(Http1Peer.Message request) {
        requests.add(request);
    }

    /** How many requests were read and not taken by {@link #request}. */
    public int waitingRequests() {
        return requests.size();
    }

    /** For connections to come. */
    public void script(Script next) {
        script = next;
    }

    private void accept() {
        while (!server.isClosed()) {
            try {
                Socket socket = server.accept();
                accepted.incrementAndGet();
                open.add(socket);
                Thread.ofVirtual().start(() -> serve(socket));
            } catch (IOException e) {
                return;
            }
        }
    }

    private void serve(Socket socket) {
        try (socket) {
            script.run(socket);
        } catch (IOException | UncheckedIOException e) {
            // the caller went away
        } catch (Exception e) {
            throw new IllegalStateException(e);
        } finally {
            open.remove(socket);
        }
    }

    /** Takes no further connection and ends the open ones. */
    @Override
    public void close() {
        try {
            server.close();
            for (Socket socket : open) {
                socket.close();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
