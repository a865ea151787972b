/** How the next endpoint is chosen. */
@NullMarked
package io.sluice.gateway.cluster.lb;

import org.jspecify.annotations.NullMarked;
