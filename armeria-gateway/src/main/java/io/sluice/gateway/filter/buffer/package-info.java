/** Waits for the whole request. */
@NullMarked
package io.sluice.gateway.filter.buffer;

import org.jspecify.annotations.NullMarked;
