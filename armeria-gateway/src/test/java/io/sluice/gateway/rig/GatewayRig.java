package io.sluice.gateway.rig;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.linecorp.armeria.common.util.EventLoopGroups;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.netty.channel.EventLoopGroup;
import io.sluice.gateway.accesslog.AccessLogParser;
import io.sluice.gateway.accesslog.LogSinks;
import io.sluice.gateway.cluster.ClusterSet;
import io.sluice.gateway.cluster.DnsResolver;
import io.sluice.gateway.compile.ConfigParser;
import io.sluice.gateway.compile.HttpConnectionManager.LocalNode;
import io.sluice.gateway.compile.HttpConnectionManagerParser;
import io.sluice.gateway.compile.ListenerParser;
import io.sluice.gateway.compile.RequestHeaderTestParser;
import io.sluice.gateway.filter.router.RouterFilterParser;
import io.sluice.gateway.listener.Listeners;
import io.sluice.gateway.listener.Overload;
import io.sluice.gateway.secret.DataSourceParser;
import io.sluice.gateway.secret.TlsContextParser;
import io.sluice.gateway.tracing.Tracing;
import io.sluice.gateway.upstream.BufferedHttpCalls;
import io.sluice.gateway.upstream.HealthProbes;
import io.sluice.gateway.upstream.HttpCalls;
import io.sluice.gateway.upstream.PooledUpstream;
import io.sluice.gateway.xds.BootstrapParser;
import io.sluice.gateway.xds.ConfigSink;
import io.sluice.gateway.xds.Problems;
import io.sluice.gateway.xds.Resources;
import io.sluice.gateway.xds.SupportMatrix;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;

/** The data plane of a gateway in this process, configured by the same bootstraps that start the program, and changed under way. */
public final class GatewayRig implements AutoCloseable {
    private static final SupportMatrix MATRIX = SupportMatrix.load();

    private final Path folder;
    private final EventLoopGroup workers = EventLoopGroups.newEventLoopGroup(1, "rig-worker", true);
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(
            task -> Thread.ofPlatform().daemon().unstarted(task));
    private final PrometheusMeterRegistry metrics = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final HealthProbes probe = new HealthProbes(workers);
    private final Map<String, List<InetAddress>> names = new ConcurrentHashMap<>();
    private final ClusterSet clusters;
    private final PooledUpstream upstream = new PooledUpstream(metrics);
    private final AtomicReference<Double> memory = new AtomicReference<>(0.0);
    private final Overload overload = new Overload(1000, memory::get, metrics);
    private final Listeners listeners = new Listeners(workers, Tracing.OFF, metrics, overload, Duration.ofSeconds(10));
    private final LogSinks sinks = new LogSinks(metrics);
    private Map<String, String> failed = Map.of();

    private GatewayRig(Path folder) {
        this.folder = folder;
        DnsResolver dns = (host, result) -> result.accept(names.getOrDefault(host, List.of()));
        clusters = new ClusterSet(probe, dns, timer, System::nanoTime);
    }

    public static GatewayRig start() {
        try {
            return new GatewayRig(Files.createTempDirectory("rig"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** One listener named {@code edge} whose virtual host has these routes, in YAML's flow style. */
    public GatewayRig configure(String routes, String... clusterMessages) {
        return configure(List.of(new Edge("edge", 0, routes, "")), clusterMessages);
    }

    /** @param options further fields of the connection manager: {@code normalize_path: true, merge_slashes: true} */
    public record Edge(String name, int port, String routes, String options) {}

    public GatewayRig configure(List<Edge> edges, String... clusterMessages) {
        List<String> messages = new ArrayList<>();
        for (Edge edge : edges) {
            messages.add("""
                {name: %s, address: {socket_address: {address: 127.0.0.1, port_value: %d}}, filter_chains: [{filters: [{name: hcm, typed_config: {
                  "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager,
                  stat_prefix: %s, upgrade_configs: [{upgrade_type: websocket}], %s%s
                  route_config: {virtual_hosts: [{name: all, domains: ["*"], routes: [%s]}]},
                  access_log: [{name: file, typed_config: {"@type": type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog,
                    path: "%s", log_format: {text_format_source: {inline_string: "%s\\n"}}}}],
                  http_filters: [{name: router, typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}}]
                }}]}]}\
                """.formatted(
                            edge.name(),
                            edge.port(),
                            edge.name(),
                            edge.options(),
                            edge.options().isEmpty() ? "" : ",",
                            edge.routes(),
                            logFile(),
                            "%REQ(:METHOD)% %REQ(:PATH)% %RESPONSE_CODE% %RESPONSE_FLAGS% %RESPONSE_CODE_DETAILS%"));
        }
        publish("static_resources: {listeners: [%s], clusters: [%s]}"
                .formatted(String.join(",\n", messages), String.join(",\n", clusterMessages)));
        return this;
    }

    /** A whole bootstrap, in YAML. */
    public void publish(String bootstrap) {
        Problems problems = Problems.of("bootstrap");
        Resources statics;
        try {
            Path file = Files.writeString(folder.resolve("bootstrap.yaml"), bootstrap);
            statics = BootstrapParser.parse(file, "", "", MATRIX, problems)
                    .orElseThrow()
                    .statics();
            assertThat(problems.list()).as(bootstrap).isEmpty();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        RequestHeaderTestParser headerTests = new RequestHeaderTestParser();
        ListenerParser parser = new ListenerParser(
                new HttpConnectionManagerParser(
                        List.of(new RouterFilterParser(clusters, upstream)),
                        new AccessLogParser(sinks, headerTests),
                        false,
                        new LocalNode("rig", "rigs")),
                new TlsContextParser(new DataSourceParser(List.of())));
        ConfigParser config =
                new ConfigParser(statics, parser, new TlsContextParser(new DataSourceParser(List.of())), compiled -> {
                    upstream.secrets(compiled.secrets());
                    clusters.update(compiled.clusters(), compiled.assignments());
                    failed = listeners.update(compiled.listeners(), compiled.secrets());
                    return failed;
                });
        ConfigSink.Candidate candidate = config.compile(new Resources(), Set.of());
        assertThat(candidate.refused()).as(bootstrap).isEmpty();
        config.publish(candidate);
    }

    /** A cluster {@code up} of these ports, speaking HTTP/1. */
    public static String http1(int... ports) {
        return cluster("", ports);
    }

    public static String http2(int... ports) {
        return cluster(HTTP2, ports);
    }

    public static final String HTTP2 = """
        typed_extension_protocol_options: {envoy.extensions.upstreams.http.v3.HttpProtocolOptions: {
          "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions, explicit_http_config: {http2_protocol_options: {}}}}\
        """;

    /** @param options further fields of the cluster {@code up} */
    public static String cluster(String options, int... ports) {
        Deque<String> endpoints = new ArrayDeque<>();
        IntStream.of(ports).forEach(port -> endpoints.add(endpoint(port)));
        return "{name: up, type: STATIC, connect_timeout: 5s, %s%s load_assignment: {cluster_name: up, endpoints: [{lb_endpoints: [%s]}]}}"
                .formatted(options, options.isEmpty() ? "" : ",", String.join(", ", endpoints));
    }

    public static String endpoint(int port) {
        return "{endpoint: {address: {socket_address: {address: 127.0.0.1, port_value: %d}}}}".formatted(port);
    }

    /** What a name means from the next look-up on. */
    public void name(String host, String... addresses) {
        List<InetAddress> found = new ArrayList<>();
        for (String address : addresses) {
            try {
                found.add(InetAddress.getByName(address));
            } catch (UnknownHostException e) {
                throw new IllegalArgumentException(address, e);
            }
        }
        names.put(host, found);
    }

    public int port() {
        return port("edge");
    }

    public int port(String listener) {
        return listeners.port(listener).orElseThrow(() -> new AssertionError(listener + " is not open: " + failed));
    }

    /** Of the last configuration. */
    public Map<String, String> failed() {
        return failed;
    }

    public HttpCalls httpCalls() {
        return new BufferedHttpCalls(upstream, clusters, workers);
    }

    public ClusterSet clusters() {
        return clusters;
    }

    public PrometheusMeterRegistry metrics() {
        return metrics;
    }

    /** What the process would find the next time it looks at its memory: a share, 0 to 1. */
    public void memory(double share) {
        memory.set(share);
        if (overload.look()) {
            listeners.closeIdle();
        }
    }

    public Listeners listeners() {
        return listeners;
    }

    /** The access log's line of a request whose path is this, once it is written: {@code GET /a 200 - via_upstream}. */
    public String logged(String path) {
        return await()
                .pollInterval(Duration.ofMillis(5))
                .until(
                        () -> Files.exists(logFile()) ? Files.readAllLines(logFile()) : List.<String>of(),
                        lines -> lines.stream().anyMatch(line -> line.split(" ")[1].equals(path)))
                .stream()
                .filter(line -> line.split(" ")[1].equals(path))
                .reduce((first, last) -> last)
                .orElseThrow();
    }

    private Path logFile() {
        return folder.resolve("access.log");
    }

    @Override
    public void close() {
        listeners.drain(Duration.ZERO);
        upstream.close();
        clusters.close();
        probe.close();
        sinks.close();
        timer.shutdownNow();
        workers.shutdownGracefully(0, 1, TimeUnit.SECONDS);
        LeakDetector.assertNothingLeaked();
    }
}
