/** Asks the shared limits. */
@NullMarked
package io.sluice.gateway.filter.ratelimit;

import org.jspecify.annotations.NullMarked;
