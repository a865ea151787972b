/** Envoy's rate limit service on the same buckets. */
@NullMarked
package io.sluice.gateway.ratelimit.service;

import org.jspecify.annotations.NullMarked;
