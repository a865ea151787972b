package io.sluice.gateway.ratelimit;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** What the engine decided, per limit and by which way. */
final class LimiterMetrics {
    /** Names come with descriptors, so their number is bounded here; those beyond are counted together. */
    private static final int MAX_LIMITS = 1_000;

    private static final Series OTHER = new Series("other", "other", "other", "other");

    private record Series(String domain, String limit, String outcome, String source) {}

    private final Map<Series, Counter> counters = new ConcurrentHashMap<>();
    private final MeterRegistry metrics;

    LimiterMetrics(MeterRegistry metrics, Map<?, ?> accounts) {
        this.metrics = metrics;
        metrics.gaugeMapSize("ratelimit.accounts", Tags.empty(), accounts);
    }

    void decided(String domain, Charge.Counted charge) {
        String outcome = switch (charge.said().answer()) {
            case GRANTED -> "within_limit";
            case OVER -> charge.rule().shadow() ? "shadow_mode" : "over_limit";
            case UNKNOWN -> "unknown";
        };
        var series = new Series(
                domain,
                charge.rule().limit().name(),
                outcome,
                charge.said().source().name().toLowerCase(Locale.ROOT));
        Counter counter = counters.get(series);
        if (counter == null) {
            counter = counters.computeIfAbsent(
                    counters.size() < MAX_LIMITS ? series : OTHER,
                    kept -> metrics.counter(
                            "ratelimit.hits",
                            "domain",
                            kept.domain(),
                            "limit",
                            kept.limit(),
                            "outcome",
                            kept.outcome(),
                            "source",
                            kept.source()));
        }
        counter.increment((double) charge.hits());
    }
}
