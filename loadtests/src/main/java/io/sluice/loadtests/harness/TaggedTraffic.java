package io.sluice.loadtests.harness;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.sluice.loadtests.harness.Fault.Seen;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Requests that each carry a number, over many HTTP/1 and HTTP/2 connections at once, GET and POST, some pipelined, some abandoned by their caller,
 * with faults of their upstreams mixed in. Every answer must be its own request's, whole or visibly broken, and as its fault allows. The routes
 * are {@link #ROUTES}, the upstreams {@link TaggedUpstreams}.
 */
public final class TaggedTraffic implements AutoCloseable {
    static final String TAG = "x-tag";
    static final String FAULT = "x-fault";
    static final String ABORTS = "x-aborts";

    /** For {@link StaticBootstrap#routes}; clusters {@code one}, {@code two} and {@code three} are the upstreams. */
    public static final String ROUTES = """
        - {match: {prefix: /one/short}, route: {cluster: one, timeout: 0.3s}}
        - {match: {prefix: /two/short}, route: {cluster: two, timeout: 0.3s, retry_policy: &safe {retry_on: "connect-failure,refused-stream,reset-before-request", num_retries: 5}}}
        - {match: {prefix: /one/all}, route: {cluster: one, retry_policy: &all {retry_on: "5xx,reset,connect-failure,refused-stream", num_retries: 5}}}
        - {match: {prefix: /two/all}, route: {cluster: two, retry_policy: *all}}
        - {match: {prefix: /three/all}, route: {cluster: three, retry_policy: *all}}
        - {match: {prefix: /one}, route: {cluster: one, retry_policy: *safe}}
        - {match: {prefix: /two}, route: {cluster: two, retry_policy: *safe}}
        - {match: {prefix: /three}, route: {cluster: three, retry_policy: *safe}}
        """;

    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final int MOST_PROBLEMS = 50;
    private static final int PIPELINED = 3;
    private static final int STREAMS = 4;
    /** Requests that a connection's callers leave before they take another: a server may take more for an attack. */
    private static final int MOST_ABORTS = 100;

    private static final List<Fault> QUICK = List.copyOf(EnumSet.complementOf(EnumSet.copyOf(Fault.SLOW)));
    private static final List<Fault> SLOW = List.copyOf(Fault.SLOW);

    private final int port;
    private final int last;
    private final double faulty;
    private final long gapNanos;
    private final AtomicInteger next;
    private final List<Thread> callers = new ArrayList<>();
    private final Map<Fault, Map<Seen, Integer>> seen = new EnumMap<>(Fault.class);
    private final List<String> problems = new ArrayList<>();
    private int unread;
    private volatile boolean stopped;

    /**
     * How much, and how mixed.
     *
     * @param first number of the first request
     * @param requests how many; {@link Integer#MAX_VALUE} until {@link #stop}
     * @param faulty share of the requests that meet a fault; half as many again are abandoned by their caller
     * @param perSecond of all callers together, at most; 0 for as many as there can be
     * @param seed of the mixture: printed by whoever wants to see a run again
     */
    public record Plan(
            int first, int requests, int http1Callers, int http2Connections, double faulty, int perSecond, long seed) {}

    private TaggedTraffic(int port, Plan plan) {
        this.port = port;
        next = new AtomicInteger(plan.first());
        last = plan.requests() == Integer.MAX_VALUE ? Integer.MAX_VALUE : plan.first() + plan.requests() - 1;
        faulty = plan.faulty();
        int all = plan.http1Callers() + STREAMS * plan.http2Connections();
        gapNanos = plan.perSecond() == 0 ? 0 : all * 1_000_000_000L / plan.perSecond();
        Random seeds = new Random(plan.seed());
        for (int i = 0; i < plan.http1Callers(); i++) {
            start(new OverOne(new Random(seeds.nextLong())));
        }
        for (int i = 0; i < plan.http2Connections(); i++) {
            Shared shared = new Shared();
            for (int stream = 0; stream < STREAMS; stream++) {
                start(new OverTwo(new Random(seeds.nextLong()), shared));
            }
        }
    }

    /** Begun at once. */
    public static TaggedTraffic to(int port, Plan plan) {
        return new TaggedTraffic(port, plan);
    }

    private void start(Caller caller) {
        callers.add(Thread.ofVirtual().name("tagged-" + callers.size()).start(caller));
    }

    /** Waits until all requests have had their end. */
    public TaggedTraffic await() {
        try {
            for (Thread caller : callers) {
                caller.join();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
        return this;
    }

    /** Sends nothing more and waits for what is under way. */
    public void stop() {
        stopped = true;
        await();
    }

    @Override
    public void close() {
        stop();
    }

    /** What must never be; empty when all is well. */
    public synchronized List<String> problems() {
        return List.copyOf(problems);
    }

    /** Requests that had an end. */
    public synchronized int count() {
        return seen.values().stream()
                .flatMap(counts -> counts.values().stream())
                .mapToInt(Integer::intValue)
                .sum();
    }

    /** What was seen how often, a line per fault. */
    public synchronized String table() {
        StringBuilder table = new StringBuilder();
        seen.forEach((fault, counts) -> table.append(String.format(Locale.ROOT, "%-16s %s%n", fault, counts)));
        return table.append(
                        String.format(Locale.ROOT, "pipelined beside a broken answer, and not answered: %d%n", unread))
                .toString();
    }

    /** The parts of the answer to a request: different for each, and of different lengths. */
    static List<String> answer(int tag) {
        String text = "answer " + tag + "\n" + (tag + ";").repeat(tag * 31 % 211);
        return tag % 3 == 0 ? List.of(text, "second part of " + tag) : List.of(text);
    }

    static String body(int tag) {
        return "body " + tag + "\n" + (tag + ",").repeat(tag * 17 % 97);
    }

    private synchronized void ended(Request request, Seen what, Set<Seen> allowed, String detail) {
        seen.computeIfAbsent(request.fault, fault -> new EnumMap<>(Seen.class)).merge(what, 1, Integer::sum);
        if (!allowed.contains(what)) {
            problem(request + " was seen " + what + " (expected: " + allowed + "): " + detail);
        }
    }

    private synchronized void problem(String text) {
        if (problems.size() < MOST_PROBLEMS) {
            problems.add(text);
        }
    }

    private synchronized void unread(int requests) {
        unread += requests;
    }

    /**
     * One request as it was drawn.
     *
     * @param over what it is sent over
     * @param shaky whether another's fault may end a connection that it uses
     */
    private record Request(
            String over,
            int tag,
            boolean post,
            String cluster,
            String route,
            Fault fault,
            boolean aborts,
            boolean shaky) {
        String path() {
            return "/" + cluster + "/" + route + "/" + tag;
        }

        /** On one connection with a shaky one. */
        Request beside() {
            return new Request(over, tag, post, cluster, route, fault, aborts, true);
        }

        String method() {
            return post ? "POST" : "GET";
        }

        Set<Seen> allowed() {
            if (shaky) {
                return EnumSet.of(Seen.WHOLE, Seen.ERROR, Seen.BROKEN);
            }
            Seen seen = fault.expected(cluster.equals("two"), route.equals("all"));
            // on a busy machine the route's time may be over before the head is there
            return Fault.SLOW.contains(fault) ? EnumSet.of(seen, Seen.ERROR) : EnumSet.of(seen);
        }
    }

    private Request draw(String over, int tag, Random random, boolean plain) {
        boolean post = !plain && random.nextInt(3) == 0;
        double dice = plain ? 1 : random.nextDouble();
        Fault fault = Fault.NONE;
        if (dice < faulty) {
            // slow ones hold their caller for as long as the route allows
            fault = random.nextInt(20) == 0
                    ? SLOW.get(random.nextInt(SLOW.size()))
                    : QUICK.get(random.nextInt(QUICK.size()));
        }
        String cluster = random.nextBoolean() ? "one" : random.nextInt(4) == 0 ? "three" : "two";
        if (!cluster.equals("one") && Fault.OF_CONNECTIONS.contains(fault)) {
            cluster = "three";
        }
        if (fault == Fault.CUT_CHUNKS || (Fault.SLOW.contains(fault) && cluster.equals("three"))) {
            cluster = "one"; // HTTP/2 has no chunks
        }
        String route = Fault.SLOW.contains(fault) ? "short" : !post && random.nextBoolean() ? "all" : "safe";
        return new Request(
                over, tag, post, cluster, route, fault, dice >= faulty && dice < faulty * 1.5, cluster.equals("three"));
    }

    private void judge(Request request, Response response) {
        String detail = response.end() + " status " + response.status() + ", "
                + response.text().length() + " bytes";
        boolean early = request.fault == Fault.EARLY && response.status() == Fault.EARLY_STATUS;
        boolean late =
                request.fault != Fault.EARLY || request.cluster.equals("three"); // where a retry gets a plain answer
        Seen what;
        if (response.end() == Response.End.SILENT || (response.end() == Response.End.RESET && response.status() == 0)) {
            problem(request + " got no answer: " + detail);
            return;
        } else if (response.end() == Response.End.RESET) {
            what = Seen.BROKEN;
        } else if (early || (late && response.status() == 200)) {
            what = Seen.WHOLE;
            String expected = String.join("", answer(request.tag));
            if (!response.text().equals(expected)) {
                problem(request + " got another's answer, or half of its own as a whole one: "
                        + response.text()
                                .substring(0, Math.min(60, response.text().length())));
            }
        } else if (response.status() >= 502 && response.status() <= 504) {
            what = Seen.ERROR;
        } else {
            problem(request + " got status " + response.status() + ": " + response.text());
            return;
        }
        ended(request, what, request.allowed(), detail);
    }

    /** Draws, calls, judges. */
    private abstract class Caller implements Runnable, AutoCloseable {
        final Random random;

        Caller(Random random) {
            this.random = random;
        }

        @Override
        public void run() {
            try (this) {
                long due = System.nanoTime() + (long) (gapNanos * random.nextDouble());
                for (int tag = next.getAndIncrement(); tag <= last && !stopped; tag = next.getAndIncrement()) {
                    LockSupport.parkNanos(due - System.nanoTime());
                    due = Math.max(due + gapNanos, System.nanoTime() - gapNanos);
                    try {
                        call(tag);
                    } catch (IOException e) {
                        lost();
                        problem("request " + tag + ": " + e);
                    }
                }
            }
        }

        abstract void call(int tag) throws IOException;

        /** The connection is of no more use. */
        abstract void lost();

        @Override
        public abstract void close();
    }

    /** One connection after the other, one request at a time or {@value #PIPELINED}. */
    private final class OverOne extends Caller {
        private @Nullable Http1Client client;

        OverOne(Random random) {
            super(random);
        }

        @Override
        void call(int tag) throws IOException {
            if (random.nextInt(20) == 0) {
                pipeline(tag);
                return;
            }
            Request request = draw("HTTP/1", tag, random, false);
            Http1Client open = open();
            byte[] bytes = bytes(request);
            if (request.aborts) {
                open.send(Arrays.copyOf(bytes, 1 + random.nextInt(bytes.length)));
                open.reset();
                client = null;
                ended(request, Seen.ABORTED, EnumSet.of(Seen.ABORTED), "");
                return;
            }
            open.send(bytes);
            read(request, open.read(request.method(), PATIENCE));
        }

        /** The answers come in the order of the requests; behind a broken one there are none. */
        private void pipeline(int tag) throws IOException {
            List<Request> requests = new ArrayList<>();
            StringBuilder text = new StringBuilder();
            for (int i = 0; i < PIPELINED; i++) {
                int one = i == 0 ? tag : next.getAndIncrement();
                if (one <= last) {
                    requests.add(draw("HTTP/1 pipelined", one, random, true));
                    text.append(new String(bytes(requests.get(i)), ISO_8859_1));
                }
            }
            boolean shaky = requests.stream().anyMatch(Request::shaky);
            Http1Client open = open();
            open.send(text.toString());
            for (int i = 0; i < requests.size(); i++) {
                Response response = open.read("GET", PATIENCE);
                boolean none = response.end() == Response.End.RESET && response.status() == 0;
                if (none && shaky) { // one that breaks off may take those before it along
                    unread(requests.size() - i);
                    lost();
                    return;
                }
                read(shaky ? requests.get(i).beside() : requests.get(i), response);
                if (client == null) {
                    unread(requests.size() - i - 1);
                    return;
                }
            }
        }

        private void read(Request request, Response response) {
            judge(request, response);
            boolean closes = response.headers().get("connection").orElse("").equalsIgnoreCase("close");
            if (closes || response.end() != Response.End.COMPLETE) {
                lost();
            }
        }

        private Http1Client open() throws IOException {
            Http1Client open = client;
            if (open == null) {
                open = Http1Client.connect(port);
                client = open;
            }
            return open;
        }

        private byte[] bytes(Request request) {
            StringBuilder text = new StringBuilder(request.method() + " " + request.path() + " HTTP/1.1\r\nhost: a\r\n"
                    + TAG + ": " + request.tag + "\r\n" + FAULT + ": " + request.fault + "\r\n");
            if (request.aborts) {
                text.append(ABORTS + ": yes\r\n");
            }
            if (request.post) {
                String body = body(request.tag);
                text.append("content-length: ")
                        .append(body.length())
                        .append("\r\n\r\n")
                        .append(body);
            } else {
                text.append("\r\n");
            }
            return text.toString().getBytes(ISO_8859_1);
        }

        @Override
        public void close() {
            lost();
        }

        @Override
        void lost() {
            try {
                if (client != null) {
                    client.close();
                }
            } catch (IOException e) {
                throw new IllegalStateException("a socket that cannot be closed", e);
            }
            client = null;
        }
    }

    /** A connection that several callers use at once, and the next one when it is used up. */
    private final class Shared {
        private @Nullable Lease current;

        synchronized Lease acquire() throws IOException {
            Lease lease = current;
            if (lease == null || lease.aborts >= MOST_ABORTS || !lease.client.takesCalls()) {
                retire();
                lease = new Lease(Http2Client.connect(port));
                current = lease;
            }
            lease.users++;
            return lease;
        }

        synchronized void release(Lease lease, boolean aborted) {
            lease.users--;
            lease.aborts += aborted ? 1 : 0;
            lease.closeWhenUnused();
        }

        synchronized void retire() {
            Lease lease = current;
            current = null;
            if (lease != null) {
                lease.retired = true;
                lease.closeWhenUnused();
            }
        }
    }

    private static final class Lease {
        private final Http2Client client;
        private int users;
        private int aborts;
        private boolean retired;

        private Lease(Http2Client client) {
            this.client = client;
        }

        private void closeWhenUnused() {
            if (retired && users == 0) {
                client.close();
            }
        }
    }

    private final class OverTwo extends Caller {
        private final Shared shared;

        OverTwo(Random random, Shared shared) {
            super(random);
            this.shared = shared;
        }

        @Override
        void call(int tag) throws IOException {
            Request request = draw("HTTP/2", tag, random, false);
            Headers headers = Headers.of(
                    ":method",
                    request.method(),
                    ":scheme",
                    "http",
                    ":authority",
                    "a",
                    ":path",
                    request.path(),
                    TAG,
                    Integer.toString(tag),
                    FAULT,
                    request.fault.name());
            Lease lease = shared.acquire();
            try {
                call(request, lease.client.open(request.aborts ? headers.and(ABORTS, "yes") : headers, !request.post));
            } finally {
                shared.release(lease, request.aborts);
            }
        }

        private void call(Request request, Http2Client.Call call) {
            if (request.post) {
                byte[] body = body(request.tag).getBytes(ISO_8859_1);
                int half = body.length / 2;
                call.data(Bytes.copyOf(Arrays.copyOf(body, half)), false);
                if (!request.aborts) {
                    call.data(Bytes.copyOf(Arrays.copyOfRange(body, half, body.length)), true);
                }
            }
            if (request.aborts) {
                call.cancel();
                ended(request, Seen.ABORTED, EnumSet.of(Seen.ABORTED), "");
                return;
            }
            judge(request, call.read(PATIENCE));
        }

        @Override
        void lost() {
            // the others' connection, too: whoever finds it closed opens the next
        }

        @Override
        public void close() {
            shared.retire(); // those who still call open the next
        }
    }
}
