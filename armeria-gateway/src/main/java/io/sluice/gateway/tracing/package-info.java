/** Span names and tags, all in one place. */
@NullMarked
package io.sluice.gateway.tracing;

import org.jspecify.annotations.NullMarked;
