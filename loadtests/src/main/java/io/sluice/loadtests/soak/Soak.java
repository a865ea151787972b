package io.sluice.loadtests.soak;

import io.sluice.loadtests.harness.Answer;
import io.sluice.loadtests.harness.FileRegistry;
import io.sluice.loadtests.harness.Gateway;
import io.sluice.loadtests.harness.Home;
import io.sluice.loadtests.harness.Ports;
import io.sluice.loadtests.harness.RecordingUpstream;
import io.sluice.loadtests.harness.Registry.Registration;
import io.sluice.loadtests.harness.TaggedTraffic;
import io.sluice.loadtests.harness.TaggedUpstreams;
import io.sluice.loadtests.harness.XdsServer;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;

/**
 * {@code ./sluice soak}: numbered HTTP/1 and HTTP/2 requests with faults, retries, timeouts and callers who leave, gRPC streams, WebSockets and local
 * answers, through one gateway whose configuration changes twice a second, for as long as is asked. In the end nothing may have grown, no buffer
 * may have leaked, and every request must have had the end that is allowed.
 */
public final class Soak {
    private static final int WRONG_USAGE = 2;
    private static final int DEFAULT_MINUTES = 30;
    private static final int PER_SECOND = 400;
    private static final Duration BETWEEN_CHANGES = Duration.ofMillis(500);
    private static final String REGION = "eu";
    /** Buffers are followed one by one. */
    private static final String PARANOID = "-Dio.netty.leakDetection.level=paranoid";

    private final Duration length;
    private final PrintStream out;
    private final List<String> problems = new ArrayList<>();
    private int changes;

    Soak(Duration length, PrintStream out) {
        this.length = length;
        this.out = out;
    }

    public static void main(String[] args) throws Exception {
        if (List.of(args).contains("--help")) {
            System.out.println("usage: ./sluice soak [--minutes N]   (default: " + DEFAULT_MINUTES + ")");
            return;
        }
        int minutes = DEFAULT_MINUTES;
        if (args.length == 2 && args[0].equals("--minutes") && args[1].matches("[1-9]\\d{0,4}")) {
            minutes = Integer.parseInt(args[1]);
        } else if (args.length > 0) {
            System.err.println(
                    "soak: " + String.join(" ", args) + ": not understood (expected: --minutes N, N at least 1)");
            System.exit(WRONG_USAGE);
        }
        System.exit(new Soak(Duration.ofMinutes(minutes), System.out).run() ? 0 : 1);
    }

    /** @return whether all was well */
    boolean run() throws IOException {
        Path folder = Files.createTempDirectory(
                Files.createDirectories(Home.find().root().resolve("loadtests/target/soak")), "run");
        FileRegistry registry = new FileRegistry(Files.createDirectories(folder.resolve("catalog")));
        int port = Ports.free();
        int adminPort = Ports.free();
        int secondPort = Ports.free();
        try (TaggedUpstreams upstreams = new TaggedUpstreams();
                RecordingUpstream grpc = RecordingUpstream.http2(request -> new Answer.GrpcEcho());
                RecordingUpstream webSocket = RecordingUpstream.http1(request -> new Answer.WebSocketEcho())) {
            register(registry, upstreams, grpc, webSocket);
            write(registry, port, secondPort);
            try (XdsServer xds = XdsServer.start(registry.source(), Ports.free(), Ports.free(), Map.of(), folder);
                    Gateway gateway = Gateway.start(
                            xds.port(),
                            "soak",
                            adminPort,
                            Map.of("SLUICE_JAVA_OPTS", PARANOID),
                            folder,
                            "--region",
                            REGION)) {
                List<Sample> samples = soak(gateway, registry, upstreams, port, secondPort);
                judge(gateway, upstreams, samples);
            }
        }
        problems.forEach(problem -> out.println("PROBLEM " + problem));
        out.println(problems.isEmpty() ? "all was well" : problems.size() + " problems");
        return problems.isEmpty();
    }

    private List<Sample> soak(
            Gateway gateway, FileRegistry registry, TaggedUpstreams upstreams, int port, int secondPort)
            throws IOException {
        List<Sample> samples = new ArrayList<>();
        long began = System.nanoTime();
        long between = Math.max(Duration.ofSeconds(5).toNanos(), length.toNanos() / 60);
        long nextSample = began + between;
        out.println(header());
        try (TaggedTraffic traffic = TaggedTraffic.to(
                        port, new TaggedTraffic.Plan(1, Integer.MAX_VALUE, 16, 4, 0.05, PER_SECOND, began));
                Conversations conversations = new Conversations(port)) {
            while (System.nanoTime() - began < length.toNanos()) {
                LockSupport.parkNanos(BETWEEN_CHANGES.toNanos());
                change(registry, upstreams, port, secondPort);
                if (System.nanoTime() >= nextSample) {
                    nextSample += between;
                    double minute = (System.nanoTime() - began) / 60e9;
                    Sample sample = Sample.of(gateway.process(), gateway.adminPort(), minute);
                    samples.add(sample);
                    out.println(line(sample, traffic.count() + conversations.ended()));
                    if (gateway.process().output().contains("LEAK: ")) {
                        break;
                    }
                }
            }
            traffic.stop();
            conversations.stop();
            out.println("requests: " + traffic.count() + ", streams, WebSockets and local answers: "
                    + conversations.ended() + ", changes of the configuration: " + changes);
            out.print(traffic.table());
            problems.addAll(traffic.problems());
            problems.addAll(conversations.problems());
        }
        return samples;
    }

    private void judge(Gateway gateway, TaggedUpstreams upstreams, List<Sample> samples) {
        problems.addAll(upstreams.problems());
        List<Sample> warm = samples.subList(samples.size() / 3, samples.size());
        for (Series series : Series.values()) {
            Series.Trend trend = series.trend(warm);
            out.println(trend.line());
            if (!trend.flat()) {
                problems.add(series.label() + " grows");
            }
        }
        gateway.process()
                .output()
                .lines()
                .filter(line -> line.contains("LEAK: ") || line.contains(" ERROR "))
                .forEach(problems::add);
        if (!gateway.process().isAlive()) {
            problems.add("the gateway ended: " + gateway.process().output());
        }
    }

    // --- the configuration

    private static void register(
            FileRegistry registry, TaggedUpstreams upstreams, RecordingUpstream grpc, RecordingUpstream webSocket) {
        registry.register(Registration.of("one", "one-1", REGION, upstreams.one()));
        registry.register(Registration.of("two", "two-1", REGION, upstreams.two()));
        registry.register(Registration.of("three", "three-1", REGION, upstreams.three()));
        registry.register(Registration.of("grpc", "grpc-1", REGION, grpc.port()));
        registry.register(Registration.of("ws", "ws-1", REGION, webSocket.port()));
        registry.register(Registration.of("away", "away-1", REGION, Ports.free()));
        String roomy = "limits: {connections: 10000, pending: 10000, requests: 10000, retries: 10000}";
        registry.write("policies", """
            policies:
              one: {%1$s}
              two: {protocol: http2, %1$s}
              three: {protocol: http2, %1$s}
              grpc: {protocol: grpc, %1$s}
            """.formatted(roomy));
    }

    /** An instance comes or goes, a route stands before all others or not, a header has another value; a listener comes or goes now and then. */
    private void change(FileRegistry registry, TaggedUpstreams upstreams, int port, int secondPort) {
        changes++;
        Registration spare = Registration.of("one", "one-2", REGION, upstreams.spare());
        if (changes % 2 == 0) {
            registry.register(spare);
        } else {
            registry.deregister(spare);
        }
        write(registry, port, secondPort);
    }

    private void write(FileRegistry registry, int port, int secondPort) {
        String second = changes / 8 % 2 == 0
                ? ""
                : "\n  - {name: second, port: " + secondPort + ", address: 127.0.0.1, nodes: gateway}";
        String first = changes % 2 == 0 ? "" : "\n  - {match: /only-when-odd, respond: {status: 200}}";
        registry.write("routes", """
            listeners:
              - {name: edge, port: %d, address: 127.0.0.1, nodes: gateway}%s
            routes:%s
              - {match: /one/short/**, to: one, timeout: 300ms}
              - {match: /two/short/**, to: two, timeout: 300ms, retry: {times: 5, on: [connect-failure, refused-stream, reset-before-request]}}
              - {match: /one/all/**, to: one, retry: {times: 5, on: [5xx, reset, connect-failure, refused-stream]}}
              - {match: /two/all/**, to: two, retry: {times: 5, on: [5xx, reset, connect-failure, refused-stream]}}
              - {match: /three/all/**, to: three, retry: {times: 5, on: [5xx, reset, connect-failure, refused-stream]}}
              - {match: /one/**, to: one, retry: {times: 5, on: [connect-failure, refused-stream, reset-before-request]}, headers: {response: {set: {x-change: "%d"}}}}
              - {match: /two/**, to: two, retry: {times: 5, on: [connect-failure, refused-stream, reset-before-request]}}
              - {match: /three/**, to: three, retry: {times: 5, on: [connect-failure, refused-stream, reset-before-request]}}
              - {match: /grpc/**, to: grpc}
              - {match: /ws, to: ws}
              - {match: /away, to: away}
              - {match: /answer, respond: {status: 200, body: here}}
            """.formatted(port, second, first, changes));
    }

    // --- the table

    private static String header() {
        StringBuilder header = new StringBuilder("  minute   requests");
        Arrays.stream(Series.values())
                .forEach(series -> header.append(String.format(
                        Locale.ROOT, "  %s", series.label() + (series.unit().isEmpty() ? "" : ", " + series.unit()))));
        return header.toString();
    }

    private static String line(Sample sample, int requests) {
        StringBuilder line = new StringBuilder(String.format(Locale.ROOT, "%8.1f %10d", sample.minute(), requests));
        for (Series series : Series.values()) {
            String head = series.label() + (series.unit().isEmpty() ? "" : ", " + series.unit());
            line.append(String.format(
                    Locale.ROOT, "  %" + head.length() + ".1f", sample.values().getOrDefault(series, 0.0)));
        }
        return line.toString();
    }
}
