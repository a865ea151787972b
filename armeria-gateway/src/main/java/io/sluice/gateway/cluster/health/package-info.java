/** Active checks and ejection of outliers. */
@NullMarked
package io.sluice.gateway.cluster.health;

import org.jspecify.annotations.NullMarked;
