/** Only matching. */
@NullMarked
package io.sluice.gateway.route;

import org.jspecify.annotations.NullMarked;
