/** What callers send, read strictly and counted before anything acts on it. */
@NullMarked
package io.sluice.gateway.wire;

import org.jspecify.annotations.NullMarked;
