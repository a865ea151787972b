/** Faults on purpose. */
@NullMarked
package io.sluice.gateway.filter.fault;

import org.jspecify.annotations.NullMarked;
