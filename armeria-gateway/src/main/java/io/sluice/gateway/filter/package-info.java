/** The filter chain: what a filter is, and the exchange it works on. */
@NullMarked
package io.sluice.gateway.filter;

import org.jspecify.annotations.NullMarked;
