package io.sluice.gateway;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import com.linecorp.armeria.common.util.EventLoopGroups;
import com.linecorp.armeria.server.Server;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.netty.channel.EventLoopGroup;
import io.sluice.gateway.accesslog.AccessLogParser;
import io.sluice.gateway.accesslog.LogSinks;
import io.sluice.gateway.admin.AdminServer;
import io.sluice.gateway.cluster.ClusterSet;
import io.sluice.gateway.cluster.SystemDnsResolver;
import io.sluice.gateway.compile.ConfigParser;
import io.sluice.gateway.compile.HttpConnectionManagerParser;
import io.sluice.gateway.compile.ListenerParser;
import io.sluice.gateway.compile.RequestHeaderTestParser;
import io.sluice.gateway.listener.Listeners;
import io.sluice.gateway.ratelimit.HazelcastLedger;
import io.sluice.gateway.ratelimit.LimitTable;
import io.sluice.gateway.ratelimit.LimiterPolicy;
import io.sluice.gateway.ratelimit.LimitsFile;
import io.sluice.gateway.ratelimit.MemberSettings;
import io.sluice.gateway.ratelimit.RateLimiter;
import io.sluice.gateway.ratelimit.SharedRateLimiter;
import io.sluice.gateway.ratelimit.service.RateLimitService;
import io.sluice.gateway.settings.GatewaySettings;
import io.sluice.gateway.settings.GatewaySettings.HostPort;
import io.sluice.gateway.settings.SettingsException;
import io.sluice.gateway.settings.SettingsReader;
import io.sluice.gateway.tracing.Tracing;
import io.sluice.gateway.tracing.ZipkinTracing;
import io.sluice.gateway.upstream.GrpcStreams;
import io.sluice.gateway.upstream.HttpHealthProbe;
import io.sluice.gateway.upstream.PooledUpstream;
import io.sluice.gateway.xds.AdsClient;
import io.sluice.gateway.xds.BootstrapParser;
import io.sluice.gateway.xds.ConfigSink;
import io.sluice.gateway.xds.LastGood;
import io.sluice.gateway.xds.Problems;
import io.sluice.gateway.xds.Resources;
import io.sluice.gateway.xds.SupportMatrix;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.slf4j.LoggerFactory;

/** A data-plane node: wiring in the order of the flow. Exit code 2 for a wrong setting, 1 for a configuration that cannot be used. */
public final class GatewayMain {
    private static final int WRONG_USAGE = 2;
    private static final Duration SPANS_WAIT = Duration.ofMillis(500);

    private final GatewaySettings settings;
    private final PrometheusMeterRegistry metrics = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final Deque<AutoCloseable> open = new ArrayDeque<>();
    private Runnable stop = () -> {};

    private GatewayMain(GatewaySettings settings) {
        this.settings = settings;
    }

    public static void main(String[] args) {
        if (List.of(args).contains("--help")) {
            System.out.print(SettingsReader.help());
            return;
        }
        try {
            new GatewayMain(SettingsReader.read(List.of(args), System.getenv())).run();
        } catch (SettingsException e) {
            System.err.println("gateway: " + e.getMessage());
            System.exit(WRONG_USAGE);
        }
    }

    private void run() {
        Logger root = (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
        root.setLevel(settings.validate() ? Level.WARN : Level.INFO);
        SupportMatrix matrix = SupportMatrix.load();
        Optional<BootstrapParser.Start> start = bootstrap(matrix);

        EventLoopGroup workers = EventLoopGroups.newEventLoopGroup(
                Math.max(1, Runtime.getRuntime().availableProcessors()), "sluice-worker", true);
        ScheduledExecutorService timer = daemon("sluice-timer");
        ExecutorService blocking = Executors.newCachedThreadPool(
                task -> Thread.ofPlatform().daemon().name("sluice-blocking").unstarted(task));

        Tracing tracing = settings.zipkin().<Tracing>map(this::zipkin).orElse(Tracing.OFF);
        Optional<RateLimiter> limiter = settings.limiterPort().map(this::limiter);
        HttpHealthProbe probe = new HttpHealthProbe(workers);
        ClusterSet clusters = new ClusterSet(probe, new SystemDnsResolver(blocking), timer, System::nanoTime);
        PooledUpstream upstream = new PooledUpstream(metrics);
        GrpcStreams calls = new GrpcStreams(upstream, clusters, workers);
        Listeners listeners = new Listeners(workers, tracing, metrics);

        LogSinks sinks = new LogSinks(metrics);
        RequestHeaderTestParser headerTests = new RequestHeaderTestParser();
        ListenerParser listenerParser = new ListenerParser(new HttpConnectionManagerParser(
                HttpFilters.all(
                        clusters,
                        upstream,
                        calls,
                        limiter,
                        headerTests,
                        start.map(BootstrapParser.Start::localCluster).orElse(""),
                        metrics),
                new AccessLogParser(sinks, headerTests),
                settings.zipkin().isPresent()));
        Map<String, String> shut = new HashMap<>();
        ConfigParser config = new ConfigParser(
                start.map(BootstrapParser.Start::statics).orElseGet(Resources::new), listenerParser, compiled -> {
                    clusters.update(compiled.clusters(), compiled.assignments());
                    shut.putAll(listeners.update(compiled.listeners()));
                });
        ConfigSink.Candidate statics = config.compile(new Resources(), Set.of());
        if (!statics.refused().isEmpty()) {
            statics.refused().values().forEach(System.err::println);
            System.exit(1);
        }
        if (settings.validate()) {
            System.out.println("configuration OK");
            System.exit(0);
        }
        config.publish(statics);
        if (!shut.isEmpty()) {
            shut.forEach((name, reason) -> System.err.println("gateway: listener '" + name + "': " + reason));
            System.exit(1);
        }
        ScheduledExecutorService xds = daemon("sluice-xds");
        Optional<AdsClient> ads = start.flatMap(from -> from.adsCluster()
                .map(cluster -> new AdsClient(
                        new GrpcAdsTransport(calls, cluster),
                        !settings.fullState() && !BootstrapParser.asksForFullState(from),
                        from,
                        config,
                        matrix,
                        new LastGood(settings.configCache().orElse(null), blocking),
                        xds)));
        AdminServer admin = new AdminServer(
                start.flatMap(BootstrapParser.Start::admin)
                        .filter(address -> settings.bootstrap().isPresent())
                        .orElse(settings.admin()),
                metrics,
                clusters,
                ads.<Supplier<AdsClient.View>>map(client -> client::view),
                this::drainInBackground);
        begin(admin);
        settings.rlsPort().ifPresent(port -> rateLimitService(port, limiter));
        ads.ifPresent(AdsClient::start);

        stop = () -> {
            admin.draining();
            try {
                listeners
                        .drain(settings.drainTime())
                        .get(settings.drainTime().toMillis() + 5_000, TimeUnit.MILLISECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } catch (java.util.concurrent.ExecutionException | java.util.concurrent.TimeoutException e) {
                LoggerFactory.getLogger(GatewayMain.class)
                        .warn("drain incomplete reason={}", String.valueOf(e.getMessage()));
            }
        };
        open.push(sinks);
        open.push(upstream);
        Runtime.getRuntime().addShutdownHook(new Thread(this::shutDown, "sluice-stop"));
    }

    private Optional<BootstrapParser.Start> bootstrap(SupportMatrix matrix) {
        Problems problems = Problems.of(
                settings.bootstrap().map(file -> "bootstrap " + file).orElse("bootstrap"));
        Optional<BootstrapParser.Start> start = settings.bootstrap().isPresent()
                ? BootstrapParser.parse(settings.bootstrap().get(), matrix, problems)
                : settings.xds().flatMap(server -> BootstrapParser.of(settings, server, matrix, problems));
        if (problems.any()) {
            problems.list().forEach(System.err::println);
            System.exit(1);
        }
        return start;
    }

    private Tracing zipkin(java.net.URI collector) {
        String name = settings.nodeId().isEmpty() ? "gateway" : settings.nodeId();
        ZipkinTracing tracing =
                ZipkinTracing.reportTo(collector, name, ZipkinTracing.DEFAULT_FORMATS, SPANS_WAIT, metrics);
        open.push(tracing);
        return tracing;
    }

    private RateLimiter limiter(int port) {
        List<String> members = new ArrayList<>(settings.limiterMembers());
        String own = settings.limiterAddress() + ":" + port;
        if (!members.contains(own)) {
            members.add(own);
        }
        String cluster = settings.region().isEmpty() ? "sluice" : "sluice-" + settings.region();
        HazelcastLedger ledger = HazelcastLedger.start(new MemberSettings(
                cluster, settings.limiterAddress(), port, members, MemberSettings.DEFAULT_HEARTBEAT_TIMEOUT));
        open.push(ledger);
        SharedRateLimiter limiter = SharedRateLimiter.start(limits(), ledger, LimiterPolicy.DEFAULT, metrics);
        open.push(limiter);
        return limiter;
    }

    private Supplier<LimitTable> limits() {
        if (settings.limits().isEmpty()) {
            return () -> LimitTable.SELF_DESCRIBED;
        }
        try {
            LimitsFile file = LimitsFile.open(settings.limits().get());
            open.push(file);
            return file;
        } catch (IOException | IllegalArgumentException e) {
            throw new SettingsException("limits: " + settings.limits().get() + ": " + e.getMessage());
        }
    }

    private void rateLimitService(int port, Optional<RateLimiter> limiter) {
        RateLimiter engine = limiter.orElseThrow(() ->
                new SettingsException("rls-port: this node is no limiter member (expected: limiter-port beside it)"));
        var builder = Server.builder()
                .http(new InetSocketAddress(settings.rlsAddress(), port))
                .gracefulShutdownTimeoutMillis(0, 0);
        new RateLimitService(engine, metrics).addTo(builder);
        Server server = builder.build();
        listen(server, "rls-port", new HostPort(settings.rlsAddress(), port));
    }

    private void begin(AdminServer admin) {
        try {
            admin.start();
            open.push(admin);
        } catch (CompletionException e) {
            throw cannotListen("admin-port", admin.address(), e);
        }
    }

    private void listen(Server server, String setting, HostPort address) {
        try {
            server.start().join();
            open.push(() -> server.stop().join());
        } catch (CompletionException e) {
            throw cannotListen(setting, address, e);
        }
    }

    private static SettingsException cannotListen(String setting, HostPort address, CompletionException e) {
        return new SettingsException(setting + ": " + address + " cannot be had: "
                + (e.getCause() == null ? e : e.getCause()).getMessage() + " (expected: a free port)");
    }

    private void drainInBackground() {
        Thread.ofPlatform().name("sluice-drain").start(stop);
    }

    /** Lets what is under way finish, then flushes what was written behind the requests. */
    private void shutDown() {
        stop.run();
        while (!open.isEmpty()) {
            try {
                open.pop().close();
            } catch (Exception e) {
                LoggerFactory.getLogger(GatewayMain.class)
                        .warn("not closed cleanly reason={}", String.valueOf(e.getMessage()));
            }
        }
    }

    private static ScheduledExecutorService daemon(String name) {
        return Executors.newSingleThreadScheduledExecutor(
                task -> Thread.ofPlatform().daemon().name(name).unstarted(task));
    }
}
