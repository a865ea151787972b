package io.sluice.gateway.cluster;

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
    private static final int WHOLE = 100;

    private final List<Tier> tiers;
    private final int[] healthy;
    private final int[] degraded;
    private final Load load;
    private final Balancing balancing;
    private final Surroundings around;

    /** How many of 100 requests go to each priority's healthy, and to its degraded endpoints. */
    private static final class Load {
        private final int[] healthy;
        private final int[] degraded;

        Load(int priorities) {
            healthy = new int[priorities];
            degraded = new int[priorities];
        }
    }

    Membership(List<LiveEndpoint> endpoints, LoadAssignment assignment, Balancing balancing, Surroundings around) {
        this.balancing = balancing;
        this.around = around;
        SortedMap<Integer, List<LiveEndpoint>> byPriority = new TreeMap<>();
        for (LiveEndpoint endpoint : endpoints) {
            byPriority
                    .computeIfAbsent(endpoint.endpoint().priority(), p -> new ArrayList<>())
                    .add(endpoint);
        }
        int count = byPriority.size();
        healthy = new int[count];
        degraded = new int[count];
        int available = 0;
        int i = 0;
        for (List<LiveEndpoint> group : byPriority.values()) {
            Availability found = Availability.of(group, assignment);
            healthy[i] = found.healthy();
            degraded[i] = found.degraded();
            available = Math.min(WHOLE, available + healthy[i] + degraded[i]);
            i++;
        }
        tiers = new ArrayList<>(count);
        boolean allPanic = count > 0;
        for (List<LiveEndpoint> group : byPriority.values()) {
            boolean panic = available < WHOLE && panics(group, balancing.panicThreshold());
            tiers.add(new Tier(group, panic, assignment, balancing, around));
            allPanic &= panic;
        }
        if (allPanic) {
            load = bySize(List.copyOf(byPriority.values()), endpoints.size());
        } else if (available > 0) {
            load = spread(healthy, degraded);
        } else {
            load = new Load(count);
            if (count > 0) {
                load.healthy[0] = WHOLE;
            }
        }
    }

    /** Percent, overprovisioned, of a priority's endpoints; those that nobody has checked yet do not count where that is wanted. */
    private record Availability(int healthy, int degraded) {
        static Availability of(List<LiveEndpoint> group, LoadAssignment assignment) {
            long all = 0;
            long healthy = 0;
            long degraded = 0;
            for (LiveEndpoint endpoint : group) {
                int counted = assignment.weightedHealth() ? endpoint.endpoint().weight() : 1;
                all += endpoint.isExcluded() ? 0 : counted;
                healthy += endpoint.isHealthy() ? counted : 0;
                degraded += endpoint.isDegraded() ? counted : 0;
            }
            int factor = assignment.overprovisioning();
            return all == 0
                    ? new Availability(0, 0)
                    : new Availability((int) Math.min(WHOLE, healthy * factor / all), (int)
                            Math.min(WHOLE, degraded * factor / all));
        }
    }

    static boolean panics(List<LiveEndpoint> group, double threshold) {
        long all = group.stream().filter(endpoint -> !endpoint.isExcluded()).count();
        long fit = group.stream()
                .filter(endpoint -> endpoint.isHealthy() || endpoint.isDegraded())
                .count();
        double percent = all == 0 ? 0 : 100.0 * fit / all;
        return percent < Math.round(threshold);
    }

    /** What rounding leaves goes to the first priority with anybody healthy, else to the first with anybody degraded. */
    private static Load spread(int[] healthy, int[] degraded) {
        int available = 0;
        for (int i = 0; i < healthy.length; i++) {
            available = Math.min(WHOLE, available + healthy[i] + degraded[i]);
        }
        Load load = new Load(healthy.length);
        int left = spread(healthy, load.healthy, available, WHOLE);
        left = spread(degraded, load.degraded, available, left);
        int first = firstAbove0(healthy);
        if (first >= 0) {
            load.healthy[first] += left;
        } else {
            load.degraded[firstAbove0(degraded)] += left;
        }
        return load;
    }

    private static int spread(int[] availability, int[] load, int available, int left) {
        int rest = left;
        for (int i = 0; i < availability.length; i++) {
            load[i] = Math.min(rest, availability[i] * WHOLE / available);
            rest -= load[i];
        }
        return rest;
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
    private static Load bySize(List<List<LiveEndpoint>> groups, int all) {
        Load load = new Load(groups.size());
        int left = WHOLE;
        for (int i = 0; i < groups.size(); i++) {
            load.healthy[i] = WHOLE * groups.get(i).size() / all;
            left -= load.healthy[i];
        }
        load.healthy[0] += left;
        return load;
    }

    /** @return null where nobody may be asked */
    @Nullable
    LiveEndpoint pick(Pick wanted) {
        if (tiers.isEmpty()) {
            return null;
        }
        return balancing.policy().hashes() ? byHash(wanted) : byTurn(wanted);
    }

    private @Nullable LiveEndpoint byTurn(Pick wanted) {
        Load shares = wanted.avoidsPriorities() ? without(wanted) : load;
        LiveEndpoint picked = once(shares);
        for (int i = 0; i < wanted.furtherLooks() && picked != null && wanted.avoids(picked); i++) {
            picked = once(shares);
        }
        return picked;
    }

    private @Nullable LiveEndpoint once(Load shares) {
        if (tiers.size() == 1 && shares.healthy[0] == WHOLE) {
            return tiers.getFirst().healthy();
        }
        int dice = ThreadLocalRandom.current().nextInt(WHOLE);
        int sum = 0;
        for (int i = 0; i < tiers.size(); i++) {
            sum += shares.healthy[i];
            if (dice < sum) {
                return tiers.get(i).healthy();
            }
        }
        for (int i = 0; i < tiers.size(); i++) {
            sum += shares.degraded[i];
            if (dice < sum) {
                return tiers.get(i).degraded();
            }
        }
        return null;
    }

    /** The hash decides the priority too. Source: Envoy thread_aware_lb_impl.cc. */
    private @Nullable LiveEndpoint byHash(Pick wanted) {
        long hash = wanted.hash().orElseGet(() -> ThreadLocalRandom.current().nextLong());
        Tier tier = tier(Long.remainderUnsigned(hash, WHOLE) + 1);
        if (tier.panics()) {
            around.stats().panics.increment();
        }
        LiveEndpoint picked = tier.byHash(hash, 0);
        for (int i = 1; i <= wanted.furtherLooks() && picked != null && wanted.avoids(picked); i++) {
            picked = tier.byHash(hash, i);
        }
        return picked;
    }

    private Tier tier(long place) {
        int sum = 0;
        for (int i = 0; i < tiers.size(); i++) {
            sum += load.healthy[i];
            if (place <= sum) {
                return tiers.get(i);
            }
        }
        for (int i = 0; i < tiers.size(); i++) {
            sum += load.degraded[i];
            if (place <= sum) {
                return tiers.get(i);
            }
        }
        return tiers.getFirst();
    }

    /** The load without the priorities that are not wanted; as it was, where nobody else is left. */
    private Load without(Pick wanted) {
        int[] stillHealthy = healthy.clone();
        int[] stillDegraded = degraded.clone();
        for (int i = 0; i < tiers.size(); i++) {
            if (wanted.avoidsPriority(tiers.get(i).priority())) {
                stillHealthy[i] = 0;
                stillDegraded[i] = 0;
            }
        }
        return firstAbove0(stillHealthy) < 0 && firstAbove0(stillDegraded) < 0
                ? load
                : spread(stillHealthy, stillDegraded);
    }

    /** The first priority; null where there is none. */
    @Nullable
    Tier first() {
        return tiers.isEmpty() ? null : tiers.getFirst();
    }

    int healthyLoad(int tier) {
        return load.healthy[tier];
    }

    int degradedLoad(int tier) {
        return load.degraded[tier];
    }

    boolean panics(int tier) {
        return tiers.get(tier).panics();
    }
}
