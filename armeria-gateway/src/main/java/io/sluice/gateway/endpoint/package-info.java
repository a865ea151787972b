/** Where a service answers. */
@NullMarked
package io.sluice.gateway.endpoint;

import org.jspecify.annotations.NullMarked;
