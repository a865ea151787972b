/** Permits for connections, pending requests, requests and retries. */
@NullMarked
package io.sluice.gateway.cluster.breaker;

import org.jspecify.annotations.NullMarked;
