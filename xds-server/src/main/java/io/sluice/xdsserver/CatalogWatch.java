package io.sluice.xdsserver;

import io.sluice.sync.model.Catalog;
import io.sluice.sync.model.Problem;
import io.sluice.sync.source.CatalogSource;
import io.sluice.sync.source.SourceStatus;
import io.sluice.xdsserver.admin.Status;
import io.sluice.xdsserver.secret.CertificateFiles;
import io.sluice.xdsserver.snapshot.GroupStatus;
import io.sluice.xdsserver.snapshot.LastGoodCatalog;
import io.sluice.xdsserver.snapshot.SnapshotPublisher;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hands catalogs from the source to the publisher, with the certificates that their files say, anew when these change; says what is wrong with
 * them, and knows how all do.
 */
final class CatalogWatch implements Status, AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(CatalogWatch.class);

    /** How long a source that says nothing is waited for, before what it said to an earlier process takes its place. */
    static final Duration PATIENCE = Duration.ofSeconds(3);

    /** How long a certificate's new file stays unseen at most. A look costs a stat per file. */
    static final Duration LOOK = Duration.ofMillis(200);

    /** After a change: how long nothing must change before it is read, so that a file being written is not read in halves. */
    private static final Duration QUIET = Duration.ofMillis(50);

    private final CatalogSource source;
    private final SnapshotPublisher snapshots;
    /** Used on the timer's thread. */
    private final CertificateFiles certificates;

    private final Optional<LastGoodCatalog> lastGood;
    private final ScheduledExecutorService timer;
    private boolean said;
    private volatile List<Problem> problems = List.of();
    private volatile @Nullable Catalog newest;

    /** As it was written: files by their names. */
    private @Nullable Catalog written;

    /** @param timer one thread, that may block */
    CatalogWatch(
            CatalogSource source,
            SnapshotPublisher snapshots,
            CertificateFiles certificates,
            Optional<LastGoodCatalog> lastGood,
            ScheduledExecutorService timer) {
        this.source = source;
        this.snapshots = snapshots;
        this.certificates = certificates;
        this.lastGood = lastGood;
        this.timer = timer;
    }

    void start() {
        var unused = source.start(this::accept);
        lastGood.ifPresent(disk -> {
            var unusedLook = timer.schedule(() -> useInstead(disk), PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
        });
        lookLater(LOOK);
    }

    private void lookLater(Duration delay) {
        if (!timer.isShutdown()) {
            var unused = timer.schedule(this::look, delay.toMillis(), TimeUnit.MILLISECONDS);
        }
    }

    private void look() {
        Duration next = LOOK;
        try {
            Catalog catalog = written();
            if (catalog != null) {
                if (certificates.isDue(catalog)) {
                    resolve();
                } else if (certificates.isChanging()) {
                    next = QUIET;
                }
            }
        } catch (RuntimeException e) {
            log.error("certificates not read", e);
        }
        lookLater(next);
    }

    /** On the source's thread. */
    private synchronized void accept(Catalog catalog) {
        said = true;
        take(catalog);
        lastGood.ifPresent(disk -> disk.write(catalog));
    }

    private synchronized void useInstead(LastGoodCatalog disk) {
        if (!said) {
            disk.read().ifPresent(catalog -> {
                log.warn(
                        "last good catalog in force source={} services={}",
                        source.name(),
                        catalog.services().size());
                take(catalog);
            });
        }
    }

    private synchronized @Nullable Catalog written() {
        return written;
    }

    private synchronized void take(Catalog catalog) {
        written = catalog;
        if (catalog.certificates().isEmpty()) {
            publish(catalog);
        } else {
            timer.execute(this::resolve);
        }
    }

    /** What comes from the source meanwhile is newer, and is resolved in its turn. */
    @SuppressWarnings("ReferenceEquality") // one that is equal is resolved in its turn too
    private void resolve() {
        Catalog catalog = written();
        if (catalog != null) {
            Catalog resolved = certificates.resolve(catalog);
            synchronized (this) {
                if (catalog == written) {
                    publish(resolved);
                }
            }
        }
    }

    private void publish(Catalog catalog) {
        Set<Problem> before = new HashSet<>(problems);
        newest = catalog;
        problems = catalog.problems();
        problems.stream()
                .filter(problem -> !before.contains(problem))
                .forEach(problem -> log.warn("item refused source={} problem=\"{}\"", problem.source(), problem));
        problems.forEach(before::remove);
        before.forEach(problem -> log.info("item refused no more source={} problem=\"{}\"", problem.source(), problem));
        snapshots.publish(catalog);
    }

    @Override
    public String sourceName() {
        return source.name();
    }

    @Override
    public SourceStatus source() {
        return source.status();
    }

    @Override
    public List<GroupStatus> groups() {
        return snapshots.groups();
    }

    @Override
    public Optional<Catalog> catalog() {
        return Optional.ofNullable(newest);
    }

    @Override
    public List<Problem> problems() {
        List<Problem> all = new ArrayList<>(problems);
        all.addAll(snapshots.problems());
        return all;
    }

    @Override
    public void close() {
        source.close();
    }
}
