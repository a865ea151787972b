/** Cross-origin requests. */
@NullMarked
package io.sluice.gateway.filter.cors;

import org.jspecify.annotations.NullMarked;
