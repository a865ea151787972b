package io.sluice.xdsserver;

import io.sluice.sync.model.Catalog;
import io.sluice.sync.model.Problem;
import io.sluice.sync.source.CatalogSource;
import io.sluice.sync.source.SourceStatus;
import io.sluice.xdsserver.admin.Status;
import io.sluice.xdsserver.snapshot.GroupStatus;
import io.sluice.xdsserver.snapshot.SnapshotPublisher;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Hands catalogs from the source to the publisher, says what is wrong with them, and knows how both do. */
final class CatalogWatch implements Status, AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(CatalogWatch.class);

    private final CatalogSource source;
    private final SnapshotPublisher snapshots;
    private volatile List<Problem> problems = List.of();

    CatalogWatch(CatalogSource source, SnapshotPublisher snapshots) {
        this.source = source;
        this.snapshots = snapshots;
    }

    void start() {
        var unused = source.start(this::accept);
    }

    /** On the source's thread. */
    private void accept(Catalog catalog) {
        Set<Problem> known = new HashSet<>(problems);
        catalog.problems().stream()
                .filter(problem -> !known.contains(problem))
                .forEach(problem -> log.warn("item refused source={} problem=\"{}\"", problem.source(), problem));
        problems = catalog.problems();
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
