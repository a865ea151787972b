/** {@code ./sluice bench}: the gateway beside Envoy and nginx in one run. */
@NullMarked
package io.sluice.loadtests.bench;

import org.jspecify.annotations.NullMarked;
