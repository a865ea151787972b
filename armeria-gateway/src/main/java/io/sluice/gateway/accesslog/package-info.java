/** Formats and sinks; what is known of a request when it ends. */
@NullMarked
package io.sluice.gateway.accesslog;

import org.jspecify.annotations.NullMarked;
