package io.sluice.gateway.compile;

import io.sluice.gateway.secret.DownstreamTls;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What happens with some of a port's connections. Immutable.
 *
 * @param tls null in clear text
 * @param connectTimeout for the TLS handshake; zero where nothing is said
 */
public record CompiledChain(
        String name,
        ChainMatch match,
        @Nullable DownstreamTls tls,
        Duration connectTimeout,
        HttpConnectionManager manager) {}
