/** {@code ./sluice soak}: whether a gateway lasts: mixed traffic for a long time, and what the process uses meanwhile. */
@NullMarked
package io.sluice.loadtests.soak;

import org.jspecify.annotations.NullMarked;
