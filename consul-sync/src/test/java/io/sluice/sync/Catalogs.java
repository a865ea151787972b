package io.sluice.sync;

import io.sluice.sync.model.Catalog;
import io.sluice.sync.model.Instance;
import io.sluice.sync.model.Problem;
import io.sluice.sync.model.RouteRule;
import io.sluice.sync.model.Service;
import java.time.Duration;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.awaitility.Awaitility;

/** Every catalog that a source reported. */
public final class Catalogs implements Consumer<Catalog> {
    private final List<Catalog> all = new CopyOnWriteArrayList<>();
    private final Map<Catalog, Long> times = Collections.synchronizedMap(new IdentityHashMap<>());

    @Override
    public void accept(Catalog catalog) {
        times.put(catalog, System.nanoTime());
        all.add(catalog);
    }

    /** When it was reported, as System.nanoTime. */
    public long timeOf(Catalog catalog) {
        return times.getOrDefault(catalog, 0L);
    }

    public int count() {
        return all.size();
    }

    public Catalog latest() {
        return all.isEmpty() ? Catalog.EMPTY : all.get(all.size() - 1);
    }

    public List<Catalog> all() {
        return List.copyOf(all);
    }

    public Catalog await(Predicate<Catalog> condition) {
        return await(Duration.ofSeconds(15), condition);
    }

    public Catalog await(Duration limit, Predicate<Catalog> condition) {
        return Awaitility.await()
                .atMost(limit)
                .pollInterval(Duration.ofMillis(2))
                .until(this::latest, condition);
    }

    /** The instances of a service; none where it is not there. */
    public static List<Instance> instances(Catalog catalog, String service) {
        return catalog.services().stream()
                .filter(each -> each.name().equals(service))
                .map(Service::instances)
                .findFirst()
                .orElse(List.of());
    }

    public static List<Integer> ports(Catalog catalog, String service) {
        return instances(catalog, service).stream().map(Instance::port).toList();
    }

    public static List<String> routes(Catalog catalog) {
        return catalog.routes().stream().map(RouteRule::name).toList();
    }

    public static List<String> problems(Catalog catalog) {
        return catalog.problems().stream().map(Problem::toString).toList();
    }
}
