/** The last filter: sends the request on. */
@NullMarked
package io.sluice.gateway.filter.router;

import org.jspecify.annotations.NullMarked;
