package io.sluice.xdsserver.snapshot;

import io.sluice.sync.model.Catalog;
import io.sluice.sync.model.Health;
import io.sluice.sync.model.Instance;
import io.sluice.sync.model.ListenerRule;
import io.sluice.sync.model.ListenerRule.NodeKind;
import io.sluice.sync.model.RouteRule;
import io.sluice.sync.model.RouteRule.Action;
import io.sluice.sync.model.RouteRule.HeaderChanges;
import io.sluice.sync.model.RouteRule.Limit;
import io.sluice.sync.model.RouteRule.Match;
import io.sluice.sync.model.RouteRule.Path;
import io.sluice.sync.model.RouteRule.Target;
import io.sluice.sync.model.Service;
import io.sluice.sync.model.ServicePolicy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;

/** Catalogs in which every service is used and has somebody to answer. */
final class TestCatalogs {
    private static final List<Health> HEALTH = List.of(Health.values());
    private static final List<String> REGIONS = List.of("", "eu", "us", "ap");

    private TestCatalogs() {}

    static Catalog random(Random random) {
        List<Service> services = new ArrayList<>();
        int count = 1 + random.nextInt(5);
        for (int i = 0; i < count; i++) {
            services.add(service("service-" + i, random));
        }
        List<ListenerRule> listeners = new ArrayList<>();
        for (int i = 0; i < 1 + random.nextInt(3); i++) {
            listeners.add(new ListenerRule("listener-" + i, "0.0.0.0", 8080 + i, Optional.empty(), NodeKind.ANY));
        }
        List<RouteRule> routes = services.stream()
                .map(service -> route("/" + service.name(), service.name()))
                .toList();
        return new Catalog(services, listeners, routes, List.of());
    }

    /** One service, one route to it. */
    static Catalog of(String service) {
        return new Catalog(
                List.of(new Service(
                        service, ServicePolicy.DEFAULT, List.of(instance(service + "-1", 1, Health.PASSING, "", "")))),
                List.of(ListenerRule.DEFAULT),
                List.of(route("/" + service, service)),
                List.of());
    }

    static Catalog withOneWeightChanged(Catalog catalog, Random random) {
        List<Service> services = new ArrayList<>(catalog.services());
        int place = random.nextInt(services.size());
        Service service = services.get(place);
        List<Instance> instances = new ArrayList<>(service.instances());
        Instance first = instances.stream()
                .filter(instance -> instance.health() == Health.PASSING && instance.weight() > 0)
                .findFirst()
                .orElseThrow();
        instances.set(
                instances.indexOf(first),
                new Instance(
                        first.id(),
                        first.address(),
                        first.port(),
                        first.weight() + 1,
                        first.health(),
                        first.region(),
                        first.zone(),
                        first.meta(),
                        first.tags()));
        services.set(place, new Service(service.name(), service.policy(), instances));
        return new Catalog(services, catalog.listeners(), catalog.routes(), catalog.problems());
    }

    private static Service service(String name, Random random) {
        List<Instance> instances = new ArrayList<>();
        instances.add(instance("first", 1 + random.nextInt(9), Health.PASSING, "", ""));
        int more = random.nextInt(5);
        for (int i = 0; i < more; i++) {
            instances.add(instance(
                    name + "-" + i,
                    random.nextInt(5),
                    HEALTH.get(random.nextInt(HEALTH.size())),
                    REGIONS.get(random.nextInt(REGIONS.size())),
                    random.nextBoolean() ? "a" : ""));
        }
        return new Service(name, ServicePolicy.DEFAULT, instances);
    }

    private static Instance instance(String id, int weight, Health health, String region, String zone) {
        int last = Math.floorMod(id.hashCode(), 200);
        return new Instance(
                id, "10.0.0." + last, 80, weight, health, region, zone, Map.of("b", "2", "a", "1"), List.of("t", "s"));
    }

    static RouteRule route(String path, String service) {
        return new RouteRule(
                path,
                "test",
                List.of(),
                List.of("*"),
                new Match(new Path.SegmentPrefix(path), List.of(), List.of(), List.of()),
                new Action.Forward(
                        List.of(new Target(service, 1)), Optional.empty(), Optional.empty(), Optional.empty()),
                Optional.empty(),
                Optional.empty(),
                List.of(new Limit(path, new Limit.Key.Address(), 10, Duration.ofMinutes(1))),
                HeaderChanges.NONE,
                new HeaderChanges(List.of(), Map.of("x-b", "2", "x-a", "1"), Map.of()));
    }
}
