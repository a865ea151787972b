package io.sluice.sync.file;

import io.sluice.sync.model.Catalog;
import io.sluice.sync.model.Service;
import io.sluice.sync.source.CatalogSource;
import io.sluice.sync.source.SourceStatus;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Catalogs out of one YAML file, or of all in a folder. It is looked at again and again, not watched: the same way works for editors that
 * rename, for Kubernetes' symlinks, and for file systems that tell nobody of a change.
 */
public final class FileCatalogSource implements CatalogSource {
    private static final Logger log = LoggerFactory.getLogger(FileCatalogSource.class);

    /** How long a change stays unseen at most. A look costs a stat per file. */
    private static final Duration LOOK = Duration.ofMillis(200);

    /** After a change: how long nothing must change before it is read, so that a file being written is not read in halves. */
    private static final Duration QUIET = Duration.ofMillis(50);

    /** Looks at files that never keep quiet, until they are read all the same. */
    private static final int PATIENCE = 20;

    private final String name;
    private final YamlFolder folder;
    private final DocumentSet documents;
    private final ScheduledExecutorService thread;
    private final Clock clock;
    private final CompletableFuture<Void> synced = new CompletableFuture<>();

    private volatile @Nullable Instant lostSince;
    private volatile boolean closed;
    private @Nullable Catalog published;
    private @Nullable Object seen;
    private int patience = PATIENCE;
    private boolean unread = true;

    /** @param path a file, or a folder whose {@code *.yaml} and {@code *.yml} are read in the order of their names */
    public FileCatalogSource(Path path, Clock clock) {
        name = "file:" + path;
        folder = new YamlFolder(name, path, clock);
        documents = new DocumentSet(new DocumentParser(name));
        this.clock = clock;
        thread = Executors.newSingleThreadScheduledExecutor(
                task -> Thread.ofPlatform().daemon().name("catalog-file").unstarted(task));
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public CompletionStage<Void> start(Consumer<Catalog> listener) {
        thread.execute(() -> look(listener));
        return synced.minimalCompletionStage();
    }

    @Override
    public SourceStatus status() {
        Instant since = lostSince;
        boolean whole = synced.isDone();
        return new SourceStatus(
                whole, Optional.ofNullable(since), since == null && whole ? List.of() : List.of(folder.toString()));
    }

    /** Waits for a call of the listener that is under way, unless the listener itself closes. */
    @Override
    public void close() {
        closed = true;
        thread.shutdownNow();
        try {
            if (!Thread.currentThread().getName().equals("catalog-file")
                    && !thread.awaitTermination(10, TimeUnit.SECONDS)) {
                log.warn("source still busy source={}", name);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void look(Consumer<Catalog> listener) {
        Duration next = LOOK;
        try {
            Object now = folder.fingerprint();
            if (!now.equals(seen)) {
                unread = true;
            }
            boolean quiet = now.equals(seen) || seen == null || --patience == 0;
            seen = now;
            if (unread && quiet) {
                unread = !folder.read(documents);
                patience = PATIENCE;
                publish(listener);
            } else if (unread) {
                next = QUIET;
            }
            found();
        } catch (IOException e) {
            lost(e);
        } catch (RuntimeException e) {
            log.error("source failed source={}", name, e);
        }
        if (!closed) {
            thread.schedule(() -> look(listener), next.toMillis(), TimeUnit.MILLISECONDS);
        }
    }

    private void publish(Consumer<Catalog> listener) {
        CatalogDraft draft = CatalogDraft.of(documents.documents());
        List<Service> services = draft.services().stream().map(Written::value).toList();
        Catalog catalog = draft.catalog(services, Set.of(), List.of());
        if (!catalog.equals(published) && !closed) {
            published = catalog;
            listener.accept(catalog);
        }
        synced.complete(null);
    }

    private void found() {
        if (lostSince != null) {
            lostSince = null;
            log.info("source back source={}", name);
        }
    }

    private void lost(IOException reason) {
        if (lostSince == null) {
            lostSince = clock.instant();
            log.warn("source lost source={} reason={}", name, reason.toString());
        }
    }
}
