package io.sluice.loadtests.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.loadtests.harness.Traffic;
import java.util.Map;
import java.util.TreeMap;

/** Requests under way to the gateway and to Envoy, over HTTP/1 and HTTP/2, while a scenario does its worst. */
final class Load implements AutoCloseable {
    /** Per data plane and protocol: enough that every moment has requests under way, few enough for two cores. */
    private static final int PER_SECOND = 50;

    private final Map<String, Traffic> all = new TreeMap<>();

    /** Begun when each has had a first answer. */
    static Load on(Site site, String path) {
        Load load = new Load();
        site.doors().forEach((name, port) -> {
            load.all.put(name + " over HTTP/1", Traffic.http1(port, path, PER_SECOND));
            load.all.put(name + " over HTTP/2", Traffic.http2(port, path, PER_SECOND));
        });
        load.goOn(1);
        return load;
    }

    /** Lets that many more requests pass on each. */
    void goOn(int requests) {
        all.values().forEach(traffic -> traffic.awaitMore(requests));
    }

    /** Ends it. */
    void expectNoFailure() {
        close();
        all.forEach((name, traffic) ->
                assertThat(traffic.outcome().failures()).as(name).isEmpty());
    }

    /** Answered requests on all together. */
    int answered() {
        return all.values().stream()
                .mapToInt(traffic -> traffic.outcome().answered())
                .sum();
    }

    @Override
    public void close() {
        all.values().forEach(Traffic::close);
    }
}
