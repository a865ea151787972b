package io.sluice.sync;

import io.sluice.sync.file.FileCatalogSource;
import io.sluice.sync.source.CatalogSource;
import java.nio.file.Path;
import java.time.Clock;

/** The one list of catalog sources. */
public final class CatalogSources {
    private static final String EXPECTED = "file:DIR or consul://HOST:PORT";

    private CatalogSources() {}

    /**
     * Makes the source that an address names: {@code file:DIR}, or {@code consul://HOST:PORT}. Nothing is read before {@link CatalogSource#start}.
     *
     * @throws IllegalArgumentException naming what would have been right
     */
    public static CatalogSource create(String address) {
        if (address.startsWith("file:") && address.length() > "file:".length()) {
            return new FileCatalogSource(Path.of(address.substring("file:".length())), Clock.systemUTC());
        }
        throw new IllegalArgumentException("--source " + address + ": unknown (expected: " + EXPECTED + ")");
    }
}
