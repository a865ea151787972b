/** Who the caller is, by name and password. */
@NullMarked
package io.sluice.gateway.filter.basicauth;

import org.jspecify.annotations.NullMarked;
