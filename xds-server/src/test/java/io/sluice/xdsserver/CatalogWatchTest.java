package io.sluice.xdsserver;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.sluice.sync.model.Catalog;
import io.sluice.sync.model.ListenerRule;
import io.sluice.sync.model.Problem;
import io.sluice.sync.model.RouteRule;
import io.sluice.sync.model.RouteRule.Action;
import io.sluice.sync.model.RouteRule.HeaderChanges;
import io.sluice.sync.model.RouteRule.Limit;
import io.sluice.sync.model.RouteRule.Match;
import io.sluice.sync.model.RouteRule.Target;
import io.sluice.sync.model.Service;
import io.sluice.sync.model.ServicePolicy;
import io.sluice.sync.source.CatalogSource;
import io.sluice.sync.source.SourceStatus;
import io.sluice.xdsserver.secret.CertificateFiles;
import io.sluice.xdsserver.snapshot.LastGoodCatalog;
import io.sluice.xdsserver.snapshot.ResourceType;
import io.sluice.xdsserver.snapshot.SnapshotPublisher;
import io.sluice.xdsserver.translate.CatalogTranslator;
import io.sluice.xdsserver.translate.NodeGroup;
import io.sluice.xdsserver.translate.NodeSettings;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CatalogWatchTest {
    private static final NodeGroup ENVOYS = new NodeGroup(NodeGroup.Kind.ENVOY, "");
    private static final Problem PROBLEM = new Problem("test", "a.yaml:1", "wrong", "right");

    private final FakeSource source = new FakeSource();
    private final SnapshotPublisher snapshots = new SnapshotPublisher(
            group -> new CatalogTranslator(NodeSettings.DEFAULT, group)::translate,
            Runnable::run,
            InstantSource.system(),
            new SimpleMeterRegistry());
    private final ManualTimer timer = new ManualTimer();

    private final CertificateFiles certificates = new CertificateFiles("test", List.of(), Clock.systemUTC());

    @TempDir
    Path folder;

    private CatalogWatch watch = new CatalogWatch(source, snapshots, certificates, Optional.empty(), timer);

    @Test
    void publishesNothingBeforeTheSourceSaidSomething() {
        snapshots.watch(ENVOYS, () -> {});
        watch.start();

        assertThat(snapshots.current(ENVOYS)).isEmpty();
        assertThat(watch.source().synced()).isFalse();
    }

    @Test
    void handsEachCatalogOn() {
        snapshots.watch(ENVOYS, () -> {});
        watch.start();

        source.say(limited("orders"));
        source.say(limited("users"));

        assertThat(snapshots.current(ENVOYS).orElseThrow().of(ResourceType.ROUTE))
                .containsOnlyKeys("edge");
        assertThat(watch.groups())
                .singleElement()
                .satisfies(status -> assertThat(status.serving()).isPresent());
    }

    @Test
    void showsWhatTheSourceAndWhatTheGroupsRefuse() {
        snapshots.watch(ENVOYS, () -> {});
        watch.start();

        source.say(limited("orders"));

        assertThat(watch.problems()).extracting(Problem::source).containsExactly("test", "envoy/-");
    }

    @Test
    void stopsTheSource() {
        watch.close();

        assertThat(source.closed).isTrue();
    }

    @Test
    void takesTheLastGoodCatalogWhenTheSourceSaysNothing() {
        disk().write(limited("orders"));
        snapshots.watch(ENVOYS, () -> {});
        watch = new CatalogWatch(source, snapshots, certificates, Optional.of(disk()), timer);

        watch.start();
        assertThat(snapshots.current(ENVOYS)).isEmpty();
        timer.ring(CatalogWatch.PATIENCE);

        assertThat(snapshots.current(ENVOYS)).isPresent();
        assertThat(watch.source().synced()).isFalse();

        source.say(new Catalog(List.of(), List.of(), List.of(), List.of()));
        assertThat(snapshots.current(ENVOYS).orElseThrow().of(ResourceType.LISTENER))
                .isEmpty();
    }

    @Test
    void forgetsTheLastGoodCatalogWhenTheSourceSpeaksInTime() {
        disk().write(limited("orders"));
        snapshots.watch(ENVOYS, () -> {});
        watch = new CatalogWatch(source, snapshots, certificates, Optional.of(disk()), timer);
        Catalog empty = new Catalog(List.of(), List.of(), List.of(), List.of());

        watch.start();
        source.say(empty);
        timer.ring(CatalogWatch.PATIENCE);

        assertThat(snapshots.current(ENVOYS).orElseThrow().of(ResourceType.LISTENER))
                .isEmpty();
        assertThat(disk().read()).contains(empty);
    }

    private LastGoodCatalog disk() {
        return new LastGoodCatalog(folder, Runnable::run);
    }

    /** A route that Envoys without a rate limit service cannot obey, and a problem of the source's own. */
    private static Catalog limited(String service) {
        RouteRule route = new RouteRule(
                service,
                "a.yaml:2",
                List.of(),
                List.of("*"),
                new Match(new RouteRule.Path.Prefix("/"), List.of(), List.of(), List.of()),
                new Action.Forward(
                        List.of(new Target(service, 1)), Optional.empty(), Optional.empty(), Optional.empty()),
                Optional.empty(),
                Optional.empty(),
                List.of(new Limit(service, new Limit.Key.Everyone(), 1, Duration.ofSeconds(1))),
                HeaderChanges.NONE,
                HeaderChanges.NONE);
        return new Catalog(
                List.of(new Service(service, ServicePolicy.DEFAULT, List.of())),
                List.of(ListenerRule.DEFAULT),
                List.of(route),
                List.of(PROBLEM));
    }

    /** Runs what was scheduled for a delay when the test says so. */
    private static final class ManualTimer extends ScheduledThreadPoolExecutor {
        private final Map<Long, Runnable> tasks = new HashMap<>();

        ManualTimer() {
            super(0, Thread.ofPlatform().daemon().factory());
        }

        @Override
        public ScheduledFuture<?> schedule(Runnable task, long delay, TimeUnit unit) {
            tasks.put(unit.toMillis(delay), task);
            return super.schedule(() -> {}, Long.MAX_VALUE, TimeUnit.NANOSECONDS);
        }

        void ring(Duration delay) {
            tasks.getOrDefault(delay.toMillis(), () -> {}).run();
        }
    }

    private static final class FakeSource implements CatalogSource {
        private Consumer<Catalog> listener = catalog -> {};
        private boolean synced;
        private boolean closed;

        void say(Catalog catalog) {
            synced = true;
            listener.accept(catalog);
        }

        @Override
        public String name() {
            return "fake";
        }

        @Override
        public CompletionStage<Void> start(Consumer<Catalog> listener) {
            this.listener = listener;
            return new CompletableFuture<>();
        }

        @Override
        public SourceStatus status() {
            return new SourceStatus(synced, Optional.empty(), List.of());
        }

        @Override
        public void close() {
            closed = true;
        }
    }
}
