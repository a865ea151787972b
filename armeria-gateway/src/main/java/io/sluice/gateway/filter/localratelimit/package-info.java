/** Limits of one process, counted by itself. */
@NullMarked
package io.sluice.gateway.filter.localratelimit;

import org.jspecify.annotations.NullMarked;
