package io.sluice.gateway.xds;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

/** What is counted of the xDS stream; labels are the four kinds and fixed words. Written by one thread. */
final class AdsMeters {
    private final AtomicInteger connected = new AtomicInteger();
    private final Counter streams;
    private final Map<ResourceKind, ByKind> kinds = new EnumMap<>(ResourceKind.class);

    private record ByKind(
            Counter updatesAccepted, Counter updatesRefused, AtomicInteger accepted, AtomicInteger refused) {}

    AdsMeters(MeterRegistry registry) {
        Gauge.builder("envoy.control_plane.connected_state", connected, AtomicInteger::get)
                .description("1 while the xDS server answers")
                .register(registry);
        streams =
                Counter.builder("xds.streams").description("xDS streams begun").register(registry);
        for (ResourceKind kind : ResourceKind.values()) {
            kinds.put(
                    kind,
                    new ByKind(
                            updates(registry, kind, "accepted"),
                            updates(registry, kind, "refused"),
                            resources(registry, kind, "accepted"),
                            resources(registry, kind, "refused")));
        }
    }

    private static Counter updates(MeterRegistry registry, ResourceKind kind, String result) {
        return Counter.builder("xds.updates")
                .description("responses of the xDS server; refused: at least one of its resources was")
                .tag("type", kind.word())
                .tag("result", result)
                .register(registry);
    }

    private static AtomicInteger resources(MeterRegistry registry, ResourceKind kind, String state) {
        AtomicInteger count = new AtomicInteger();
        Gauge.builder("xds.resources", count, AtomicInteger::get)
                .description("resources by what became of their newest version")
                .tag("type", kind.word())
                .tag("state", state)
                .register(registry);
        return count;
    }

    void streamBegins() {
        streams.increment();
    }

    void connected(boolean is) {
        connected.set(is ? 1 : 0);
    }

    void update(ResourceKind kind, boolean accepted) {
        ByKind counts = of(kind);
        (accepted ? counts.updatesAccepted() : counts.updatesRefused()).increment();
    }

    void resources(AdsClient.View view) {
        for (ResourceKind kind : ResourceKind.values()) {
            of(kind).accepted().set(count(kind, view.accepted()));
            of(kind).refused().set(count(kind, view.refused()));
        }
    }

    private static int count(ResourceKind kind, Map<ResourceKey, ?> resources) {
        return (int)
                resources.keySet().stream().filter(key -> key.kind() == kind).count();
    }

    private ByKind of(ResourceKind kind) {
        return java.util.Objects.requireNonNull(kinds.get(kind));
    }
}
