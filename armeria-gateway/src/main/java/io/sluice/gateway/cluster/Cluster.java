package io.sluice.gateway.cluster;

import io.sluice.gateway.cluster.breaker.Breakers;
import io.sluice.gateway.cluster.health.HealthChecker;
import io.sluice.gateway.cluster.health.HealthProbe;
import io.sluice.gateway.cluster.health.OutlierMonitor;
import io.sluice.gateway.cluster.health.OutlierPolicy;
import io.sluice.gateway.endpoint.Endpoint;
import io.sluice.gateway.endpoint.Locality;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A cluster in force: its endpoints behind one policy, with what is known of each. What is known survives changes of spec and assignment.
 * Picking is lock-free but for weighted turns; updates and health changes take the cluster's lock. Any thread.
 */
public final class Cluster {
    private static final Logger log = LoggerFactory.getLogger(Cluster.class);

    private static final int SERVICE_UNAVAILABLE = 503;
    private static final int GATEWAY_TIMEOUT = 504;

    private final String name;
    private final HealthProbe probe;
    private final ScheduledExecutorService timer;
    private final LongSupplier nanos;
    private final Surroundings around;
    private final ClusterStats stats = new ClusterStats();
    private final Breakers defaultBreakers;
    private final Breakers highBreakers;
    private final Map<String, HealthChecker> checkers = new HashMap<>();
    private volatile ClusterSpec spec;
    private volatile Map<String, LiveEndpoint> endpoints = Map.of();
    private volatile Membership membership;
    private volatile boolean used;
    private LoadAssignment assignment = LoadAssignment.EMPTY;
    private boolean closed;

    /** @param local the endpoints of the cluster that this node is part of, see {@link Surroundings} */
    Cluster(
            ClusterSpec spec,
            HealthProbe probe,
            ScheduledExecutorService timer,
            LongSupplier nanos,
            Locality own,
            Supplier<@Nullable Membership> local) {
        this.name = spec.name();
        this.spec = spec;
        this.probe = probe;
        this.timer = timer;
        this.nanos = nanos;
        defaultBreakers = new Breakers(spec.defaultThresholds());
        highBreakers = new Breakers(spec.highThresholds());
        around = new Surroundings(nanos, this::active, own, local, stats);
        membership = new Membership(List.of(), assignment, spec.balancing(), around);
    }

    public String name() {
        return name;
    }

    public ClusterSpec spec() {
        return spec;
    }

    public Breakers defaultBreakers() {
        return defaultBreakers;
    }

    public Breakers highBreakers() {
        return highBreakers;
    }

    public Collection<LiveEndpoint> endpoints() {
        return endpoints.values();
    }

    /** How many endpoints were taken out, ever. */
    public long ejections() {
        return stats.ejections();
    }

    /** Requests under way. */
    private int active() {
        return endpoints.values().stream().mapToInt(LiveEndpoint::active).sum();
    }

    /** Whether the cluster that this node is part of is known. */
    boolean isZoneAware() {
        return around.local().get() != null;
    }

    public ClusterStats stats() {
        return stats;
    }

    Membership membership() {
        return membership;
    }

    /** The next endpoint, or null where nobody may be asked. */
    public @Nullable LiveEndpoint pick(Pick wanted) {
        used = true;
        return membership.pick(wanted);
    }

    // --- outliers

    /** An endpoint has answered. */
    public void answered(LiveEndpoint endpoint, int status) {
        OutlierPolicy policy = spec.outlier();
        if (policy != null) {
            OutlierDetector.answered(policy, endpoint, status, this::eject);
        }
    }

    /** No whole answer came: no connection, a broken one, or not in time. */
    public void failed(LiveEndpoint endpoint, boolean late) {
        OutlierPolicy policy = spec.outlier();
        if (policy == null) {
            return;
        }
        if (policy.splits()) {
            OutlierDetector.localFailure(policy, endpoint, true, this::eject);
        } else {
            OutlierDetector.answered(policy, endpoint, late ? GATEWAY_TIMEOUT : SERVICE_UNAVAILABLE, this::eject);
        }
    }

    /** A request has got its connection. */
    public void connected(LiveEndpoint endpoint) {
        OutlierPolicy policy = spec.outlier();
        if (policy != null && policy.splits()) {
            OutlierDetector.localFailure(policy, endpoint, false, this::eject);
        }
    }

    private synchronized void eject(LiveEndpoint endpoint, OutlierMonitor.Reason reason) {
        OutlierPolicy policy = spec.outlier();
        if (policy == null || endpoint.isEjected() || endpoints.get(endpoint.key()) != endpoint) {
            return;
        }
        stats.detected(reason).increment();
        long out = endpoints.values().stream().filter(LiveEndpoint::isEjected).count();
        OutlierPolicy.Ejection ejection = policy.ejection();
        boolean allowed = 100.0 * (out + 1) / endpoints.size() <= ejection.maxPercent();
        if (!allowed && !(ejection.alwaysOne() && out == 0)) {
            stats.ejectionOverflows.increment();
            return;
        }
        int percent = OutlierDetector.enforced(policy, reason);
        if (percent < 100 && ThreadLocalRandom.current().nextInt(100) >= percent) {
            return;
        }
        long away = endpoint.monitor().eject(ejection)
                + ThreadLocalRandom.current().nextLong(ejection.jitter().toNanos() + 1);
        endpoint.eject(nanos.getAsLong() + away);
        stats.enforced(reason).increment();
        log.info(
                "endpoint ejected cluster={} endpoint={} reason={} ms={}",
                name,
                endpoint.key(),
                reason,
                away / 1_000_000);
        rebuild();
    }

    /** Takes back endpoints whose time away is over, and compares the others; to be called at the policy's interval. */
    synchronized void sweep() {
        OutlierPolicy policy = spec.outlier();
        if (policy == null) {
            return;
        }
        long now = nanos.getAsLong();
        for (LiveEndpoint endpoint : endpoints.values()) {
            if (endpoint.isEjected() && now - endpoint.ejectedUntilNanos() >= 0) {
                takeBack(endpoint);
            }
            endpoint.monitor().turn();
        }
        OutlierDetector.compare(policy, endpoints.values(), this::eject);
        for (LiveEndpoint endpoint : endpoints.values()) {
            if (!endpoint.isEjected()) {
                endpoint.monitor().stayed(now, policy.interval().toNanos());
            }
        }
    }

    private void takeBack(LiveEndpoint endpoint) {
        endpoint.takeBack(nanos.getAsLong());
        log.info("endpoint taken back cluster={} endpoint={}", name, endpoint.key());
        rebuild();
    }

    // --- changes

    synchronized void update(ClusterSpec next) {
        boolean checksChanged = !next.healthChecks().equals(spec.healthChecks());
        spec = next;
        defaultBreakers.update(next.defaultThresholds());
        highBreakers.update(next.highThresholds());
        if (checksChanged) {
            checkers.values().forEach(HealthChecker::close);
            checkers.clear();
            endpoints.values().forEach(this::startChecks);
        }
        rebuild();
    }

    synchronized void update(LoadAssignment told) {
        if (closed) {
            return;
        }
        assignment = told;
        stats.membershipChanges.increment();
        Map<String, LiveEndpoint> next = new LinkedHashMap<>();
        List<LiveEndpoint> added = new ArrayList<>();
        for (Endpoint endpoint : told.endpoints()) {
            String key = endpoint.key();
            LiveEndpoint live = endpoints.get(key);
            if (live == null) {
                boolean waits = isChecked(endpoint);
                live = new LiveEndpoint(
                        endpoint, waits, waits && spec.hosts().ignoreNewUntilChecked(), nanos.getAsLong());
                added.add(live);
            } else {
                live.update(endpoint);
            }
            next.put(key, live);
        }
        for (LiveEndpoint live : endpoints.values()) {
            if (next.containsKey(live.key())) {
                continue;
            }
            if (spec.hosts().ignoreHealthOnRemoval() || spec.healthChecks().isEmpty() || live.failedActiveCheck()) {
                gone(live);
            } else {
                live.leave();
                next.put(live.key(), live);
            }
        }
        endpoints = Collections.unmodifiableMap(next);
        rebuild();
        added.forEach(this::startChecks);
    }

    private void gone(LiveEndpoint live) {
        HealthChecker checker = checkers.remove(live.key());
        if (checker != null) {
            checker.close();
        }
        live.remove();
    }

    private void startChecks(LiveEndpoint live) {
        if (!isChecked(live.endpoint())) {
            live.checked(true);
            return;
        }
        HealthChecker checker = new HealthChecker(
                live::endpoint,
                spec.healthChecks().getFirst(),
                probe,
                () -> used,
                (passing, result) -> checked(live, passing, result),
                timer);
        checkers.put(live.key(), checker);
        checker.start();
    }

    private boolean isChecked(Endpoint endpoint) {
        return !spec.healthChecks().isEmpty() && !endpoint.traits().check().off();
    }

    private synchronized void checked(LiveEndpoint live, boolean passing, HealthProbe.Result result) {
        OutlierPolicy policy = spec.outlier();
        if (passing
                && result.passed()
                && live.isEjected()
                && policy != null
                && policy.ejection().endsByCheck()) {
            takeBack(live);
        }
        boolean changed = live.checked(passing);
        if (live.checkedDegraded(result == HealthProbe.Result.DEGRADED) && !changed) {
            rebuild();
        }
        if (!changed) {
            return;
        }
        log.info("endpoint health cluster={} endpoint={} passing={}", name, live.key(), passing);
        if (passing) {
            live.healthyAgain(nanos.getAsLong());
        } else if (live.isLeaving()) {
            Map<String, LiveEndpoint> next = new LinkedHashMap<>(endpoints);
            next.remove(live.key());
            endpoints = Collections.unmodifiableMap(next);
            gone(live);
        } else if (spec.hosts().closeOnHealthFailure()) {
            live.closeConnections();
        }
        rebuild();
    }

    /** An endpoint has said in an answer that it is not well; counts only where endpoints are checked. */
    public synchronized void failedAtOnce(LiveEndpoint live) {
        HealthChecker checker = checkers.get(live.key());
        if (checker != null) {
            checker.failed();
            checked(live, false, HealthProbe.Result.REFUSED);
        }
    }

    private void rebuild() {
        membership = new Membership(List.copyOf(endpoints.values()), assignment, spec.balancing(), around);
    }

    synchronized void close() {
        closed = true;
        endpoints.values().forEach(this::gone);
        endpoints = Map.of();
        rebuild();
    }
}
