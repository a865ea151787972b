package io.sluice.loadtests.harness;

import java.util.Map;

/** Where services announce themselves and routes are written: a Consul agent, or a folder where there is none. */
public interface Registry {
    /** What {@code ./sluice xds --source} is given. */
    String source();

    /** @return {@link System#nanoTime()} when the registration was in force */
    long register(Registration registration);

    void deregister(Registration registration);

    /**
     * Puts a document in the place of the one of that name.
     *
     * @param document YAML of the sluice dialect
     */
    void write(String name, String document);

    void remove(String name);

    /** @param checked whether the registry finds out by itself that the instance is gone, by its {@code /health} */
    record Registration(
            String service, String id, String region, int port, int weight, Map<String, String> meta, boolean checked) {
        public Registration {
            meta = Map.copyOf(meta);
        }

        public static Registration of(String service, String id, String region, int port) {
            return new Registration(service, id, region, port, 1, Map.of(), false);
        }
    }
}
