/** The call itself: timeouts, retries, connection pools. */
@NullMarked
package io.sluice.gateway.upstream;

import org.jspecify.annotations.NullMarked;
