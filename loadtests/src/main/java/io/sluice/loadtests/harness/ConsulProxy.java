package io.sluice.loadtests.harness;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.LongUnaryOperator;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A port of 127.0.0.1 before a Consul agent, which can be told to lie. One connection to the agent for each of its callers, so that Consul's
 * limit of connections counts as without it. Safe for use by several threads.
 */
public final class ConsulProxy implements AutoCloseable {
    /** What becomes of each query. Called by many threads at once; may block. */
    @FunctionalInterface
    public interface Fault {
        /**
         * @param target path and query of the query
         * @return what is answered
         * @throws IOException resets the caller's connection
         */
        Said answer(String target, Agent agent) throws IOException, InterruptedException;

        /** Only for paths that begin so; the agent answers all others. */
        default Fault on(String path) {
            return (target, agent) -> target.startsWith(path) ? answer(target, agent) : agent.ask();
        }
    }

    /** The agent tells the truth. */
    public static final Fault NONE = (target, agent) -> agent.ask();

    /** No connection lasts. */
    public static final Fault CUT = (target, agent) -> {
        throw new IOException("cut");
    };

    /** Whatever is asked is taken, and never answered. */
    public static final Fault SILENT = (target, agent) -> {
        Thread.sleep(Duration.ofDays(1));
        return agent.ask();
    };

    private static final Duration PATIENCE = Duration.ofMinutes(10);

    private final int agentPort;
    private final ServerSocket door;
    private final Set<Call> calls = ConcurrentHashMap.newKeySet();
    private final ConcurrentLinkedQueue<Query> asked = new ConcurrentLinkedQueue<>();
    private volatile Fault fault = NONE;

    private record Query(long nanoTime, String path) {}

    /** The agent behind, for one query. */
    public interface Agent {
        /** What it says to the query as it was asked. */
        Said ask() throws IOException;

        /** What it says now, to a query that would wait for a change. */
        Said now() throws IOException;
    }

    /** An answer. @param headers without those that frame the body */
    public record Said(int status, Headers headers, Bytes body) {
        public static Said of(int status, String body) {
            return new Said(status, Headers.NONE, Bytes.utf8(body));
        }

        /** The same with another body. */
        public Said saying(String text) {
            return new Said(status, headers, Bytes.utf8(text));
        }

        public Said body(UnaryOperator<String> change) {
            return saying(change.apply(text()));
        }

        public String text() {
            return new String(body.toArray(), UTF_8);
        }

        /** A header in place of what was said under that name. */
        public Said with(String name, String value) {
            List<Headers.Field> fields = new ArrayList<>(headers.fields());
            fields.removeIf(field -> field.name().equalsIgnoreCase(name));
            fields.add(new Headers.Field(name, value));
            return new Said(status, new Headers(fields), body);
        }

        /** {@code X-Consul-Index} as another one. */
        public Said index(LongUnaryOperator change) {
            long index = headers.get("X-Consul-Index").map(Long::parseLong).orElse(0L);
            return with("X-Consul-Index", Long.toString(change.applyAsLong(index)));
        }
    }

    private ConsulProxy(int agentPort) {
        this.agentPort = agentPort;
        try {
            door = new ServerSocket(0, 1024, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Thread.ofVirtual().name("consul-proxy").start(this::accept);
    }

    public static ConsulProxy before(int agentPort) {
        return new ConsulProxy(agentPort);
    }

    public int port() {
        return door.getLocalPort();
    }

    /** From now on, for queries that wait as well. */
    public void fault(Fault next) {
        fault = next;
        calls.forEach(Call::again);
    }

    /** How often the path that was asked for most was asked for, from {@code nanoTime} on. */
    public int mostAsked(long nanoTime) {
        Map<String, Integer> counts = new HashMap<>();
        asked.stream()
                .filter(query -> query.nanoTime() >= nanoTime)
                .forEach(query -> counts.merge(query.path(), 1, Integer::sum));
        return counts.values().stream().mapToInt(count -> count).max().orElse(0);
    }

    @Override
    public void close() {
        try {
            door.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        calls.forEach(Call::close);
    }

    private void accept() {
        while (!door.isClosed()) {
            try {
                Call call = new Call(door.accept());
                calls.add(call);
                call.thread = Thread.ofVirtual().name("consul-proxy-call").start(call);
            } catch (IOException e) {
                // closed, or the caller is gone already
            }
        }
    }

    /** One connection of a caller. */
    private final class Call implements Runnable, AutoCloseable {
        private final Socket caller;
        private volatile @Nullable Socket agent;
        private volatile @Nullable Thread thread;
        private @Nullable Fault trying;

        Call(Socket caller) {
            this.caller = caller;
        }

        @Override
        public void run() {
            try {
                caller.setTcpNoDelay(true);
                Http1Wire wire = new Http1Wire(caller);
                while (true) {
                    wire.within(PATIENCE);
                    String line = wire.line();
                    Headers headers = wire.headers();
                    String target = line.split(" ")[1];
                    asked.add(new Query(System.nanoTime(), target.split("\\?")[0]));
                    write(answer(target, headers));
                }
            } catch (EOFException e) {
                close();
            } catch (IOException | InterruptedException e) {
                reset();
            } finally {
                calls.remove(this);
            }
        }

        private Said answer(String target, Headers headers) throws IOException, InterruptedException {
            while (true) {
                Fault now = trying(fault);
                try {
                    Said said = now.answer(target, new Behind(target, headers));
                    if (now.equals(fault)) {
                        return said;
                    }
                } catch (IOException | InterruptedException e) {
                    if (now.equals(fault) || caller.isClosed()) {
                        throw e;
                    }
                    closeAgent();
                } finally {
                    tried();
                }
            }
        }

        private synchronized Fault trying(Fault now) {
            trying = now;
            return now;
        }

        private synchronized void tried() {
            trying = null;
            Thread.interrupted();
        }

        /** A new fault counts for a query that waits, too. */
        synchronized void again() {
            if (trying != null && !trying.equals(fault) && thread != null) {
                thread.interrupt();
            }
        }

        private void write(Said said) throws IOException {
            StringBuilder head = new StringBuilder("HTTP/1.1 " + said.status() + " -\r\n");
            said.headers().fields().forEach(field -> head.append(field.name() + ": " + field.value() + "\r\n"));
            byte[] body = said.body().toArray();
            head.append("Content-Length: " + body.length + "\r\n\r\n");
            ByteArrayOutputStream all = new ByteArrayOutputStream();
            all.writeBytes(head.toString().getBytes(ISO_8859_1));
            all.writeBytes(body);
            caller.getOutputStream().write(all.toByteArray());
        }

        private void reset() {
            try {
                caller.setSoLinger(true, 0);
            } catch (IOException e) {
                // it is closed all the same
            }
            close();
        }

        @Override
        public void close() {
            try {
                caller.close();
            } catch (IOException e) {
                // gone
            }
            closeAgent();
        }

        private void closeAgent() {
            Socket open = agent;
            agent = null;
            try {
                if (open != null) {
                    open.close();
                }
            } catch (IOException e) {
                // gone
            }
        }

        private final class Behind implements Agent {
            private final String target;
            private final Headers headers;

            Behind(String target, Headers headers) {
                this.target = target;
                this.headers = headers;
            }

            @Override
            public Said ask() throws IOException {
                return ask(target);
            }

            @Override
            public Said now() throws IOException {
                return ask(target.replaceAll("[?&](index|wait)=[^&]*", ""));
            }

            private Said ask(String what) throws IOException {
                Socket to = agent;
                if (to == null) {
                    to = new Socket(InetAddress.getLoopbackAddress(), agentPort);
                    to.setTcpNoDelay(true);
                    agent = to;
                }
                StringBuilder head = new StringBuilder("GET " + what + " HTTP/1.1\r\nhost: consul\r\n");
                headers.get("X-Consul-Token").ifPresent(token -> head.append("X-Consul-Token: " + token + "\r\n"));
                to.getOutputStream().write(head.append("\r\n").toString().getBytes(ISO_8859_1));
                Http1Wire wire = new Http1Wire(to);
                wire.within(PATIENCE);
                int status = Integer.parseInt(wire.line().split(" ")[1]);
                Headers said = wire.headers();
                ByteArrayOutputStream body = new ByteArrayOutputStream();
                if (said.get("transfer-encoding").isPresent()) {
                    wire.chunks(body);
                } else {
                    wire.bytes(said.get("content-length").map(Long::parseLong).orElse(0L), body);
                }
                return new Said(status, ofConsul(said), Bytes.copyOf(body.toByteArray()));
            }
        }
    }

    private static Headers ofConsul(Headers said) {
        return new Headers(said.fields().stream()
                .filter(field -> field.name().regionMatches(true, 0, "X-Consul-", 0, 9)
                        || field.name().equalsIgnoreCase("Content-Type"))
                .toList());
    }
}
