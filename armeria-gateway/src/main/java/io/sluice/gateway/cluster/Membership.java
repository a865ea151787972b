package io.sluice.gateway.cluster;

import io.sluice.gateway.cluster.lb.LoadBalancer;
import io.sluice.gateway.cluster.lb.LoadBalancers;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Endpoints by priority at one moment, with the share of the load each priority gets: Envoy's algorithm (load_balancer_base.cc). A priority's
 * health is its healthy percent times the overprovisioning, at most 100; load fills the first priority, what is left spills over, degraded
 * endpoints after all healthy ones; where all together are below 100 the shares are scaled up, and a priority below the panic threshold then
 * sends to all of its endpoints. Immutable but for the balancers' turns.
 */
final class Membership {
    private static final int WHOLE = 100;

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
        int available = 0;
        for (int i = 0; i < count; i++) {
            List<LiveEndpoint> group = groups.get(i);
            healthy[i] = availability(count(group, LiveEndpoint::isHealthy), group.size(), overprovisioning);
            degraded[i] = availability(count(group, LiveEndpoint::isDegraded), group.size(), overprovisioning);
            available = Math.min(WHOLE, available + healthy[i] + degraded[i]);
        }
        healthyLoad = new int[count];
        degradedLoad = new int[count];
        if (available > 0) {
            spread(healthy, degraded, available);
        } else if (count > 0) {
            healthyLoad[0] = WHOLE;
        }
        tiers = new ArrayList<>(count);
        boolean allPanic = count > 0;
        for (List<LiveEndpoint> group : groups) {
            boolean panic = available < WHOLE && panics(group, panicThreshold);
            tiers.add(new Tier(group, panic, policy));
            allPanic &= panic;
        }
        if (allPanic) {
            spreadBySize(groups, endpoints.size());
        }
    }

    private static long count(List<LiveEndpoint> group, Predicate<LiveEndpoint> which) {
        return group.stream().filter(which).count();
    }

    private static int availability(long some, int all, int overprovisioning) {
        return (int) Math.min(WHOLE, some * overprovisioning / all);
    }

    private static boolean panics(List<LiveEndpoint> group, double threshold) {
        return 100.0 * count(group, e -> e.isHealthy() || e.isDegraded()) / group.size() < threshold;
    }

    /** What rounding leaves goes to the first priority with anybody healthy, else to the first with anybody degraded. */
    private void spread(int[] healthy, int[] degraded, int available) {
        int left = spread(healthy, healthyLoad, available, WHOLE);
        left = spread(degraded, degradedLoad, available, left);
        int first = firstAbove0(healthy);
        if (first >= 0) {
            healthyLoad[first] += left;
        } else {
            degradedLoad[firstAbove0(degraded)] += left;
        }
    }

    private static int spread(int[] availability, int[] load, int available, int left) {
        for (int i = 0; i < availability.length; i++) {
            load[i] = Math.min(left, availability[i] * WHOLE / available);
            left -= load[i];
        }
        return left;
    }

    private static int firstAbove0(int[] numbers) {
        for (int i = 0; i < numbers.length; i++) {
            if (numbers[i] > 0) {
                return i;
            }
        }
        return -1;
    }

    /** Every priority panics: each gets its share of the endpoints, healthy or not. */
    private void spreadBySize(List<List<LiveEndpoint>> groups, int all) {
        int left = WHOLE;
        for (int i = 0; i < healthyLoad.length; i++) {
            healthyLoad[i] = WHOLE * groups.get(i).size() / all;
            degradedLoad[i] = 0;
            left -= healthyLoad[i];
        }
        healthyLoad[0] += left;
    }

    /** @return null where nobody may be asked */
    @Nullable
    LiveEndpoint pick() {
        if (tiers.isEmpty()) {
            return null;
        }
        if (tiers.size() == 1 && healthyLoad[0] == WHOLE) {
            return tiers.get(0).healthy();
        }
        int dice = ThreadLocalRandom.current().nextInt(WHOLE);
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
