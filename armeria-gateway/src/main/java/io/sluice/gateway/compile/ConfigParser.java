package io.sluice.gateway.compile;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.endpoint.v3.ClusterLoadAssignment;
import io.envoyproxy.envoy.config.listener.v3.Filter;
import io.envoyproxy.envoy.config.listener.v3.FilterChain;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.Secret;
import io.sluice.gateway.cluster.ClusterParser;
import io.sluice.gateway.cluster.ClusterSpec;
import io.sluice.gateway.cluster.LoadAssignment;
import io.sluice.gateway.cluster.LoadAssignmentParser;
import io.sluice.gateway.secret.Certificate;
import io.sluice.gateway.secret.PeerRules;
import io.sluice.gateway.secret.SecretParser;
import io.sluice.gateway.secret.Secrets;
import io.sluice.gateway.secret.TlsContextParser;
import io.sluice.gateway.xds.ConfigSink;
import io.sluice.gateway.xds.Problems;
import io.sluice.gateway.xds.ResourceKey;
import io.sluice.gateway.xds.ResourceKind;
import io.sluice.gateway.xds.Resources;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * All resources together, the bootstrap's among them, become one {@link CompiledConfig}. What did not change is not compiled again. A cluster waits
 * for its endpoints and a listener for its routes before they are in force for the first time. On one thread.
 */
public final class ConfigParser implements ConfigSink {
    private final Resources statics;
    private final ListenerParser listeners;
    private final Function<CompiledConfig, Map<String, String>> live;
    private final ClusterParser clusters;
    private final LoadAssignmentParser assignments = new LoadAssignmentParser();
    private final Map<ResourceKey, Compiled> known = new HashMap<>();
    private final Set<ResourceKey> inForce = new HashSet<>();
    private final SecretParser secrets;
    private Map<String, ClusterSpec> liveClusters = Map.of();
    private Map<String, CompiledListener> liveListeners = Map.of();

    /** @param live takes each configuration that is put in force and says which listeners could not be, and why */
    public ConfigParser(
            Resources statics,
            ListenerParser listeners,
            TlsContextParser tls,
            Function<CompiledConfig, Map<String, String>> live) {
        clusters = new ClusterParser(tls);
        secrets = new SecretParser(tls);
        this.statics = new Resources(statics);
        this.listeners = listeners;
        this.live = live;
    }

    /** What one resource became, from which messages. */
    private record Compiled(
            Message message,
            Map<String, ? extends Message> routes,
            @Nullable Object result,
            String problems) {
        boolean isOf(Message other, Map<String, ? extends Message> otherRoutes) {
            return message.equals(other) && routes.equals(otherRoutes);
        }
    }

    private record Whole(
            CompiledConfig config, Map<ResourceKey, String> refused, Set<ResourceKey> wanted, Set<ResourceKey> ready)
            implements Candidate {}

    @Override
    public Candidate compile(Resources dynamic, Set<ResourceKey> gaveUp) {
        Resources all = new Resources(dynamic);
        for (ResourceKind kind : ResourceKind.values()) {
            all.of(kind).putAll(statics.of(kind));
        }
        Map<ResourceKey, String> refused = new HashMap<>();
        Set<ResourceKey> wanted = new HashSet<>();
        Set<ResourceKey> ready = new HashSet<>();
        Map<String, LoadAssignment> endpoints = endpoints(all, refused);
        Secrets held = secrets(all, refused);
        List<ClusterSpec> specs = clusters(all, gaveUp, endpoints.keySet(), held, refused, wanted, ready);
        List<CompiledListener> ports = listeners(all, gaveUp, held, refused, wanted, ready);
        known.keySet().removeIf(key -> all.get(key).isEmpty());
        return new Whole(new CompiledConfig(specs, endpoints, ports, held), refused, wanted, ready);
    }

    @Override
    public Map<ResourceKey, String> publish(Candidate candidate) {
        Whole whole = (Whole) candidate;
        inForce.clear();
        inForce.addAll(whole.ready());
        liveClusters =
                whole.config().clusters().stream().collect(Collectors.toMap(ClusterSpec::name, Function.identity()));
        liveListeners = whole.config().listeners().stream()
                .collect(Collectors.toMap(CompiledListener::name, Function.identity()));
        Map<ResourceKey, String> failed = new HashMap<>();
        live.apply(whole.config()).forEach((name, reason) -> {
            ResourceKey key = new ResourceKey(ResourceKind.LISTENER, name);
            failed.put(key, key + " > " + reason);
        });
        return failed;
    }

    private Map<String, LoadAssignment> endpoints(Resources all, Map<ResourceKey, String> refused) {
        Map<String, LoadAssignment> endpoints = new HashMap<>();
        all.typed(ResourceKind.ENDPOINTS, ClusterLoadAssignment.class).forEach((name, message) -> {
            ResourceKey key = new ResourceKey(ResourceKind.ENDPOINTS, name);
            Compiled compiled = compiled(key, message, Map.of(), problems -> assignments.parse(message, problems));
            keep(compiled, key, refused, LoadAssignment.class).ifPresent(value -> endpoints.put(name, value));
        });
        return endpoints;
    }

    private Secrets secrets(Resources all, Map<ResourceKey, String> refused) {
        Map<String, Certificate> certificates = new HashMap<>();
        Map<String, PeerRules> rules = new HashMap<>();
        all.typed(ResourceKind.SECRET, Secret.class).forEach((name, message) -> {
            ResourceKey key = new ResourceKey(ResourceKind.SECRET, name);
            Compiled compiled = compiled(
                    key,
                    message,
                    Map.of(),
                    problems -> secrets.parse(message, statics.get(key).isPresent(), problems));
            keep(compiled, key, refused, SecretParser.Parsed.class).ifPresent(parsed -> {
                switch (parsed) {
                    case SecretParser.Parsed.Own own -> certificates.put(name, own.certificate());
                    case SecretParser.Parsed.Others others -> rules.put(name, others.rules());
                }
            });
        });
        return new Secrets(certificates, rules);
    }

    /** Whether something needs a secret that may still come. */
    private static boolean lacks(Set<String> names, Secrets held, Set<ResourceKey> gaveUp, Set<ResourceKey> wanted) {
        boolean lacks = false;
        for (String name : names) {
            ResourceKey secret = new ResourceKey(ResourceKind.SECRET, name);
            wanted.add(secret);
            lacks |= !held.has(name) && !gaveUp.contains(secret);
        }
        return lacks;
    }

    private List<ClusterSpec> clusters(
            Resources all,
            Set<ResourceKey> gaveUp,
            Set<String> haveEndpoints,
            Secrets held,
            Map<ResourceKey, String> refused,
            Set<ResourceKey> wanted,
            Set<ResourceKey> ready) {
        List<ClusterSpec> specs = new ArrayList<>();
        all.typed(ResourceKind.CLUSTER, Cluster.class).forEach((name, message) -> {
            ResourceKey key = new ResourceKey(ResourceKind.CLUSTER, name);
            Compiled compiled = compiled(
                    key,
                    message,
                    Map.of(),
                    problems -> clusters.parse(message, statics.get(key).isPresent(), problems));
            Optional<ClusterSpec> spec = keep(compiled, key, refused, ClusterSpec.class);
            if (spec.isEmpty()) {
                return;
            }
            Optional<ResourceKey> source =
                    spec.get().edsName().map(eds -> new ResourceKey(ResourceKind.ENDPOINTS, eds));
            source.ifPresent(wanted::add);
            boolean waits = source.isPresent()
                    && !haveEndpoints.contains(source.get().name())
                    && !gaveUp.contains(source.get())
                    && !inForce.contains(key);
            if (lacks(spec.get().sockets().secrets(), held, gaveUp, wanted)) {
                ClusterSpec before = liveClusters.get(name);
                if (before != null) { // which goes on meanwhile
                    ready.add(key);
                    specs.add(before);
                }
                return;
            }
            if (!waits) {
                ready.add(key);
                specs.add(spec.get());
            }
        });
        return specs;
    }

    private List<CompiledListener> listeners(
            Resources all,
            Set<ResourceKey> gaveUp,
            Secrets held,
            Map<ResourceKey, String> refused,
            Set<ResourceKey> wanted,
            Set<ResourceKey> ready) {
        List<CompiledListener> ports = new ArrayList<>();
        Map<String, RouteConfiguration> tables = all.typed(ResourceKind.ROUTES, RouteConfiguration.class);
        all.typed(ResourceKind.LISTENER, Listener.class).forEach((name, message) -> {
            ResourceKey key = new ResourceKey(ResourceKind.LISTENER, name);
            boolean own = statics.get(key).isPresent();
            Set<String> sources = routesOf(message);
            Map<String, RouteConfiguration> found = new HashMap<>();
            boolean waits = false;
            for (String source : sources) {
                ResourceKey wants = new ResourceKey(ResourceKind.ROUTES, source);
                wanted.add(wants);
                RouteConfiguration table = tables.get(source);
                if (table != null) {
                    found.put(source, table);
                }
                waits |= table == null && !gaveUp.contains(wants);
            }
            if (waits) {
                // waits for its routes, but what is wrong with itself is said at once
                keep(
                        compiled(
                                key,
                                message,
                                Map.of(),
                                problems -> listeners.parse(message, none -> Optional.empty(), own, problems)),
                        key,
                        refused,
                        CompiledListener.class);
                goOn(name, key, ready, ports);
                return;
            }
            Compiled compiled = compiled(
                    key,
                    message,
                    found,
                    problems -> listeners.parse(
                            message, wantedName -> Optional.ofNullable(tables.get(wantedName)), own, problems));
            // what is wrong in the routes is the routes' fault
            ResourceKey blamed = sources.stream()
                    .filter(source -> compiled.problems().contains(" > rds '" + source + "'"))
                    .map(source -> new ResourceKey(ResourceKind.ROUTES, source))
                    .findFirst()
                    .orElse(key);
            keep(compiled, blamed, refused, CompiledListener.class).ifPresent(port -> {
                if (lacks(port.secrets(), held, gaveUp, wanted)) {
                    goOn(name, key, ready, ports);
                } else {
                    ready.add(key);
                    ports.add(port);
                }
            });
        });
        return ports;
    }

    /** What was in force goes on while its successor waits. */
    private void goOn(String name, ResourceKey key, Set<ResourceKey> ready, List<CompiledListener> ports) {
        CompiledListener before = liveListeners.get(name);
        if (before != null) {
            ready.add(key);
            ports.add(before);
        }
    }

    private Compiled compiled(
            ResourceKey key,
            Message message,
            Map<String, ? extends Message> routes,
            Function<Problems, Optional<?>> parse) {
        Compiled before = known.get(key);
        if (before != null && before.isOf(message, routes)) {
            return before;
        }
        Problems problems = Problems.of(key.toString());
        Object result = parse.apply(problems).orElse(null);
        Compiled now = new Compiled(message, routes, problems.any() ? null : result, problems.toString());
        known.put(key, now);
        return now;
    }

    private static <T> Optional<T> keep(
            Compiled compiled, ResourceKey key, Map<ResourceKey, String> refused, Class<T> type) {
        if (compiled.result() == null) {
            refused.put(key, compiled.problems());
            return Optional.empty();
        }
        return Optional.of(type.cast(compiled.result()));
    }

    private static Set<String> routesOf(Listener listener) {
        Set<String> names = new HashSet<>();
        List<FilterChain> chains = new ArrayList<>(listener.getFilterChainsList());
        chains.add(listener.getDefaultFilterChain());
        for (FilterChain chain : chains) {
            for (Filter filter : chain.getFiltersList()) {
                try {
                    if (filter.getTypedConfig().is(HttpConnectionManagerParser.MESSAGE)) {
                        HttpConnectionManagerParser.routeConfigurationName(
                                        filter.getTypedConfig().unpack(HttpConnectionManagerParser.MESSAGE))
                                .ifPresent(names::add);
                    }
                } catch (InvalidProtocolBufferException e) {
                    return Set.of(); // its parser says so
                }
            }
        }
        return names;
    }
}
