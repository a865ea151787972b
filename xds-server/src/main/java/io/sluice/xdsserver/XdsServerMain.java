package io.sluice.xdsserver;

import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.sluice.sync.CatalogSources;
import io.sluice.sync.source.CatalogSource;
import io.sluice.xdsserver.admin.AdminServer;
import io.sluice.xdsserver.command.Commands;
import io.sluice.xdsserver.secret.CertificateFiles;
import io.sluice.xdsserver.settings.HostPort;
import io.sluice.xdsserver.settings.SettingsException;
import io.sluice.xdsserver.settings.SettingsReader;
import io.sluice.xdsserver.settings.XdsSettings;
import io.sluice.xdsserver.snapshot.LastGoodCatalog;
import io.sluice.xdsserver.snapshot.SnapshotPublisher;
import io.sluice.xdsserver.stream.AdsServer;
import io.sluice.xdsserver.stream.AdsService;
import io.sluice.xdsserver.stream.Clients;
import io.sluice.xdsserver.translate.CatalogTranslator;
import io.sluice.xdsserver.translate.NodeSettings;
import java.time.Clock;
import java.time.Duration;
import java.util.Deque;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The control plane: wiring in the order of the flow. Exit code 2 for a wrong setting. */
public final class XdsServerMain {
    private static final Logger log = LoggerFactory.getLogger(XdsServerMain.class);
    private static final int WRONG_USAGE = 2;
    private static final Duration STOP = Duration.ofSeconds(1);

    private final XdsSettings settings;
    private final Deque<AutoCloseable> open = new ConcurrentLinkedDeque<>();

    private XdsServerMain(XdsSettings settings) {
        this.settings = settings;
    }

    public static void main(String[] args) {
        try {
            OptionalInt answered = Commands.run(List.of(args), System.getenv(), System.out);
            if (answered.isPresent()) {
                System.exit(answered.getAsInt());
            }
            if (List.of(args).contains("--help")) {
                System.out.print(Commands.HELP + SettingsReader.help());
                return;
            }
            new XdsServerMain(SettingsReader.read(List.of(args), System.getenv())).run();
        } catch (SettingsException e) {
            System.err.println("xds-server: " + e.getMessage());
            System.exit(WRONG_USAGE);
        }
    }

    private void run() {
        Clock clock = Clock.systemUTC();
        PrometheusMeterRegistry metrics = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        ExecutorService publishing = Executors.newSingleThreadExecutor(
                task -> Thread.ofPlatform().daemon().name("sluice-snapshots").unstarted(task));

        CatalogSource source = source();
        NodeSettings nodes = NodeSettings.of(settings);
        SnapshotPublisher snapshots = new SnapshotPublisher(
                group -> new CatalogTranslator(nodes, group)::translate, publishing, clock, metrics);
        ScheduledExecutorService disk = Executors.newSingleThreadScheduledExecutor(
                task -> Thread.ofPlatform().daemon().name("sluice-disk").unstarted(task));
        CatalogWatch catalogs = new CatalogWatch(
                source,
                snapshots,
                new CertificateFiles(source.name(), settings.secretFolders(), clock),
                settings.catalogCache().map(folder -> new LastGoodCatalog(folder, disk)),
                disk);
        Clients clients = new Clients();
        AdsServer ads = new AdsServer(
                settings.ads(),
                new AdsService(snapshots, clients, metrics, clock, settings.identifier(), settings.maxResponseBytes()));
        AdminServer admin = new AdminServer(settings.admin(), metrics, catalogs, clients);

        begin("admin-port", settings.admin(), admin::start, admin);
        begin("port", settings.ads(), ads::start, ads);
        Runtime.getRuntime().addShutdownHook(new Thread(this::shutDown, "sluice-stop"));
        open.push(catalogs);
        catalogs.start();
        log.info("started source={} xds={} admin={}", source.name(), ads.address(), admin.address());
    }

    private CatalogSource source() {
        try {
            return CatalogSources.create(settings.source());
        } catch (IllegalArgumentException e) {
            throw new SettingsException(String.valueOf(e.getMessage()));
        }
    }

    private void begin(String setting, HostPort address, Runnable start, AutoCloseable server) {
        try {
            start.run();
            open.push(server);
        } catch (CompletionException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            throw new SettingsException(
                    setting + ": cannot listen on " + address + ": " + cause.getMessage() + " (expected: a free port)");
        }
    }

    /** Streams end at once, but a server takes seconds to let go of threads that end with the process anyway. */
    private void shutDown() {
        Thread closing = Thread.ofPlatform().daemon().name("sluice-close").start(this::close);
        try {
            closing.join(STOP);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        log.info("stopped");
    }

    private void close() {
        while (!open.isEmpty()) {
            try {
                open.pop().close();
            } catch (Exception e) {
                log.warn("not closed cleanly reason={}", String.valueOf(e.getMessage()));
            }
        }
    }
}
