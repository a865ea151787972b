package io.sluice.sync;

import io.sluice.sync.consul.ConsulCatalogSource;
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
     * Consul's token is taken from the environment, {@code SLUICE_CONSUL_TOKEN}.
     *
     * @throws IllegalArgumentException naming what would have been right
     */
    public static CatalogSource create(String address) {
        return create(address, System.getenv().getOrDefault("SLUICE_CONSUL_TOKEN", ""));
    }

    /** @param token Consul's; empty for none */
    public static CatalogSource create(String address, String token) {
        if (address.startsWith("file:") && address.length() > "file:".length()) {
            return new FileCatalogSource(Path.of(address.substring("file:".length())), Clock.systemUTC());
        }
        if (address.startsWith("consul:")) {
            return new ConsulCatalogSource(address, token, Clock.systemUTC());
        }
        throw new IllegalArgumentException("--source " + address + ": unknown (expected: " + EXPECTED + ")");
    }
}
