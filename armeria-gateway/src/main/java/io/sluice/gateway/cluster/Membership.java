package io.sluice.gateway.cluster;

import io.sluice.gateway.cluster.lb.LoadBalancer;
import io.sluice.gateway.cluster.lb.LoadBalancers;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * Endpoints by priority at one moment, with the share of the load each priority gets: Envoy's algorithm (load_balancer_base.cc). A priority's
 * health is its healthy percent times the overprovisioning, at most 100; load fills the first priority, what is left spills over, degraded
 * endpoints after all healthy ones; where all together are below 100 the shares are scaled up, and a priority below the panic threshold then
 * sends to all of its endpoints. Immutable but for the balancers' turns.
 */
final class Membership {
    private final List<Tier> tiers;
    private final int[] healthyLoad;
    private final int[] degradedLoad;

    Membership(List<LiveEndpoint> endpoints, int overprovisioning, double panicThreshold, LbPolicy policy) {
        SortedMap<Integer, List<LiveEndpoint>> byPriority = new TreeMap<>();
        for (LiveEndpoint endpoint : endpoints) {
            byPriority
                    .computeIfAbsent(endpoint.endpoint().priority(), p -> new ArrayList<>())
                    .add(endpoint);
        }
        List<List<LiveEndpoint>> groups = List.copyOf(byPriority.values());
        int count = groups.size();
        int[] healthy = new int[count];
        int[] degraded = new int[count];
        int total = 0;
        for (int i = 0; i < count; i++) {
            List<LiveEndpoint> group = groups.get(i);
            healthy[i] =
                    percent(group.stream().filter(LiveEndpoint::isHealthy).count(), group.size(), overprovisioning);
            degraded[i] = Math.min(
                    100 - healthy[i],
                    percent(group.stream().filter(LiveEndpoint::isDegraded).count(), group.size(), overprovisioning));
            total = Math.min(100, total + healthy[i] + degraded[i]);
        }
        healthyLoad = new int[count];
        degradedLoad = new int[count];
        tiers = new ArrayList<>(count);
        boolean allPanic = total == 0;
        int left = 100;
        if (!allPanic) {
            left = spread(healthy, healthyLoad, total, left);
            left = spread(degraded, degradedLoad, total, left);
            giveRemainder(left);
        }
        for (int i = 0; i < count; i++) {
            List<LiveEndpoint> group = groups.get(i);
            double healthyPercent = 100.0
                    * group.stream()
                            .filter(e -> e.isHealthy() || e.isDegraded())
                            .count()
                    / group.size();
            boolean panic = total < 100 && healthyPercent < panicThreshold;
            tiers.add(new Tier(group, panic, policy));
            if (allPanic && panic) {
                healthyLoad[i] = 100 * group.size() / endpoints.size();
            }
        }
        if (allPanic && panicThreshold > 0 && count > 0) {
            int sum = 0;
            for (int load : healthyLoad) {
                sum += load;
            }
            healthyLoad[0] += 100 - sum;
        }
    }

    private static int percent(long some, int all, int overprovisioning) {
        return all == 0 ? 0 : (int) Math.min(100, some * overprovisioning / all);
    }

    private static int spread(int[] health, int[] load, int total, int left) {
        for (int i = 0; i < health.length && left > 0; i++) {
            load[i] = Math.min(left, health[i] * 100 / total);
            left -= load[i];
        }
        return left;
    }

    /** Rounding leaves a few percent: the first priority that has any load takes them. */
    private void giveRemainder(int left) {
        for (int i = 0; left > 0 && i < healthyLoad.length; i++) {
            if (healthyLoad[i] > 0 || degradedLoad[i] > 0) {
                (healthyLoad[i] > 0 ? healthyLoad : degradedLoad)[i] += left;
                return;
            }
        }
    }

    /** @return null where nobody may be asked */
    @Nullable
    LiveEndpoint pick() {
        if (tiers.isEmpty()) {
            return null;
        }
        if (tiers.size() == 1 && healthyLoad[0] == 100) {
            return tiers.get(0).healthy();
        }
        int dice = ThreadLocalRandom.current().nextInt(100);
        int sum = 0;
        for (int i = 0; i < tiers.size(); i++) {
            sum += healthyLoad[i];
            if (dice < sum) {
                return tiers.get(i).healthy();
            }
        }
        for (int i = 0; i < tiers.size(); i++) {
            sum += degradedLoad[i];
            if (dice < sum) {
                return tiers.get(i).degraded();
            }
        }
        return null;
    }

    int healthyLoad(int tier) {
        return healthyLoad[tier];
    }

    int degradedLoad(int tier) {
        return degradedLoad[tier];
    }

    boolean panics(int tier) {
        return tiers.get(tier).panic;
    }

    private static final class Tier {
        private final boolean panic;
        private final Pickable all;
        private final Pickable healthy;
        private final Pickable degraded;

        Tier(List<LiveEndpoint> endpoints, boolean panic, LbPolicy policy) {
            this.panic = panic;
            all = new Pickable(endpoints, policy);
            healthy = new Pickable(
                    endpoints.stream().filter(LiveEndpoint::isHealthy).toList(), policy);
            degraded = new Pickable(
                    endpoints.stream().filter(LiveEndpoint::isDegraded).toList(), policy);
        }

        @Nullable
        LiveEndpoint healthy() {
            return (panic ? all : healthy).next();
        }

        @Nullable
        LiveEndpoint degraded() {
            return (panic ? all : degraded).next();
        }
    }

    private static final class Pickable implements LoadBalancer.Loads {
        private final List<LiveEndpoint> endpoints;
        private final @Nullable LoadBalancer balancer;

        Pickable(List<LiveEndpoint> endpoints, LbPolicy policy) {
            this.endpoints = endpoints;
            balancer = endpoints.isEmpty()
                    ? null
                    : switch (policy) {
                        case LbPolicy.RoundRobin roundRobin -> LoadBalancers.roundRobin(this);
                        case LbPolicy.LeastRequest least -> LoadBalancers.leastRequest(this, least.choices());
                        case LbPolicy.Random random -> LoadBalancers.random(this);
                    };
        }

        @Nullable
        LiveEndpoint next() {
            return balancer == null ? null : endpoints.get(balancer.next());
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
}
