package io.sluice.xdsserver.stream;

import static io.sluice.xdsserver.snapshot.ResourceType.CLUSTER;
import static io.sluice.xdsserver.snapshot.ResourceType.ENDPOINT;
import static io.sluice.xdsserver.snapshot.ResourceType.LISTENER;
import static io.sluice.xdsserver.snapshot.ResourceType.ROUTE;
import static org.assertj.core.api.Assertions.assertThat;

import io.envoyproxy.envoy.config.core.v3.Node;
import io.sluice.xdsserver.snapshot.ResourceType;
import io.sluice.xdsserver.snapshot.Snapshot;
import io.sluice.xdsserver.snapshot.VersionedResource;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.constraints.IntRange;

/**
 * Random histories against a model of a client that behaves as an Envoy does: it follows all clusters and listeners, and the endpoints and
 * routes that these name. Whatever happens, it ends with what the snapshot says, hears nothing twice, and, as long as it refuses nothing,
 * never runs a route that leads to a cluster without endpoints.
 */
class StreamModelTest {
    private static final int STEPS = 120;

    @Property(tries = 300, shrinking = ShrinkingMode.OFF)
    void anObedientClientAlwaysHasWhatItRefersTo(@ForAll Variant variant, @ForAll @IntRange(max = 1_000_000) int seed) {
        new History(variant, seed, false).run();
    }

    @Property(tries = 300, shrinking = ShrinkingMode.OFF)
    void aClientThatRefusesNowAndThenEndsWithTheNewestState(
            @ForAll Variant variant, @ForAll @IntRange(max = 1_000_000) int seed) {
        new History(variant, seed, true).run();
    }

    private static final class History {
        private final Random random;
        private final Variant variant;
        private final boolean refuses;
        private Script client;
        private Map<ResourceType, Map<String, String>> held = empty();
        private final Map<ResourceType, Set<String>> named = new EnumMap<>(ResourceType.class);
        private final Deque<Received> unanswered = new ArrayDeque<>();
        private Snapshot snapshot = Sample.snapshot();
        private Map<String, VersionedResource> resources = new TreeMap<>();
        private int version;

        History(Variant variant, int seed, boolean refuses) {
            this.variant = variant;
            this.refuses = refuses;
            random = new Random(seed);
            client = connect();
        }

        private static Map<ResourceType, Map<String, String>> empty() {
            Map<ResourceType, Map<String, String>> none = new EnumMap<>(ResourceType.class);
            for (ResourceType type : ResourceType.values()) {
                none.put(type, new TreeMap<>());
            }
            return none;
        }

        void run() {
            for (int step = 0; step < STEPS; step++) {
                switch (random.nextInt(10)) {
                    case 0, 1 -> change();
                    case 2, 3, 4 -> hear();
                    case 5, 6, 7 -> answer();
                    case 8 -> client.grow();
                    default -> {
                        if (random.nextInt(6) == 0) {
                            reconnect();
                        }
                    }
                }
            }
            finish();
        }

        /** A client that refuses says no to everything for a while; then everything is accepted. */
        private void finish() {
            client.grow();
            for (int round = 0; refuses && (!unanswered.isEmpty() || hear()); round++) {
                assertThat(round)
                        .as("responses to a client that refuses them all")
                        .isLessThan(100);
                while (!unanswered.isEmpty()) {
                    client.nack(unanswered.removeFirst(), "no");
                }
            }
            change(); // what was refused is mended, and there is something new of each type, so that refused removals
            // go too
            for (ResourceType type : ResourceType.values()) {
                resources.put("last " + type, Sample.of(type, "last", next()));
            }
            resources.replaceAll((key, resource) -> again(resource));
            publish();
            for (int round = 0; !unanswered.isEmpty() || hear(); round++) {
                assertThat(round).as("responses until it is quiet").isLessThan(100);
                while (!unanswered.isEmpty()) {
                    accept(unanswered.removeFirst());
                }
            }
            for (ResourceType type : ResourceType.values()) {
                Map<String, String> expected = new TreeMap<>();
                snapshot.of(type).forEach((name, resource) -> {
                    if (type.wildcard() || named(type).contains(name)) {
                        expected.put(name, resource.version());
                    }
                });
                Map<String, String> has = new TreeMap<>(held(type));
                if (!type.wildcard()) {
                    has.keySet().retainAll(named(type));
                }
                assertThat(has).as("what the client has of %s", type).isEqualTo(expected);
            }
            client.publish(snapshot);
            client.expectNothing();
        }

        // The server's side.

        private void change() {
            for (int i = random.nextInt(3); i >= 0; i--) {
                String name = "c" + random.nextInt(5);
                if (random.nextInt(3) == 0) {
                    resources.remove("cluster " + name);
                    resources.remove("endpoints " + name);
                } else {
                    if (random.nextBoolean()) {
                        resources.put("cluster " + name, Sample.cluster(name, next()));
                    }
                    resources.put("endpoints " + name, Sample.endpoints(name, next()));
                    resources.putIfAbsent("cluster " + name, Sample.cluster(name, next()));
                }
            }
            List<String> clusters = resources.values().stream()
                    .filter(each -> each.type() == CLUSTER)
                    .map(VersionedResource::name)
                    .toList();
            for (int i = 0; i < 2; i++) {
                String route = "r" + i;
                if (random.nextInt(3) != 0 || leadsNowhere(route, clusters)) {
                    String[] to = clusters.stream()
                            .filter(any -> random.nextBoolean())
                            .toArray(String[]::new);
                    leads.put(route, Set.of(to));
                    resources.put("route " + route, Sample.route(route, next(), to));
                }
                if (random.nextInt(4) == 0) {
                    String listener = "l" + random.nextInt(2);
                    resources.put("listener " + listener, Sample.listener(listener, next(), route));
                }
            }
            if (random.nextInt(5) == 0) {
                resources.remove("listener l" + random.nextInt(2));
            }
            publish();
        }

        private final Map<String, Set<String>> leads = new TreeMap<>();
        /** What each version of a route leads to. */
        private final Map<String, Set<String>> leadsByVersion = new TreeMap<>();

        private boolean leadsNowhere(String route, List<String> clusters) {
            return !resources.containsKey("route " + route)
                    || !clusters.containsAll(leads.getOrDefault(route, Set.of()));
        }

        private VersionedResource again(VersionedResource resource) {
            return switch (resource.type()) {
                case CLUSTER -> Sample.cluster(resource.name(), next());
                case ENDPOINT -> Sample.endpoints(resource.name(), next());
                case LISTENER -> Sample.listener(resource.name(), next(), "r0");
                case ROUTE ->
                    Sample.route(
                            resource.name(),
                            next(),
                            leads.getOrDefault(resource.name(), Set.of()).toArray(String[]::new));
                case SECRET -> Sample.secret(resource.name(), next());
            };
        }

        private String next() {
            return Integer.toString(++version);
        }

        private void publish() {
            resources.values().stream()
                    .filter(each -> each.type() == ROUTE)
                    .forEach(each -> leadsByVersion.put(
                            each.name() + "@" + each.version(), leads.getOrDefault(each.name(), Set.of())));
            snapshot = random.nextInt(8) == 0
                    ? Sample.snapshot(resources.values()) // as after a restart: nothing is known of the ones before
                    : Sample.next(snapshot, resources.values());
            client.publish(snapshot);
        }

        // The client's side.

        private Script connect() {
            Script script = variant == Variant.SOTW
                    ? Script.sotw(DirectLink.sotw(400), Node.getDefaultInstance())
                    : Script.delta(DirectLink.delta(400), Node.getDefaultInstance());
            script.publish(snapshot);
            return open(script);
        }

        private Script open(Script script) {
            for (ResourceType type : ResourceType.values()) {
                named.put(type, new TreeSet<>());
            }
            for (ResourceType type : List.of(CLUSTER, LISTENER)) {
                script.resume(type, Set.of(), lastVersion.getOrDefault(type, ""), held(type));
            }
            for (ResourceType type : List.of(ENDPOINT, ROUTE)) {
                Set<String> names = wanted(type);
                named.put(type, names);
                held(type).keySet().retainAll(names);
                if (!names.isEmpty()) {
                    script.resume(type, names, "", held(type));
                }
            }
            return script;
        }

        /** Routes whose clusters the server can know the client to hold. */
        private final Set<String> trusted = new TreeSet<>();

        private final Map<ResourceType, String> lastVersion = new EnumMap<>(ResourceType.class);

        private void reconnect() {
            unanswered.clear();
            if (variant == Variant.SOTW) {
                trusted.clear(); // nobody can know what it held
            }
            client = connect();
        }

        private Map<String, String> held(ResourceType type) {
            return held.getOrDefault(type, new TreeMap<>());
        }

        private Set<String> named(ResourceType type) {
            return named.getOrDefault(type, Set.of());
        }

        private boolean hear() {
            List<Received> heard = client.rest();
            for (Received received : heard) {
                assertThat(unanswered)
                        .as("responses in flight of %s", received.type())
                        .noneMatch(other -> other.type() == received.type());
                assertThat(received.resources()).doesNotHaveDuplicates();
                unanswered.add(received);
            }
            return !heard.isEmpty();
        }

        private void answer() {
            if (unanswered.isEmpty()) {
                return;
            }
            Received received = unanswered.removeFirst();
            if (refuses && random.nextInt(4) == 0) {
                client.nack(
                        received,
                        received.resources().isEmpty()
                                ? "no"
                                : received.resources().getFirst());
            } else {
                accept(received);
            }
        }

        private void accept(Received received) {
            ResourceType type = received.type();
            Map<String, String> now = held(type);
            if (variant == Variant.SOTW && type.wildcard()) {
                now.clear();
            }
            for (String label : received.resources()) {
                String name = label.substring(0, label.indexOf('@'));
                if (type.wildcard() || named(type).contains(name)) {
                    now.put(name, label.substring(label.indexOf('@') + 1));
                    if (type == ROUTE) {
                        trusted.add(name);
                    }
                }
            }
            received.removed().forEach(now::remove);
            lastVersion.put(type, received.version());
            // Envoy asks for what is named anew before it acknowledges.
            follow();
            if (!refuses) {
                checkReferences(received);
            }
            client.ack(received);
        }

        private void follow() {
            for (ResourceType type : List.of(ENDPOINT, ROUTE)) {
                Set<String> wanted = wanted(type);
                Set<String> more = minus(wanted, named(type));
                Set<String> less = minus(named(type), wanted);
                named.put(type, wanted);
                held(type).keySet().removeAll(less);
                if (!more.isEmpty()) {
                    client.subscribe(type, more.toArray(String[]::new));
                }
                if (!less.isEmpty()) {
                    client.unsubscribe(type, less.toArray(String[]::new));
                }
            }
        }

        private Set<String> wanted(ResourceType type) {
            if (type == ENDPOINT) {
                return new TreeSet<>(held(CLUSTER).keySet());
            }
            return held(LISTENER).isEmpty() ? new TreeSet<>() : new TreeSet<>(Set.of("r0", "r1"));
        }

        private static Set<String> minus(Collection<String> all, Collection<String> less) {
            return all.stream().filter(name -> !less.contains(name)).collect(Collectors.toCollection(TreeSet::new));
        }

        /** What the running routes lead to is there. */
        private void checkReferences(Received after) {
            held(ROUTE).forEach((name, routeVersion) -> {
                if (!trusted.contains(name) || !named(ROUTE).contains(name)) {
                    return;
                }
                Set<String> to = leadsByVersion.getOrDefault(name + "@" + routeVersion, Set.of());
                assertThat(held(CLUSTER).keySet())
                        .as("clusters that route %s@%s leads to, after %s", name, routeVersion, after)
                        .containsAll(to);
            });
        }
    }
}
