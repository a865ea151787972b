/** The guard in front of Armeria's HTTP code. */
@NullMarked
package io.sluice.gateway.wire;

import org.jspecify.annotations.NullMarked;
