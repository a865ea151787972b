/** Who the caller is, by the JSON web token that the request carries. */
@NullMarked
package io.sluice.gateway.filter.jwt;

import org.jspecify.annotations.NullMarked;
