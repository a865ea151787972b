package io.sluice.sync;

import io.sluice.sync.source.CatalogSource;

/** The one list of catalog sources. */
public final class CatalogSources {
    private CatalogSources() {}

    /**
     * Makes the source that an address names: {@code file:DIR}, or {@code consul://HOST:PORT}. Nothing is read before {@link CatalogSource#start}.
     *
     * @throws IllegalArgumentException naming what would have been right
     */
    public static CatalogSource create(String address) {
        if (address.isEmpty()) {
            throw new IllegalArgumentException("--source: empty (expected: file:DIR or consul://HOST:PORT)");
        }
        throw new IllegalArgumentException(
                "--source " + address + ": unknown (expected: file:DIR or consul://HOST:PORT)");
    }
}
