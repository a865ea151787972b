package io.sluice.gateway.cluster;

import io.sluice.gateway.cluster.lb.BoundedLoad;
import io.sluice.gateway.cluster.lb.HashBalancer;
import io.sluice.gateway.cluster.lb.HashRing;
import io.sluice.gateway.cluster.lb.LoadBalancer;
import io.sluice.gateway.cluster.lb.LoadBalancers;
import io.sluice.gateway.cluster.lb.MaglevTable;
import io.sluice.gateway.endpoint.Endpoint;
import java.util.List;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/** Endpoints behind one balancer. */
final class Group implements LoadBalancer.Loads {
    private final List<LiveEndpoint> endpoints;
    private final Surroundings around;
    private final @Nullable LoadBalancer balancer;
    private final @Nullable HashBalancer hashBalancer;

    private Group(List<LiveEndpoint> endpoints, LbPolicy policy, Surroundings around) {
        this.endpoints = endpoints;
        this.around = around;
        hashBalancer = null;
        balancer = endpoints.isEmpty() || policy.hashes() ? null : balancer(policy);
    }

    private Group(List<LiveEndpoint> endpoints, HashBalancer hashBalancer, Surroundings around) {
        this.endpoints = endpoints;
        this.around = around;
        this.hashBalancer = hashBalancer;
        balancer = null;
    }

    /** Without a balancer where the policy hashes. */
    static Group of(List<LiveEndpoint> endpoints, LbPolicy policy, Surroundings around) {
        return new Group(endpoints, policy, around);
    }

    /** @param localityShare what one unit of an endpoint's weight counts in its locality */
    static Group hashed(
            List<LiveEndpoint> endpoints,
            ToDoubleFunction<LiveEndpoint> localityShare,
            LbPolicy policy,
            Surroundings around) {
        List<LiveEndpoint> counted = endpoints.stream()
                .filter(e -> localityShare.applyAsDouble(e) > 0)
                .toList();
        double all = counted.stream()
                .mapToDouble(e -> e.endpoint().weight() * localityShare.applyAsDouble(e))
                .sum();
        return switch (policy) {
            case LbPolicy.RingHash ring -> {
                List<HashBalancer.Share> shares = shares(counted, localityShare, all, ring.hashing());
                HashBalancer built = new HashRing(shares, ring.minimumSize(), ring.maximumSize(), ring.function());
                yield new Group(counted, bounded(built, shares, ring.hashing(), counted, around), around);
            }
            case LbPolicy.Maglev maglev -> {
                List<HashBalancer.Share> shares = shares(counted, localityShare, all, maglev.hashing());
                HashBalancer built = new MaglevTable(shares, maglev.size());
                yield new Group(counted, bounded(built, shares, maglev.hashing(), counted, around), around);
            }
            case LbPolicy.RoundRobin other -> new Group(counted, other, around);
            case LbPolicy.LeastRequest other -> new Group(counted, other, around);
            case LbPolicy.Random other -> new Group(counted, other, around);
        };
    }

    private static List<HashBalancer.Share> shares(
            List<LiveEndpoint> endpoints,
            ToDoubleFunction<LiveEndpoint> localityShare,
            double all,
            LbPolicy.Hashing hashing) {
        return endpoints.stream()
                .map(e -> new HashBalancer.Share(
                        key(e.endpoint(), hashing), e.endpoint().weight() * localityShare.applyAsDouble(e) / all))
                .toList();
    }

    private static String key(Endpoint endpoint, LbPolicy.Hashing hashing) {
        if (!endpoint.traits().hashKey().isEmpty()) {
            return endpoint.traits().hashKey();
        }
        return hashing.byHostname() ? endpoint.hostname() : endpoint.key();
    }

    private static HashBalancer bounded(
            HashBalancer balancer,
            List<HashBalancer.Share> shares,
            LbPolicy.Hashing hashing,
            List<LiveEndpoint> endpoints,
            Surroundings around) {
        return hashing.balancePercent() == 0
                ? balancer
                : new BoundedLoad(
                        balancer, shares, i -> endpoints.get(i).active(), around.active(), hashing.balancePercent());
    }

    private LoadBalancer balancer(LbPolicy policy) {
        return switch (policy) {
            case LbPolicy.RoundRobin turns ->
                startsSlowly(turns.slowStart())
                        ? LoadBalancers.byWeight(this, i -> weight(i) * slowness(i, turns.slowStart()))
                        : LoadBalancers.roundRobin(this);
            case LbPolicy.LeastRequest least ->
                startsSlowly(least.slowStart())
                        ? LoadBalancers.byWeight(
                                this,
                                i -> LoadBalancers.leastRequestWeight(this, i, least.bias())
                                        * slowness(i, least.slowStart()))
                        : LoadBalancers.leastRequest(this, least.choices(), least.bias());
            case LbPolicy.Random random -> LoadBalancers.random(this);
            case LbPolicy.RingHash ring -> throw new IllegalStateException("hashed");
            case LbPolicy.Maglev maglev -> throw new IllegalStateException("hashed");
        };
    }

    private boolean startsSlowly(@Nullable SlowStart slowStart) {
        long now = around.nanos().getAsLong();
        return slowStart != null
                && endpoints.stream()
                        .anyMatch(e ->
                                now - e.healthySinceNanos() < slowStart.window().toNanos());
    }

    private double slowness(int index, @Nullable SlowStart slowStart) {
        LiveEndpoint endpoint = endpoints.get(index);
        return slowStart == null || !endpoint.isHealthy()
                ? 1
                : slowStart.factor(around.nanos().getAsLong() - endpoint.healthySinceNanos());
    }

    @Nullable
    LiveEndpoint next() {
        return balancer == null ? null : endpoints.get(balancer.next());
    }

    @Nullable
    LiveEndpoint byHash(long hash, int attempt) {
        int index = hashBalancer == null ? -1 : hashBalancer.choose(hash, attempt);
        return index < 0 ? null : endpoints.get(index);
    }

    @Override
    public int size() {
        return endpoints.size();
    }

    @Override
    public int weight(int index) {
        return endpoints.get(index).endpoint().weight();
    }

    @Override
    public int active(int index) {
        return endpoints.get(index).active();
    }
}
