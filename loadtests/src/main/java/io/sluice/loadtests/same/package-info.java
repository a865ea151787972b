/**
 * Sameness rows: one bootstrap, one upstream script and one request, run against our gateway and against a real Envoy. What they do
 * differently is a fault, or stands in {@code docs/differences.md} with its reason.
 */
@NullMarked
package io.sluice.loadtests.same;

import org.jspecify.annotations.NullMarked;
