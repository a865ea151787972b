package io.sluice.gateway.cluster;

import io.sluice.gateway.cluster.Balancing.Localities;
import io.sluice.gateway.cluster.lb.LoadBalancer;
import io.sluice.gateway.cluster.lb.WeightedTurns;
import io.sluice.gateway.endpoint.Locality;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** The endpoints of one priority, and of each locality in it where localities count. Immutable but for turns. */
final class Tier {
    private static final int SCALE = 10_000;

    private final int priority;
    private final boolean panic;
    private final boolean failInPanic;
    private final List<LiveEndpoint> members;
    private final Group all;
    private final Group healthy;
    private final Group degraded;
    private final LoadAssignment assignment;
    private final Balancing balancing;
    /** Made when first asked for: most clusters have no use for them. */
    private volatile @Nullable List<Place> places;

    private final Localities localities;
    private final Surroundings around;
    private final double panicThreshold;
    private final @Nullable LoadBalancer healthyPlaces;
    private final @Nullable LoadBalancer degradedPlaces;
    private volatile @Nullable ZoneRoute zoneRoute;

    /** The endpoints of one locality. */
    private record Place(Locality locality, int weight, long size, Group healthy, Group degraded) {}

    Tier(
            List<LiveEndpoint> members,
            boolean panic,
            LoadAssignment assignment,
            Balancing balancing,
            Surroundings around) {
        this.members = members;
        this.panic = panic;
        this.around = around;
        priority = members.getFirst().endpoint().priority();
        failInPanic = balancing.failInPanic();
        localities = balancing.localities();
        panicThreshold = balancing.panicThreshold();
        boolean weighted = localities instanceof Localities.Weighted
                && !assignment.localityWeights().isEmpty();
        this.assignment = assignment;
        this.balancing = balancing;
        if (balancing.policy().hashes()) {
            List<LiveEndpoint> fit = panic ? members : only(members, LiveEndpoint::isHealthy);
            all = Group.hashed(fit, weighted ? shareOf(fit) : endpoint -> 1, balancing.policy(), around);
            healthy = all;
            degraded = all;
            healthyPlaces = null;
            degradedPlaces = null;
        } else {
            all = Group.of(members, balancing.policy(), around);
            healthy = Group.of(only(members, LiveEndpoint::isHealthy), balancing.policy(), around);
            degraded = Group.of(only(members, LiveEndpoint::isDegraded), balancing.policy(), around);
            healthyPlaces = weighted ? turns(Place::healthy, assignment.overprovisioning()) : null;
            degradedPlaces = weighted ? turns(Place::degraded, assignment.overprovisioning()) : null;
        }
    }

    int priority() {
        return priority;
    }

    boolean panics() {
        return panic;
    }

    @Nullable
    LiveEndpoint byHash(long hash, int attempt) {
        return all.byHash(hash, attempt);
    }

    @Nullable
    LiveEndpoint healthy() {
        return one(healthy, healthyPlaces, true);
    }

    @Nullable
    LiveEndpoint degraded() {
        return one(degraded, degradedPlaces, false);
    }

    private @Nullable LiveEndpoint one(Group group, @Nullable LoadBalancer byWeight, boolean wantsHealthy) {
        if (panic) {
            around.stats().panics.increment();
            return failInPanic ? null : all.next();
        }
        if (byWeight != null) {
            return group(places().get(byWeight.next()), wantsHealthy).next();
        }
        if (!(localities instanceof Localities.ZoneAware aware)) {
            return group.next();
        }
        ZoneRoute route = zoneRoute(aware);
        if (route == null || ThreadLocalRandom.current().nextDouble(100) >= aware.routedPercent()) {
            return group.next();
        }
        if (route.localPanics) {
            around.stats().zoneLocalNotOk.increment();
            return failInPanic ? null : group.next();
        }
        return group(places().get(route.place(around.stats())), wantsHealthy).next();
    }

    private static Group group(Place place, boolean healthy) {
        return healthy ? place.healthy() : place.degraded();
    }

    private static List<LiveEndpoint> only(List<LiveEndpoint> endpoints, Predicate<LiveEndpoint> which) {
        return endpoints.stream().filter(which).toList();
    }

    // --- localities

    private SortedMap<Locality, List<LiveEndpoint>> byLocality() {
        SortedMap<Locality, List<LiveEndpoint>> byLocality =
                new TreeMap<>(Comparator.comparing((Locality place) -> !place.equals(around.own()))
                        .thenComparing(Locality::region)
                        .thenComparing(Locality::zone)
                        .thenComparing(Locality::subZone));
        for (LiveEndpoint member : members) {
            byLocality
                    .computeIfAbsent(member.endpoint().locality(), l -> new ArrayList<>())
                    .add(member);
        }
        return byLocality;
    }

    private List<Place> places() {
        List<Place> known = places;
        if (known == null) {
            known = List.copyOf(makePlaces());
            places = known;
        }
        return known;
    }

    private List<Place> makePlaces() {
        List<Place> found = new ArrayList<>();
        byLocality()
                .forEach((locality, endpoints) -> found.add(new Place(
                        locality,
                        assignment.localityWeight(priority, locality),
                        endpoints.stream()
                                .filter(endpoint -> !endpoint.isExcluded())
                                .count(),
                        Group.of(only(endpoints, LiveEndpoint::isHealthy), balancing.policy(), around),
                        Group.of(only(endpoints, LiveEndpoint::isDegraded), balancing.policy(), around))));
        return found;
    }

    /** A locality's weight, less where not enough of it is fit. Null where nobody is. */
    private @Nullable LoadBalancer turns(java.util.function.Function<Place, Group> fit, int overprovisioning) {
        List<Place> known = places();
        WeightedTurns turns = new WeightedTurns(
                known.size(),
                i -> {
                    Place place = known.get(i);
                    double part =
                            place.size() == 0 ? 0 : (double) fit.apply(place).size() / place.size();
                    return place.weight() * Math.min(1, overprovisioning / 100.0 * part);
                },
                ThreadLocalRandom.current().nextInt(known.size() + 1));
        return turns.isEmpty() ? null : turns;
    }

    /** What an endpoint counts on a ring: its weight's part of its locality's weight. */
    private java.util.function.ToDoubleFunction<LiveEndpoint> shareOf(List<LiveEndpoint> fit) {
        TreeMap<String, Long> sums = new TreeMap<>();
        fit.forEach(endpoint -> sums.merge(
                endpoint.endpoint().locality().toString(),
                (long) endpoint.endpoint().weight(),
                Long::sum));
        TreeMap<String, Integer> weights = new TreeMap<>();
        places().forEach(place -> weights.put(place.locality().toString(), place.weight()));
        return endpoint -> {
            String locality = endpoint.endpoint().locality().toString();
            return weights.getOrDefault(locality, 0) / (double) sums.getOrDefault(locality, 1L);
        };
    }

    // --- the own zone first

    private @Nullable ZoneRoute zoneRoute(Localities.ZoneAware aware) {
        Membership local = around.local().get();
        if (local == null) {
            return null;
        }
        ZoneRoute known = zoneRoute;
        if (known == null || !known.isFor(local)) {
            known = ZoneRoute.of(this, local, aware, around);
            zoneRoute = known;
        }
        return known.direct() ? known : null;
    }

    /** How many go to the own locality, and where the rest goes. Source: Envoy load_balancer_base.cc, regenerateLocalityRoutingStructures. */
    private static final class ZoneRoute {
        private final Membership local;
        private final boolean used;
        private final boolean localPanics;
        private final long directly;
        private final long[] residual;

        private ZoneRoute(Membership local, boolean used, boolean localPanics, long directly, long[] residual) {
            this.local = local;
            this.used = used;
            this.localPanics = localPanics;
            this.directly = directly;
            this.residual = residual;
        }

        @SuppressWarnings("ReferenceEquality") // one moment's members are one object
        boolean isFor(Membership other) {
            return local == other;
        }

        boolean direct() {
            return used;
        }

        static ZoneRoute of(Tier tier, Membership local, Localities.ZoneAware aware, Surroundings around) {
            Tier own = local.first();
            List<Place> places = tier.places();
            if (own == null || tier.priority != 0 || places.size() < 2) {
                return new ZoneRoute(local, false, false, 0, new long[0]);
            }
            if (!places.getFirst().locality().equals(around.own())
                    || places.getFirst().healthy().size() == 0) {
                around.stats().zoneLocalNotOk.increment();
                return new ZoneRoute(local, false, false, 0, new long[0]);
            }
            if (tier.healthy.size() < aware.minClusterSize()) {
                around.stats().zoneTooSmall.increment();
                return new ZoneRoute(local, false, false, 0, new long[0]);
            }
            long[] here = new long[places.size()];
            long[] there = new long[places.size()];
            for (int i = 0; i < here.length; i++) {
                Place place = places.get(i);
                long same = own.healthyAt(place.locality());
                here[i] = own.allHealthy() == 0 ? 0 : SCALE * same / own.allHealthy();
                there[i] = (long) SCALE * place.healthy().size() / tier.healthy.size();
            }
            boolean panics = Membership.panics(own.members, tier.panicThreshold);
            if (there[0] >= here[0]) {
                return new ZoneRoute(local, true, panics, SCALE, new long[0]);
            }
            long[] residual = new long[places.size()];
            for (int i = 1; i < residual.length; i++) {
                residual[i] = residual[i - 1] + Math.max(0, there[i] - here[i]);
            }
            return new ZoneRoute(local, true, panics, there[0] * SCALE / here[0], residual);
        }

        int place(ClusterStats stats) {
            if (directly >= SCALE) {
                stats.zoneAllDirectly.increment();
                return 0;
            }
            ThreadLocalRandom random = ThreadLocalRandom.current();
            if (random.nextInt(SCALE) < directly) {
                stats.zoneSampled.increment();
                return 0;
            }
            stats.zoneCross.increment();
            long rest = residual[residual.length - 1];
            if (rest == 0) {
                return random.nextInt(residual.length);
            }
            long threshold = random.nextLong(rest);
            int place = 0;
            while (threshold >= residual[place]) {
                place++;
            }
            return place;
        }
    }

    private long healthyAt(Locality locality) {
        return members.stream()
                .filter(member ->
                        member.isHealthy() && member.endpoint().locality().equals(locality))
                .count();
    }

    private long allHealthy() {
        return members.stream().filter(LiveEndpoint::isHealthy).count();
    }
}
