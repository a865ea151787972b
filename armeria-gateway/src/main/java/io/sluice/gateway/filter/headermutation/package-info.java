/** Changes headers and query parameters. */
@NullMarked
package io.sluice.gateway.filter.headermutation;

import org.jspecify.annotations.NullMarked;
