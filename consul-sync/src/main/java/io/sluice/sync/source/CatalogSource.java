package io.sluice.sync.source;

import io.sluice.sync.model.Catalog;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;

/**
 * Where catalogs come from. A source reports its whole catalog each time that something in it changed, never a part of it, and keeps
 * what it last knew of everything it cannot read at the moment.
 */
public interface CatalogSource extends AutoCloseable {

    /** What a person calls this source, for logs and problems: {@code file:/etc/sluice}, {@code consul://127.0.0.1:8500}. */
    String name();

    /**
     * Begins to watch. The listener is called on one thread of the source's own, one call at a time, newest catalog last; it must not
     * block. To be called once.
     *
     * @return completes when the first whole catalog was reported, which may be never while the source is away
     */
    CompletionStage<Void> start(Consumer<Catalog> listener);

    /** Whether the last read of every part worked, and if not, which part did not and since when. Any thread. */
    SourceStatus status();

    /** Stops all watches; no call reaches the listener after this returns. */
    @Override
    void close();
}
