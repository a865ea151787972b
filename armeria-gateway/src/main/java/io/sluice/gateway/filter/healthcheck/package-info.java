/** Answers those who ask whether this node is well. */
@NullMarked
package io.sluice.gateway.filter.healthcheck;

import org.jspecify.annotations.NullMarked;
