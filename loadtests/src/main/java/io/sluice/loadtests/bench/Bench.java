package io.sluice.loadtests.bench;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.sluice.loadtests.harness.Home;
import io.sluice.loadtests.harness.Part;
import io.sluice.loadtests.harness.Probe;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;

/** {@code ./sluice bench}: all proxies in one run, in turn, on one machine. Absolute figures are the machine's; what counts is the ratio. */
public final class Bench {
    private static final DateTimeFormatter FILE_TIME =
            DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss", Locale.ROOT).withZone(ZoneOffset.UTC);
    private static final Duration START_PATIENCE = Duration.ofSeconds(60);
    private static final int WRONG_USAGE = 2;
    private static final int EMPTY_ROUNDS = 20;
    private static final double OF_SATURATION = 0.6;

    private final Plan plan;
    private final PrintStream out;
    private final Report report;
    private final List<Proxy> proxies;
    private long failures;
    private double callerBusy;

    Bench(Plan plan, PrintStream out) {
        this.plan = plan;
        this.out = out;
        this.report = new Report(!plan.equals(Plan.QUICK));
        this.proxies = Arrays.stream(Proxy.values())
                .filter(proxy ->
                        proxy.part().map(part -> part.find().isPresent()).orElse(true))
                .toList();
    }

    /** The shapes of requests. */
    private enum Shape {
        HTTP1_SMALL("HTTP/1, 100 B", Upstream.SMALL, false, 0.6),
        HTTP1_BIG("HTTP/1, 10 KiB", Upstream.BIG, false, 0.8),
        HTTP2_SMALL("HTTP/2 in, 100 B", Upstream.SMALL, true, 0.6);

        private final String label;
        private final String path;
        private final boolean http2;
        private final double timesEnvoy;

        Shape(String label, String path, boolean http2, double timesEnvoy) {
            this.label = label;
            this.path = path;
            this.http2 = http2;
            this.timesEnvoy = timesEnvoy;
        }

        private int port(Proxy.Running proxy) {
            return http2 ? proxy.http2Port() : proxy.http1Port();
        }

        private Load load() {
            return http2 ? new Http2Load() : new Http1Load();
        }
    }

    public static void main(String[] args) throws Exception {
        List<String> words = List.of(args);
        if (words.contains("--help")) {
            System.out.println(
                    "usage: ./sluice bench [--quick | --allocation]   (--quick: whether it runs, in seconds; its"
                            + " figures say nothing; --allocation: only what the gateway allocates per request, which a"
                            + " busy machine does not change)");
            return;
        }
        for (String word : words) {
            if (!word.equals("--quick") && !word.equals("--allocation")) {
                System.err.println("bench: " + word + ": unknown word (expected: --quick or --allocation)");
                System.exit(WRONG_USAGE);
            }
        }
        Path folder = Home.find().root().resolve("loadtests/target/bench");
        Bench bench = new Bench(words.contains("--quick") ? Plan.QUICK : Plan.FULL, System.out);
        if (words.contains("--allocation")) {
            bench.allocation(folder);
            System.exit(bench.failures == 0 ? 0 : 1);
        }
        Path file = bench.run(folder);
        System.out.println("kept in " + file + " and, with every sample, beside it as .json");
        System.exit(bench.failures == 0 ? 0 : 1);
    }

    /** @return the file with the table */
    Path run(Path folder) throws Exception {
        Instant began = Instant.now();
        Files.createDirectories(folder);
        Path work = Files.createTempDirectory(folder, "run");
        try (Upstream upstream = Upstream.start(work)) {
            describe(began, upstream);
            starts(work, upstream);
            requests(work, upstream);
            setups(work, upstream);
            new Registrations(plan, this::say).measure(work, upstream.port()).forEach(report::add);
        } finally {
            delete(work);
        }
        report.about(String.format(
                Locale.ROOT,
                "the caller's thread was busy %.0f %% of the time at most; failed requests: %d; took %d s",
                callerBusy * 100,
                failures,
                began.until(Instant.now(), ChronoUnit.SECONDS)));
        String name = "bench-" + FILE_TIME.format(began);
        Files.writeString(folder.resolve(name + ".json"), report.json(), UTF_8);
        Path file = Files.writeString(folder.resolve(name + ".txt"), report.text(), UTF_8);
        out.println(report.text());
        return file;
    }

    /** Prints what a request costs the gateway's heap. */
    private void allocation(Path folder) throws Exception {
        Files.createDirectories(folder);
        Path work = Files.createTempDirectory(folder, "run");
        try (Upstream upstream = Upstream.start(work);
                Proxy.Running gateway = Proxy.GATEWAY.start(work, upstream.port(), Setup.PLAIN)) {
            awaitFirst(Proxy.GATEWAY, gateway);
            for (Shape shape : Shape.values()) {
                try (Load load = shape.load()) {
                    long done = 0;
                    while (done < plan.warmUp() / 2) {
                        done += measure(load, shape.path, shape.port(gateway), gateway, 0)
                                .requests();
                    }
                }
            }
            allocated(gateway);
        } finally {
            delete(work);
        }
        out.println(report.text());
    }

    long failures() {
        return failures;
    }

    private void describe(Instant began, Upstream upstream) {
        report.about(String.format(
                Locale.ROOT,
                "%s, %d processors, load average %.1f at the beginning; %s %s; Java %s",
                began.truncatedTo(ChronoUnit.SECONDS),
                Runtime.getRuntime().availableProcessors(),
                java.lang.management.ManagementFactory.getOperatingSystemMXBean()
                        .getSystemLoadAverage(),
                System.getProperty("os.name"),
                System.getProperty("os.version"),
                System.getProperty("java.version")));
        report.about(String.format(
                Locale.ROOT,
                "upstream: %s; %d requests in flight; %d rounds of %d ms in turn after %d requests of warm-up",
                upstream.name(),
                plan.inFlight(),
                plan.rounds(),
                plan.round().toMillis(),
                plan.warmUp()));
        if (plan.equals(Plan.QUICK)) {
            report.about("--quick: these figures say that it runs, not how fast");
        }
        for (Proxy proxy : Proxy.values()) {
            if (!proxies.contains(proxy)) {
                report.about(proxy.label() + " is left out: "
                        + proxy.part().map(Part::missing).orElse(""));
            }
        }
    }

    /** From the program's start to its first proxied request, and its memory when it then has nothing to do. */
    private void starts(Path work, Upstream upstream) throws IOException, InterruptedException {
        Map<Proxy, List<Double>> millis = new EnumMap<>(Proxy.class);
        Map<Proxy, List<Double>> idleMiB = new EnumMap<>(Proxy.class);
        for (int i = 0; i < plan.starts(); i++) {
            for (Proxy proxy : proxies) {
                long began = System.nanoTime();
                try (Proxy.Running running = proxy.start(work, upstream.port(), Setup.PLAIN)) {
                    awaitFirst(proxy, running);
                    add(millis, proxy, (System.nanoTime() - began) / 1e6);
                    Thread.sleep(plan.idle());
                    add(idleMiB, proxy, ProcessCost.residentMiB(running.pid()));
                }
            }
            say("start " + (i + 1) + " of " + plan.starts() + latest(millis, "ms"));
        }
        row("start → first proxied request", "ms", millis, new Report.Target.AtMost(1_000));
        row("memory (RSS) idle", "MiB", idleMiB, new Report.Target.AtMost(110));
    }

    private void requests(Path work, Upstream upstream) throws IOException, InterruptedException {
        Map<Proxy, Proxy.Running> running = new EnumMap<>(Proxy.class);
        try {
            for (Proxy proxy : proxies) {
                Proxy.Running started = proxy.start(work, upstream.port(), Setup.PLAIN);
                running.put(proxy, started);
                awaitFirst(proxy, started);
            }
            Map<Proxy, List<Double>> loadedMiB = new EnumMap<>(Proxy.class);
            Map<Shape, Report.Row> throughput = new EnumMap<>(Shape.class);
            for (Shape shape : Shape.values()) {
                throughput.put(shape, saturate(shape, running, loadedMiB));
            }
            throughput.values().forEach(report::add);
            for (Shape shape : List.of(Shape.HTTP1_SMALL, Shape.HTTP2_SMALL)) {
                paced(shape, running, Optional.ofNullable(throughput.get(shape)));
            }
            report.add(row("memory (RSS) under load", "MiB", loadedMiB));
            Proxy.Running gateway = running.get(Proxy.GATEWAY);
            if (gateway != null) {
                allocated(gateway);
            }
        } finally {
            running.values().forEach(Proxy.Running::close);
        }
    }

    /** As many requests as they can: CPU for each, which goes into the report, and how many, which is returned. */
    private Report.Row saturate(Shape shape, Map<Proxy, Proxy.Running> running, Map<Proxy, List<Double>> loadedMiB)
            throws InterruptedException {
        Map<Proxy, List<Double>> cpu = new EnumMap<>(Proxy.class);
        Map<Proxy, List<Double>> perSecond = new EnumMap<>(Proxy.class);
        try (Load load = shape.load()) {
            for (Map.Entry<Proxy, Proxy.Running> entry : running.entrySet()) {
                long done = 0;
                while (done < plan.warmUp()) {
                    done += measure(load, shape.path, shape.port(entry.getValue()), entry.getValue(), 0)
                            .requests();
                }
                say(entry.getKey().label() + " is warm for " + shape.label);
            }
            for (int i = 0; i < plan.rounds(); i++) {
                for (Map.Entry<Proxy, Proxy.Running> entry : running.entrySet()) {
                    long pid = entry.getValue().pid();
                    double before = ProcessCost.cpuSeconds(pid);
                    Load.Round round = measure(load, shape.path, shape.port(entry.getValue()), entry.getValue(), 0);
                    double used = ProcessCost.cpuSeconds(pid) - before;
                    add(cpu, entry.getKey(), used * 1e6 / round.requests());
                    add(perSecond, entry.getKey(), round.perSecond());
                    add(loadedMiB, entry.getKey(), ProcessCost.residentMiB(pid));
                }
                say(shape.label + ", round " + (i + 1) + " of " + plan.rounds() + latest(cpu, "µs"));
            }
        }
        row("CPU per request, " + shape.label, "µs", cpu, new Report.Target.TimesEnvoy(shape.timesEnvoy));
        return row("requests per second, " + shape.label, "1/s", perSecond);
    }

    /** Latency where the rate is the same for all: 60 % of what Envoy can, where that is known. */
    private void paced(Shape shape, Map<Proxy, Proxy.Running> running, Optional<Report.Row> throughput)
            throws InterruptedException {
        Optional<Samples> envoy = plan.equals(Plan.QUICK)
                ? Optional.empty()
                : throughput.map(row -> row.samples().get(Proxy.ENVOY));
        boolean known = envoy.isPresent();
        double pace = envoy.map(samples -> samples.median() * OF_SATURATION).orElse(plan.pace());
        Map<Proxy, List<Double>> p99 = new EnumMap<>(Proxy.class);
        try (Load load = shape.load()) {
            for (int i = 0; i < plan.rounds(); i++) {
                for (Map.Entry<Proxy, Proxy.Running> entry : running.entrySet()) {
                    Load.Round round = measure(load, shape.path, shape.port(entry.getValue()), entry.getValue(), pace);
                    add(p99, entry.getKey(), round.latencies().micros(99));
                }
                say("p99, " + shape.label + ", round " + (i + 1) + " of " + plan.rounds() + latest(p99, "µs"));
            }
        }
        String rate = known ? "60 % of envoy's rate" : String.format(Locale.ROOT, "%.0f/s", pace);
        row("p99 at " + rate + ", " + shape.label, "µs", p99, new Report.Target.TimesEnvoy(1.5));
    }

    /** What the gateway's heap pays for a request. */
    private void allocated(Proxy.Running gateway) throws IOException, InterruptedException {
        try (Allocated allocated = Allocated.by(gateway.pid())) {
            for (Shape shape : Shape.values()) {
                Map<Proxy, List<Double>> bytes = new EnumMap<>(Proxy.class);
                try (Load load = shape.load()) {
                    for (int i = 0; i < plan.rounds(); i++) {
                        double before = allocated.bytes();
                        Load.Round round = measure(load, shape.path, shape.port(gateway), gateway, 0);
                        add(bytes, Proxy.GATEWAY, (allocated.bytes() - before) / round.requests());
                    }
                }
                row("allocated per request, " + shape.label, "B", bytes, new Report.Target.AtMost(4_096));
            }
        }
    }

    /** What gateway and Envoy need for more than passing on. */
    private void setups(Path work, Upstream upstream) throws IOException, InterruptedException {
        Map<Setup, Map<Proxy, Proxy.Running>> running = new EnumMap<>(Setup.class);
        Map<Setup, Map<Proxy, List<Double>>> cpu = new EnumMap<>(Setup.class);
        try {
            for (Setup setup : List.of(Setup.GUARDED, Setup.TEN_ROUTES, Setup.MANY_ROUTES)) {
                startAll(setup, work, upstream, running);
            }
            for (int i = -1; i < plan.rounds(); i++) {
                for (Map.Entry<Setup, Map<Proxy, Proxy.Running>> each : running.entrySet()) {
                    saturate(
                            each.getKey(),
                            each.getValue(),
                            i < 0,
                            cpu.computeIfAbsent(each.getKey(), none -> new EnumMap<>(Proxy.class)));
                }
            }
        } finally {
            running.values().forEach(all -> all.values().forEach(Proxy.Running::close));
        }
        row(
                "CPU per request, " + Setup.GUARDED.label(),
                "µs",
                cpu.getOrDefault(Setup.GUARDED, Map.of()),
                new Report.Target.TimesEnvoy(0.8));
        Map<Proxy, List<Double>> many = cpu.getOrDefault(Setup.MANY_ROUTES, Map.of());
        Map<Proxy, List<Double>> few = cpu.getOrDefault(Setup.TEN_ROUTES, Map.of());
        report.add(row("CPU per request, " + Setup.MANY_ROUTES.label(), "µs", many));
        Map<Proxy, List<Double>> times = new EnumMap<>(Proxy.class);
        many.forEach((proxy, costs) -> {
            List<Double> cheaper = few.getOrDefault(proxy, costs);
            for (int i = 0; i < costs.size(); i++) {
                add(times, proxy, cheaper.get(i) == 0 ? 1 : costs.get(i) / cheaper.get(i));
            }
        });
        row("CPU with 10,000 routes to CPU with 10", "×", times, new Report.Target.AtMost(1.2));
    }

    private void startAll(Setup setup, Path work, Upstream upstream, Map<Setup, Map<Proxy, Proxy.Running>> running)
            throws IOException, InterruptedException {
        Map<Proxy, Proxy.Running> started = new EnumMap<>(Proxy.class);
        running.put(setup, started);
        for (Proxy proxy : proxies) {
            if (proxy != Proxy.NGINX) {
                Proxy.Running one = proxy.start(work, upstream.port(), setup);
                started.put(proxy, one);
                awaitListening(proxy, one);
            }
        }
    }

    private void saturate(Setup setup, Map<Proxy, Proxy.Running> running, boolean warmUp, Map<Proxy, List<Double>> cpu)
            throws InterruptedException {
        try (Load load = new Http1Load(setup.headers())) {
            for (Map.Entry<Proxy, Proxy.Running> entry : running.entrySet()) {
                Proxy.Running one = entry.getValue();
                long done = 0;
                while (warmUp && done < plan.warmUp()) {
                    done += measure(load, setup.path(), one.http1Port(), one, 0).requests();
                }
                if (!warmUp) {
                    double before = ProcessCost.cpuSeconds(one.pid());
                    Load.Round round = measure(load, setup.path(), one.http1Port(), one, 0);
                    add(cpu, entry.getKey(), (ProcessCost.cpuSeconds(one.pid()) - before) * 1e6 / round.requests());
                }
            }
        }
        if (!warmUp) {
            say(setup.label() + latest(cpu, "µs"));
        }
    }

    private Load.Round measure(Load load, String path, int port, Proxy.Running proxy, double pace)
            throws InterruptedException {
        Load.Round round = load.run(port, path, plan.inFlight(), plan.round(), pace);
        for (int i = 0; i < EMPTY_ROUNDS && round.requests() == 0; i++) { // the machine had no time for it
            round = load.run(port, path, plan.inFlight(), plan.round(), pace);
        }
        if (round.requests() == 0) {
            throw new IllegalStateException(proxy.process().name() + " answered nothing:\n"
                    + proxy.process().output());
        }
        failures += round.failures();
        callerBusy = Math.max(callerBusy, round.callerBusy());
        return round;
    }

    private static void awaitFirst(Proxy proxy, Proxy.Running running) throws InterruptedException {
        await(proxy, running, () -> Probe.ok(running.http1Port(), Upstream.SMALL));
    }

    /** Whatever it answers. */
    private static void awaitListening(Proxy proxy, Proxy.Running running) throws InterruptedException {
        await(proxy, running, () -> listens(running.http1Port()));
    }

    private static boolean listens(int port) {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            return socket.isConnected();
        } catch (IOException e) {
            return false;
        }
    }

    private static void await(Proxy proxy, Proxy.Running running, BooleanSupplier ready) throws InterruptedException {
        long deadline = System.nanoTime() + START_PATIENCE.toNanos();
        while (!ready.getAsBoolean()) {
            if (System.nanoTime() > deadline || !running.process().isAlive()) {
                throw new IllegalStateException(
                        proxy.label() + " does not proxy:\n" + running.process().output());
            }
            Thread.sleep(1);
        }
    }

    private void row(String what, String unit, Map<Proxy, List<Double>> values, Report.Target target) {
        Report.Row row = row(what, unit, values);
        report.add(new Report.Row(what, unit, row.samples(), Optional.of(target)));
    }

    private static Report.Row row(String what, String unit, Map<Proxy, List<Double>> values) {
        Map<Proxy, Samples> samples = new EnumMap<>(Proxy.class);
        values.forEach((proxy, list) -> samples.put(proxy, new Samples(list)));
        return new Report.Row(what, unit, samples, Optional.empty());
    }

    private static void add(Map<Proxy, List<Double>> values, Proxy proxy, double value) {
        values.computeIfAbsent(proxy, absent -> new ArrayList<>()).add(value);
    }

    private static String latest(Map<Proxy, List<Double>> values, String unit) {
        StringBuilder text = new StringBuilder(":");
        values.forEach((proxy, list) ->
                text.append(String.format(Locale.ROOT, " %s %.1f %s", proxy.label(), list.getLast(), unit)));
        return text.toString();
    }

    private void say(String line) {
        out.println("bench: " + line);
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        }
    }
}
