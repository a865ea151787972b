package io.sluice.xdsserver.snapshot;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.sluice.sync.model.Catalog;
import io.sluice.sync.model.Problem;
import io.sluice.xdsserver.snapshot.GroupStatus.Refusal;
import io.sluice.xdsserver.translate.NodeGroup;
import io.sluice.xdsserver.translate.Translation;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes a snapshot for each group that somebody watches, of each catalog. A snapshot is published whole, and only when nothing in it leads
 * nowhere; otherwise the last good one stays in force. All work is done on the publisher's one thread; of catalogs that come faster than they
 * are translated only the newest counts.
 */
public final class SnapshotPublisher implements SnapshotSource {
    private static final Logger log = LoggerFactory.getLogger(SnapshotPublisher.class);

    /** How long a group is kept that nobody watches: a node that restarts finds its snapshot ready. */
    static final Duration UNUSED = Duration.ofMinutes(5);

    private final Function<NodeGroup, Function<Catalog, Translation>> translators;
    private final Executor thread;
    private final InstantSource time;
    private final Map<NodeGroup, Group> groups = new ConcurrentHashMap<>();
    private final AtomicBoolean due = new AtomicBoolean();
    private final Timer translations;
    private final Counter publications;
    private final Counter refusals;
    private volatile @Nullable Catalog newest;

    /**
     * @param translators makes a group's own, which is called by one thread at a time
     * @param thread runs one task at a time, in order
     */
    public SnapshotPublisher(
            Function<NodeGroup, Function<Catalog, Translation>> translators,
            Executor thread,
            InstantSource time,
            MeterRegistry meters) {
        this.translators = translators;
        this.thread = thread;
        this.time = time;
        translations = Timer.builder("snapshots.translation")
                .description("From a catalog to one group's snapshot")
                .register(meters);
        publications = Counter.builder("snapshots.publications")
                .description("Snapshots published that differ from the one before")
                .register(meters);
        refusals = Counter.builder("snapshots.refusals")
                .description("Snapshots not published since something in them leads nowhere")
                .register(meters);
    }

    /** Takes a whole catalog. Any thread; returns at once. */
    public void publish(Catalog catalog) {
        newest = catalog;
        if (due.compareAndSet(false, true)) {
            thread.execute(this::translateAll);
        }
    }

    @Override
    public Optional<Snapshot> current(NodeGroup group) {
        return Optional.ofNullable(groups.get(group)).flatMap(Group::serving);
    }

    @Override
    public Watch watch(NodeGroup group, Runnable onChange) {
        Interest interest = new Interest(onChange);
        Group watched = groups.compute(group, (name, known) -> {
            Group one = known == null ? new Group(name) : known;
            one.interests.add(interest);
            return one;
        });
        if (watched.serving == null) {
            thread.execute(() -> {
                dropUnused();
                translate(watched);
            });
        }
        return () -> {
            watched.interests.remove(interest);
            watched.unusedSince = time.instant();
        };
    }

    /** Every group that has asked, by its name. */
    public List<GroupStatus> groups() {
        return groups.values().stream()
                .map(Group::status)
                .sorted(Comparator.comparing(status -> status.group().toString()))
                .toList();
    }

    /** What groups cannot obey, in the order of {@link #groups}. */
    public List<Problem> problems() {
        return groups.values().stream()
                .sorted(Comparator.comparing(group -> group.name.toString()))
                .flatMap(group -> group.problems.stream())
                .toList();
    }

    // --- on the publisher's thread

    private void translateAll() {
        due.set(false);
        dropUnused();
        groups.values().forEach(this::translate);
    }

    private void dropUnused() {
        Instant limit = time.instant().minus(UNUSED);
        for (NodeGroup name : groups.keySet()) {
            groups.computeIfPresent(
                    name,
                    (same, group) -> group.interests.isEmpty() && group.unusedSince.isBefore(limit) ? null : group);
        }
    }

    private void translate(Group group) {
        Catalog catalog = newest;
        if (catalog == null || catalog.equals(group.translated)) {
            return;
        }
        group.translated = catalog;
        long begin = System.nanoTime();
        try {
            Translation translation = group.translator.apply(catalog);
            List<String> dangling = SnapshotCheck.danglingReferences(translation);
            if (dangling.isEmpty()) {
                publish(group, group.snapshots.of(translation), translation.problems());
            } else {
                refuse(group, dangling);
            }
        } catch (RuntimeException e) {
            log.error("translation failed group={}", group.name, e);
            refuse(group, List.of("translation failed: " + e));
        }
        translations.record(Duration.ofNanos(System.nanoTime() - begin));
    }

    private void publish(Group group, Snapshot next, List<Problem> problems) {
        problems.stream()
                .filter(problem -> !group.problems.contains(problem))
                .forEach(problem -> log.warn("item refused group={} problem=\"{}\"", group.name, problem));
        group.problems = problems;
        if (group.refusal != null) {
            group.refusal = null;
            log.info("snapshot accepted again group={}", group.name);
        }
        Snapshot before = group.serving;
        if (before != null && before.versions().equals(next.versions())) {
            return;
        }
        group.serving = next;
        publications.increment();
        group.interests.forEach(Interest::tell);
    }

    private void refuse(Group group, List<String> reasons) {
        refusals.increment();
        Refusal known = group.refusal;
        if (known == null || !known.reasons().equals(reasons)) {
            log.error(
                    "snapshot refused group={} reasons={} still-serving={}",
                    group.name,
                    reasons,
                    group.serving().map(Snapshot::versions));
        }
        group.refusal = new Refusal(reasons, known == null ? time.instant() : known.since());
    }

    /** Written on the publisher's thread only, but for its interests; read on any. */
    private final class Group {
        private final NodeGroup name;
        private final Set<Interest> interests = ConcurrentHashMap.newKeySet();
        private volatile Instant unusedSince = time.instant();
        private volatile @Nullable Snapshot serving;
        private volatile @Nullable Refusal refusal;
        private volatile List<Problem> problems = List.of();
        private final Function<Catalog, Translation> translator;
        private final Snapshots snapshots = new Snapshots();
        private @Nullable Catalog translated;

        Group(NodeGroup name) {
            this.name = name;
            translator = translators.apply(name);
        }

        Optional<Snapshot> serving() {
            return Optional.ofNullable(serving);
        }

        GroupStatus status() {
            return new GroupStatus(name, serving(), Optional.ofNullable(refusal));
        }
    }

    /** One call of {@link #watch}; two of them with the same listener are two. */
    private static final class Interest {
        private final Runnable onChange;

        Interest(Runnable onChange) {
            this.onChange = onChange;
        }

        void tell() {
            try {
                onChange.run();
            } catch (RuntimeException e) {
                log.warn("a stream was not told of its snapshot", e);
            }
        }
    }
}
