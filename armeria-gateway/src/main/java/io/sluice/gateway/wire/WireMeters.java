package io.sluice.gateway.wire;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;

/** What the guard counts per connection manager. Any thread. */
public final class WireMeters {
    private final Map<Refusal, Counter> refused = new EnumMap<>(Refusal.class);
    private final Map<Flood, Counter> flooded = new EnumMap<>(Flood.class);

    public WireMeters(MeterRegistry registry, String statPrefix) {
        for (Refusal why : Refusal.values()) {
            refused.put(
                    why,
                    Counter.builder("wire.refused")
                            .description("messages that the wire guard did not let in")
                            .tag("envoy_http_conn_manager_prefix", statPrefix)
                            .tag("rule", why.name().toLowerCase(Locale.ROOT))
                            .register(registry));
        }
        for (Flood what : Flood.values()) {
            flooded.put(
                    what,
                    Counter.builder("envoy.http2." + what.counter())
                            .tag("envoy_http_conn_manager_prefix", statPrefix)
                            .register(registry));
        }
    }

    public void flooded(Flood what) {
        Counter counter = flooded.get(what);
        if (counter != null) {
            counter.increment();
        }
    }

    public void refused(Refusal why) {
        Counter counter = refused.get(why);
        if (counter != null) {
            counter.increment();
        }
    }
}
