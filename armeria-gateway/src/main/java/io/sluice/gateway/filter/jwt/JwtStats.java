package io.sluice.gateway.filter.jwt;

import io.micrometer.core.instrument.Counter;
import io.sluice.gateway.filter.FilterMeters;

/** Envoy's counters of the filter. */
record JwtStats(
        Counter allowed,
        Counter denied,
        Counter preflightBypassed,
        Counter fetched,
        Counter notFetched,
        Counter cacheHits,
        Counter cacheMisses) {
    /** @param prefix as configured, empty for none */
    static JwtStats of(FilterMeters meters, String prefix) {
        String name = "jwt_authn." + (prefix.isEmpty() ? "" : prefix + ".");
        return new JwtStats(
                meters.counter(name + "allowed"),
                meters.counter(name + "denied"),
                meters.counter(name + "cors_preflight_bypassed"),
                meters.counter(name + "jwks_fetch_success"),
                meters.counter(name + "jwks_fetch_failed"),
                meters.counter(name + "jwt_cache_hit"),
                meters.counter(name + "jwt_cache_miss"));
    }
}
