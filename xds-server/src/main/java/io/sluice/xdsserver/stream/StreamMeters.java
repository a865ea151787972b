package io.sluice.xdsserver.stream;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.sluice.xdsserver.snapshot.ResourceType;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;

/** Streams open, requests taken, responses sent and refused, by variant and type: a fixed set of series, whoever connects. */
final class StreamMeters {
    private final AtomicInteger open = new AtomicInteger();
    private final Counter requests;
    private final Map<ResourceType, Counter> responses;
    private final Map<ResourceType, Counter> refusals;

    StreamMeters(MeterRegistry meters, Variant variant) {
        Gauge.builder("xds.streams", open, AtomicInteger::get)
                .tag("variant", variant.label())
                .description("Streams open")
                .register(meters);
        requests = Counter.builder("xds.requests")
                .tag("variant", variant.label())
                .description("Requests taken, of types that are not served too")
                .register(meters);
        responses = byType(meters, "xds.responses", "Responses sent", variant.label());
        refusals = byType(meters, "xds.refusals", "Responses a client refused (NACK)", variant.label());
    }

    private static Map<ResourceType, Counter> byType(
            MeterRegistry meters, String name, String description, String variant) {
        Map<ResourceType, Counter> counters = new EnumMap<>(ResourceType.class);
        for (ResourceType type : ResourceType.values()) {
            counters.put(
                    type,
                    Counter.builder(name)
                            .description(description)
                            .tags("variant", variant, "type", type.name().toLowerCase(Locale.ROOT))
                            .register(meters));
        }
        return counters;
    }

    void opened() {
        open.incrementAndGet();
    }

    void closed() {
        open.decrementAndGet();
    }

    void received() {
        requests.increment();
    }

    void sent(ResourceType type) {
        increment(responses, type);
    }

    void refused(ResourceType type) {
        increment(refusals, type);
    }

    private static void increment(Map<ResourceType, Counter> counters, ResourceType type) {
        Objects.requireNonNull(counters.get(type), "type").increment();
    }
}
