/** Who the caller is, by a key that only he has. */
@NullMarked
package io.sluice.gateway.filter.apikeyauth;

import org.jspecify.annotations.NullMarked;
