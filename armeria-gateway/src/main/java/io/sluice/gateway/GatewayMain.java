package io.sluice.gateway;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import com.linecorp.armeria.common.util.EventLoopGroups;
import com.linecorp.armeria.server.Server;
import io.micrometer.core.instrument.composite.CompositeMeterRegistry;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.netty.channel.EventLoopGroup;
import io.sluice.gateway.accesslog.AccessLogParser;
import io.sluice.gateway.accesslog.LogSinks;
import io.sluice.gateway.admin.AdminPages;
import io.sluice.gateway.admin.AdminServer;
import io.sluice.gateway.admin.ExplainPage;
import io.sluice.gateway.admin.ProcessMeters;
import io.sluice.gateway.cluster.ClusterGauges;
import io.sluice.gateway.cluster.ClusterSet;
import io.sluice.gateway.cluster.DnsResolver;
import io.sluice.gateway.cluster.SystemDnsResolver;
import io.sluice.gateway.cluster.health.HealthProbe;
import io.sluice.gateway.compile.CompiledListener;
import io.sluice.gateway.compile.ConfigParser;
import io.sluice.gateway.compile.HttpConnectionManager.LocalNode;
import io.sluice.gateway.compile.HttpConnectionManagerParser;
import io.sluice.gateway.compile.ListenerParser;
import io.sluice.gateway.compile.RequestHeaderTestParser;
import io.sluice.gateway.endpoint.Locality;
import io.sluice.gateway.listener.Listeners;
import io.sluice.gateway.listener.MemoryPressure;
import io.sluice.gateway.listener.Overload;
import io.sluice.gateway.listener.RequestExplainer;
import io.sluice.gateway.ratelimit.HazelcastLedger;
import io.sluice.gateway.ratelimit.LimitTable;
import io.sluice.gateway.ratelimit.LimiterPolicy;
import io.sluice.gateway.ratelimit.LimitsFile;
import io.sluice.gateway.ratelimit.MemberSettings;
import io.sluice.gateway.ratelimit.RateLimiter;
import io.sluice.gateway.ratelimit.SharedRateLimiter;
import io.sluice.gateway.ratelimit.service.RateLimitService;
import io.sluice.gateway.secret.CertificateExpiry;
import io.sluice.gateway.secret.DataSourceParser;
import io.sluice.gateway.secret.TlsContextParser;
import io.sluice.gateway.settings.GatewaySettings;
import io.sluice.gateway.settings.GatewaySettings.HostPort;
import io.sluice.gateway.settings.SettingsException;
import io.sluice.gateway.settings.SettingsReader;
import io.sluice.gateway.tracing.Tracing;
import io.sluice.gateway.tracing.ZipkinTracing;
import io.sluice.gateway.upstream.BufferedHttpCalls;
import io.sluice.gateway.upstream.GrpcStreams;
import io.sluice.gateway.upstream.HealthProbes;
import io.sluice.gateway.upstream.PooledUpstream;
import io.sluice.gateway.xds.AdsClient;
import io.sluice.gateway.xds.BootstrapParser;
import io.sluice.gateway.xds.ConfigSink;
import io.sluice.gateway.xds.LastGood;
import io.sluice.gateway.xds.Problems;
import io.sluice.gateway.xds.ResourceKey;
import io.sluice.gateway.xds.Resources;
import io.sluice.gateway.xds.SupportMatrix;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Scanner;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/**
 * A data-plane node: wiring in the order of the flow. Exit code 2 for a wrong setting, 1 for a configuration that cannot be used, 0 after a stop by
 * signal.
 */
public final class GatewayMain {
    private static final int REFUSED = 1;
    private static final int WRONG_USAGE = 2;

    /** For closing what is cut off when the drain time is over. */
    private static final Duration CLOSE_TIME = Duration.ofSeconds(5);

    /** As often as Envoy's edge guide looks. */
    private static final Duration OVERLOAD_LOOK = Duration.ofMillis(250);

    private static final Duration SPANS_WAIT = Duration.ofMillis(500);

    private static final org.slf4j.Logger log = LoggerFactory.getLogger(GatewayMain.class);

    /** Where nothing is served, endpoints count as well and names as unknown. */
    private static final HealthProbe NOBODY_IS_CHECKED =
            (endpoint, policy, result) -> result.accept(HealthProbe.Result.PASSED);

    private static final DnsResolver NOBODY_IS_RESOLVED = (name, result) -> result.accept(List.of());

    private final GatewaySettings settings;
    private final PrometheusMeterRegistry metrics = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final Deque<AutoCloseable> open = new ArrayDeque<>();
    private Runnable draining = () -> {};
    private Supplier<CompletableFuture<Void>> drain = () -> CompletableFuture.completedFuture(null);
    private @Nullable CompletableFuture<Void> drained;

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
        } catch (RefusedException e) {
            System.err.println(e.getMessage());
            System.exit(REFUSED);
        }
    }

    private void run() {
        Logger root = (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
        root.setLevel(settings.serves() ? Level.INFO : Level.WARN);
        if (settings.limiterOnly()) {
            limitServer();
        } else {
            gateway();
        }
        Runtime.getRuntime().addShutdownHook(new Thread(this::shutDown, "sluice-stop"));
    }

    /** {@code --role=ratelimit}: no listeners, no xDS; the limiter, its service and the admin pages. */
    private void limitServer() {
        Optional<RateLimiter> limiter = settings.limiterPort().map(this::limiter);
        serve(new AdminServer(
                settings.admin().orElse(GatewaySettings.DEFAULT_ADMIN),
                metrics,
                AdminPages.ofLimitServer(),
                this::drainInBackground));
        settings.rlsPort().ifPresent(port -> rateLimitService(port, limiter));
    }

    private void gateway() {
        SupportMatrix matrix = SupportMatrix.load();
        Problems problems = Problems.of(
                settings.bootstrap().map(file -> "bootstrap " + file).orElse("bootstrap"));
        Optional<BootstrapParser.Start> read = settings.bootstrap().isPresent()
                ? BootstrapParser.parse(
                        settings.bootstrap().get(), settings.nodeId(), settings.region(), matrix, problems)
                : settings.xds().map(server -> BootstrapParser.of(settings, server, matrix, problems));
        BootstrapParser.Start start = read.orElseThrow(() -> refused(problems.list()));

        EventLoopGroup workers = EventLoopGroups.newEventLoopGroup(
                Math.max(1, Runtime.getRuntime().availableProcessors()), "sluice-worker", true);
        ProcessMeters.register(metrics, workers);
        ScheduledExecutorService timer = daemon("sluice-timer");
        ExecutorService blocking = Executors.newCachedThreadPool(
                task -> Thread.ofPlatform().daemon().name("sluice-blocking").unstarted(task));

        Tracing tracing = settings.serves() ? tracing() : Tracing.OFF;
        Optional<RateLimiter> limiter =
                settings.serves() ? settings.limiterPort().map(this::limiter) : limiterToValidate();
        ClusterSet clusters = new ClusterSet(
                settings.serves() ? new HealthProbes(workers) : NOBODY_IS_CHECKED,
                settings.serves() ? new SystemDnsResolver(blocking, workers) : NOBODY_IS_RESOLVED,
                timer,
                System::nanoTime,
                new Locality(start.region(), start.zone(), start.subZone()),
                start.zoneAwareCluster());
        ClusterGauges gauges = new ClusterGauges(metrics);
        PooledUpstream upstream = new PooledUpstream(metrics);
        GrpcStreams calls = new GrpcStreams(upstream, clusters, workers);
        Overload overload = new Overload(settings.maxConnections(), new MemoryPressure(), metrics);
        Listeners listeners = new Listeners(workers, tracing, metrics, overload, settings.headersTimeout());
        timer.scheduleWithFixedDelay(
                () -> {
                    if (overload.look()) {
                        listeners.closeIdle();
                    }
                },
                OVERLOAD_LOOK.toMillis(),
                OVERLOAD_LOOK.toMillis(),
                TimeUnit.MILLISECONDS);

        LogSinks sinks = new LogSinks(metrics);
        RequestHeaderTestParser headerTests = new RequestHeaderTestParser();
        TlsContextParser tls = new TlsContextParser(
                new DataSourceParser(settings.secretFolders()), settings.requireUpstreamVerification());
        CertificateExpiry expiry = new CertificateExpiry(metrics, InstantSource.system());
        ListenerParser listenerParser = new ListenerParser(
                new HttpConnectionManagerParser(
                        HttpFilters.all(
                                clusters,
                                upstream,
                                calls,
                                new BufferedHttpCalls(upstream, clusters, workers),
                                limiter,
                                headerTests,
                                start.localCluster(),
                                metrics),
                        new AccessLogParser(sinks, headerTests),
                        settings.zipkinUrl().isPresent(),
                        new LocalNode(start.nodeId(), start.localCluster())),
                tls);
        AtomicReference<List<CompiledListener>> explained = new AtomicReference<>(List.of());
        ConfigParser config = new ConfigParser(start.statics(), listenerParser, tls, compiled -> {
            upstream.secrets(compiled.secrets());
            expiry.update(compiled.certificates());
            clusters.update(compiled.clusters(), compiled.assignments());
            gauges.update(clusters.all());
            if (!settings.serves()) {
                explained.set(compiled.listeners());
                return Map.of();
            }
            return listeners.update(compiled.listeners(), compiled.secrets());
        });
        ConfigSink.Candidate statics = config.compile(new Resources(), Set.of());
        statics.refused().values().forEach(problems::add);
        if (problems.any()) {
            throw refused(problems.list());
        }
        switch (settings.mode()) {
            case SERVE -> {}
            case VALIDATE -> {
                System.out.println("configuration OK");
                System.exit(0);
            }
            case EXPLAIN -> {
                config.publish(statics);
                explain(new ExplainPage(new RequestExplainer(explained::get, clusters)));
                System.exit(0);
            }
        }

        ScheduledExecutorService xds = daemon("sluice-xds");
        Optional<AdsClient> ads = start.adsCluster()
                .map(cluster -> new AdsClient(
                        new GrpcAdsTransport(calls, cluster, start.adsMetadata()),
                        !settings.fullState() && !start.fullState(),
                        start,
                        config,
                        matrix,
                        new LastGood(settings.configCache().orElse(null), blocking),
                        metrics,
                        xds,
                        InstantSource.system(),
                        new SecureRandom()));
        AtomicBoolean staticsLive = new AtomicBoolean();
        settings.admin()
                .or(start::admin)
                .ifPresent(address -> serve(new AdminServer(
                        address,
                        metrics,
                        new AdminPages(start, clusters, listeners, staticsLive::get, ads.map(client -> client::view)),
                        this::drainInBackground)));
        Map<ResourceKey, String> failed = config.publish(statics);
        if (!failed.isEmpty()) {
            throw refused(List.copyOf(failed.values()));
        }
        staticsLive.set(true);
        settings.rlsPort().ifPresent(port -> rateLimitService(port, limiter));
        ads.ifPresent(AdsClient::start);
        drain = () -> listeners.drain(settings.drainTime());
        open.push(sinks);
        open.push(upstream);
    }

    /** A question a line on standard input, an answer a line on standard output. */
    private static void explain(ExplainPage page) {
        Scanner questions = new Scanner(System.in, StandardCharsets.UTF_8);
        while (questions.hasNextLine()) {
            System.out.println(page.line(questions.nextLine()));
        }
    }

    /** What makes a configuration unusable, a line each. */
    private static final class RefusedException extends RuntimeException {
        private static final long serialVersionUID = 1;

        RefusedException(List<String> problems) {
            super(String.join("\n", problems));
        }
    }

    private static RefusedException refused(List<String> problems) {
        return new RefusedException(problems);
    }

    /** Validating starts no member; that there would be one matters to what is validated. */
    private Optional<RateLimiter> limiterToValidate() {
        return settings.limiterPort().map(port -> (domain, descriptors, hits) -> {
            throw new IllegalStateException("only validating");
        });
    }

    private Tracing tracing() {
        return settings.zipkinUrl().<Tracing>map(this::zipkin).orElse(Tracing.OFF);
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
        SharedRateLimiter limiter = SharedRateLimiter.start(
                limits(), ledger, LimiterPolicy.DEFAULT.withDeadline(settings.limiterDeadline()), metrics);
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
        RateLimiter engine = limiter.orElseThrow(); // the settings demand it beside its service
        var builder = Server.builder()
                .http(new InetSocketAddress(settings.rlsAddress(), port))
                .meterRegistry(new CompositeMeterRegistry())
                .gracefulShutdownTimeoutMillis(0, 0);
        new RateLimitService(engine, metrics).addTo(builder);
        Server server = builder.build();
        listen(server, "rls-port", new HostPort(settings.rlsAddress(), port));
    }

    private void serve(AdminServer admin) {
        try {
            admin.start();
            open.push(admin);
            draining = admin::draining;
        } catch (CompletionException e) {
            throw cannotListen("admin-port", admin.address(), e);
        }
    }

    private void listen(Server server, String setting, HostPort address) {
        try {
            server.start().join();
            open.push(server::stop); // as with the admin pages
        } catch (CompletionException e) {
            throw cannotListen(setting, address, e);
        }
    }

    private static SettingsException cannotListen(String setting, HostPort address, CompletionException e) {
        return new SettingsException(setting + ": " + address + " cannot be had: "
                + (e.getCause() == null ? e : e.getCause()).getMessage() + " (expected: a free port)");
    }

    private void drainInBackground() {
        Thread.ofPlatform().name("sluice-drain").start(this::drained);
    }

    /** Begins once, whoever asks first. */
    private synchronized CompletableFuture<Void> drained() {
        if (drained == null) {
            log.info("draining limit={}", settings.drainTime());
            draining.run();
            drained = drain.get();
        }
        return drained;
    }

    /** Lets what is under way finish, then flushes what was written behind the requests. */
    private void shutDown() {
        try {
            drained().get(settings.drainTime().plus(CLOSE_TIME).toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException e) {
            log.warn("drain incomplete reason={}", String.valueOf(e.getMessage()));
        }
        while (!open.isEmpty()) {
            try {
                open.pop().close();
            } catch (Exception e) {
                log.warn("not closed cleanly reason={}", String.valueOf(e.getMessage()));
            }
        }
        log.info("stopped");
        System.err.flush();
        Runtime.getRuntime().halt(0);
    }

    private static ScheduledExecutorService daemon(String name) {
        return Executors.newSingleThreadScheduledExecutor(
                task -> Thread.ofPlatform().daemon().name(name).unstarted(task));
    }
}
