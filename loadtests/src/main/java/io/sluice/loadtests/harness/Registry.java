package io.sluice.loadtests.demo;

import java.util.Map;

/** Where the demo's services announce themselves and its routes are written: a Consul agent, or a folder where there is none. */
interface Registry {
    /** What {@code ./sluice xds --source} is given. */
    String source();

    /** @return {@link System#nanoTime()} when the registration was in force */
    long register(Registration registration);

    void deregister(Registration registration);

    /** @param document YAML of the sluice dialect */
    void write(String name, String document);

    /** @param checked whether the registry finds out by itself that the instance is gone */
    record Registration(
            String service,
            String id,
            String region,
            int port,
            int weight,
            Map<String, String> meta,
            boolean checked) {}
}
