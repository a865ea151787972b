/** The last good resource of each name becomes one immutable configuration, published whole. */
@NullMarked
package io.sluice.gateway.compile;

import org.jspecify.annotations.NullMarked;
