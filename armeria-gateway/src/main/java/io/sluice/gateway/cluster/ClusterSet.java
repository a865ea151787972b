package io.sluice.gateway.cluster;

import io.sluice.gateway.cluster.ClusterSpec.Discovery;
import io.sluice.gateway.cluster.health.HealthProbe;
import io.sluice.gateway.endpoint.Locality;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** All clusters in force. Looked up by any thread, changed by one. */
public final class ClusterSet implements Clusters, AutoCloseable {
    private final HealthProbe probe;
    private final DnsResolver dns;
    private final ScheduledExecutorService timer;
    private final LongSupplier nanos;
    /** What ends the tasks of a cluster, by its name. */
    private final Map<String, List<Runnable>> tasks = new HashMap<>();

    private final Locality own;
    private final String local;
    private volatile Map<String, Cluster> clusters = Map.of();

    /** @param nanos {@link System#nanoTime}, or a test's clock */
    public ClusterSet(HealthProbe probe, DnsResolver dns, ScheduledExecutorService timer, LongSupplier nanos) {
        this(probe, dns, timer, nanos, Locality.NONE, "");
    }

    /**
     * @param own where this node stands
     * @param local the cluster of which this node is an endpoint; empty when not said
     */
    public ClusterSet(
            HealthProbe probe,
            DnsResolver dns,
            ScheduledExecutorService timer,
            LongSupplier nanos,
            Locality own,
            String local) {
        this.own = own;
        this.local = local;
        this.probe = probe;
        this.dns = dns;
        this.timer = timer;
        this.nanos = nanos;
    }

    @Override
    public @Nullable Cluster get(String name) {
        return clusters.get(name);
    }

    public Collection<Cluster> all() {
        return clusters.values();
    }

    /**
     * Makes these the clusters in force. What is known of an endpoint that stays is kept.
     *
     * @param assignments endpoints by the name under which a cluster asks for them; a cluster without one here keeps what it has
     */
    public synchronized void update(Collection<ClusterSpec> specs, Map<String, LoadAssignment> assignments) {
        Map<String, Cluster> next = new HashMap<>();
        for (ClusterSpec spec : specs) {
            Cluster cluster = clusters.get(spec.name());
            if (cluster == null) {
                cluster = new Cluster(spec, probe, timer, nanos, own, this::localMembers);
                watch(cluster, spec);
            } else if (!cluster.spec().equals(spec)) {
                boolean sourceChanged = !cluster.spec().discovery().equals(spec.discovery());
                cluster.update(spec);
                unwatch(spec.name());
                watch(cluster, spec, sourceChanged);
            }
            Cluster known = cluster;
            spec.edsName().map(assignments::get).ifPresent(known::update);
            next.put(spec.name(), cluster);
        }
        Map<String, Cluster> before = clusters;
        clusters = Map.copyOf(next);
        before.forEach((name, cluster) -> {
            if (!next.containsKey(name)) {
                unwatch(name);
                cluster.close();
            }
        });
    }

    private @Nullable Membership localMembers() {
        Cluster cluster = local.isEmpty() ? null : clusters.get(local);
        return cluster == null ? null : cluster.membership();
    }

    private void watch(Cluster cluster, ClusterSpec spec) {
        watch(cluster, spec, true);
    }

    private void watch(Cluster cluster, ClusterSpec spec, boolean readSource) {
        List<Runnable> running = new ArrayList<>();
        switch (spec.discovery()) {
            case Discovery.Static fixed -> {
                if (readSource) {
                    cluster.update(fixed.endpoints());
                }
            }
            case Discovery.StrictDns strict -> running.add(look(cluster, strict.names(), false, strict.policy()));
            case Discovery.LogicalDns one -> running.add(look(cluster, one.name(), true, one.policy()));
            case Discovery.Eds eds -> {}
        }
        if (spec.outlier() != null) {
            long interval = spec.outlier().interval().toMillis();
            ScheduledFuture<?> sweeps =
                    timer.scheduleAtFixedRate(cluster::sweep, interval, interval, TimeUnit.MILLISECONDS);
            running.add(() -> sweeps.cancel(false));
        }
        tasks.put(spec.name(), running);
    }

    private Runnable look(Cluster cluster, DnsAssignment names, boolean logical, DnsPolicy policy) {
        DnsWatch watch = new DnsWatch(cluster.name(), names, logical, policy, dns, timer, cluster::update);
        watch.start();
        return watch::close;
    }

    private void unwatch(String name) {
        List<Runnable> running = tasks.remove(name);
        if (running != null) {
            running.forEach(Runnable::run);
        }
    }

    @Override
    public void close() {
        update(List.of(), Map.of());
    }
}
