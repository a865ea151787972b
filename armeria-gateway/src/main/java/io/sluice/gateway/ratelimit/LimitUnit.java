package io.sluice.gateway.ratelimit;

import java.time.Duration;

/** The units of Envoy's rate limit service; a month has 30 days and a year 365, as there. */
public enum LimitUnit {
    SECOND(Duration.ofSeconds(1)),
    MINUTE(Duration.ofMinutes(1)),
    HOUR(Duration.ofHours(1)),
    DAY(Duration.ofDays(1)),
    WEEK(Duration.ofDays(7)),
    MONTH(Duration.ofDays(30)),
    YEAR(Duration.ofDays(365));

    private final Duration length;

    LimitUnit(Duration length) {
        this.length = length;
    }

    public Duration length() {
        return length;
    }
}
