package io.sluice.gateway.compile;

import io.sluice.gateway.secret.DownstreamTls;
import org.jspecify.annotations.Nullable;

/**
 * What happens with some of a port's connections. Immutable.
 *
 * @param tls null in clear text
 */
public record CompiledChain(String name, @Nullable DownstreamTls tls, HttpConnectionManager manager) {}
