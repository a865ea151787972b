/** Requests forged on other sites. */
@NullMarked
package io.sluice.gateway.filter.csrf;

import org.jspecify.annotations.NullMarked;
