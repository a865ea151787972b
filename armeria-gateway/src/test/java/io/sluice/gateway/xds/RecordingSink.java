package io.sluice.gateway.xds;

import com.google.protobuf.Message;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** Compiles by simple rules and keeps what is in force: names with what tells their versions apart. */
final class RecordingSink implements ConfigSink {
    /** A cluster or listener with this mark does not compile. */
    static final String UNCOMPILABLE = "uncompilable";

    /** A listener's {@code stat_prefix} with this before the name of its routes. */
    static final String ROUTES = "routes:";

    final Set<String> takenPorts = new HashSet<>();
    Resources inForce = new Resources();
    int published;
    boolean broken;
    String brokenBy = "";

    private record Compiled(Resources resources, Map<ResourceKey, String> refused, Set<ResourceKey> wanted)
            implements Candidate {}

    @Override
    public Candidate compile(Resources resources, Set<ResourceKey> gaveUp) {
        if (broken) {
            throw new IllegalStateException("a fault of ours");
        }
        Map<ResourceKey, String> refused = new HashMap<>();
        Set<ResourceKey> wanted = new HashSet<>();
        resources.typed(ResourceKind.CLUSTER, Cluster.class).forEach((name, cluster) -> {
            ResourceKey key = new ResourceKey(ResourceKind.CLUSTER, name);
            if (cluster.getAltStatName().equals(UNCOMPILABLE)) {
                refused.put(key, key + " > alt_stat_name: does not compile");
            } else if (cluster.getType() == Cluster.DiscoveryType.EDS) {
                wanted.add(new ResourceKey(ResourceKind.ENDPOINTS, name));
            }
        });
        resources.typed(ResourceKind.LISTENER, Listener.class).forEach((name, listener) -> {
            ResourceKey key = new ResourceKey(ResourceKind.LISTENER, name);
            if (!brokenBy.isEmpty()
                    && resources
                            .get(new ResourceKey(ResourceKind.CLUSTER, brokenBy))
                            .isPresent()) {
                refused.put(key, key + " > cluster: fails because of '" + brokenBy + "'");
            } else if (listener.getStatPrefix().startsWith(ROUTES)) {
                wanted.add(new ResourceKey(
                        ResourceKind.ROUTES, listener.getStatPrefix().substring(ROUTES.length())));
            }
        });
        return new Compiled(new Resources(resources), refused, wanted);
    }

    @Override
    public Map<ResourceKey, String> publish(Candidate candidate) {
        published++;
        inForce = new Resources(((Compiled) candidate).resources());
        ((Compiled) candidate).refused().keySet().forEach(inForce::remove);
        Map<ResourceKey, String> failed = new HashMap<>();
        takenPorts.forEach(name -> {
            ResourceKey key = new ResourceKey(ResourceKind.LISTENER, name);
            if (inForce.get(key).isPresent()) {
                inForce.remove(key);
                failed.put(key, key + " > address 127.0.0.1:80: Address already in use");
            }
        });
        return failed;
    }

    /** Names in force, with the connect timeout or the address's port as the mark of a version. */
    Map<String, Message> inForce(ResourceKind kind) {
        return new TreeMap<>(inForce.of(kind));
    }
}
