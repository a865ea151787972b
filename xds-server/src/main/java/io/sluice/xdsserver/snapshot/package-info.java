/** Versions, consistency, node groups; the last good snapshot stays. */
@NullMarked
package io.sluice.xdsserver.snapshot;

import org.jspecify.annotations.NullMarked;
