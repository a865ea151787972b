package io.sluice.gateway.cluster;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.UInt64Value;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.cluster.v3.Cluster.CommonLbConfig;
import io.envoyproxy.envoy.config.cluster.v3.LoadBalancingPolicy;
import io.envoyproxy.envoy.config.core.v3.RuntimeDouble;
import io.envoyproxy.envoy.extensions.load_balancing_policies.common.v3.ConsistentHashingLbConfig;
import io.envoyproxy.envoy.extensions.load_balancing_policies.common.v3.LocalityLbConfig;
import io.envoyproxy.envoy.extensions.load_balancing_policies.common.v3.SlowStartConfig;
import io.envoyproxy.envoy.extensions.load_balancing_policies.least_request.v3.LeastRequest;
import io.envoyproxy.envoy.extensions.load_balancing_policies.maglev.v3.Maglev;
import io.envoyproxy.envoy.extensions.load_balancing_policies.random.v3.Random;
import io.envoyproxy.envoy.extensions.load_balancing_policies.ring_hash.v3.RingHash;
import io.envoyproxy.envoy.extensions.load_balancing_policies.round_robin.v3.RoundRobin;
import io.envoyproxy.envoy.type.v3.Percent;
import io.sluice.gateway.cluster.Balancing.Localities;
import io.sluice.gateway.cluster.lb.HashRing;
import io.sluice.gateway.xds.Problems;
import java.math.BigInteger;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Turns a cluster's fields about balancing into {@link Balancing}; the typed policy stands over the old fields, as in Envoy. */
@SuppressWarnings("deprecation") // Envoy obeys the deprecated fields too
final class LbPolicyParser {
    private static final long DEFAULT_MINIMUM_RING = 1024;
    private static final long MAXIMUM_RING = 8 * 1024 * 1024;
    private static final long DEFAULT_TABLE = 65_537;

    Optional<Balancing> parse(Cluster cluster, Problems problems) {
        CommonLbConfig common = cluster.getCommonLbConfig();
        if (cluster.hasLoadBalancingPolicy()
                && (common.hasConsistentHashingLbConfig()
                        || common.getLocalityConfigSpecifierCase()
                                != CommonLbConfig.LocalityConfigSpecifierCase.LOCALITYCONFIGSPECIFIER_NOT_SET)) {
            return problems.expected(
                    "common_lb_config", "how to balance", "that within load_balancing_policy, which stands beside it");
        }
        if (common.getConsistentHashingLbConfig().getUseHostnameForHashing()
                && cluster.getType() != Cluster.DiscoveryType.STRICT_DNS) {
            return problems.at("common_lb_config")
                    .at("consistent_hashing_lb_config")
                    .expected("use_hostname_for_hashing", true, "false, or a cluster of type STRICT_DNS");
        }
        double panic = common.hasHealthyPanicThreshold()
                ? common.getHealthyPanicThreshold().getValue()
                : Balancing.DEFAULT_PANIC_THRESHOLD;
        Optional<Typed> typed = cluster.hasLoadBalancingPolicy()
                ? typed(cluster.getLoadBalancingPolicy(), problems.at("load_balancing_policy"))
                : old(cluster, problems);
        return typed.map(found -> new Balancing(found.policy(), found.localities(), panic, found.failInPanic()));
    }

    private record Typed(LbPolicy policy, Localities localities, boolean failInPanic) {}

    // --- lb_policy and the fields beside it

    private static Optional<Typed> old(Cluster cluster, Problems problems) {
        Optional<? extends LbPolicy> policy = switch (cluster.getLbPolicy()) {
            case ROUND_ROBIN ->
                slowStart(
                                converted(cluster.getRoundRobinLbConfig().getSlowStartConfig()),
                                cluster.getRoundRobinLbConfig().hasSlowStartConfig())
                        .map(start -> new LbPolicy.RoundRobin(start.value()));
            case LEAST_REQUEST -> {
                Cluster.LeastRequestLbConfig config = cluster.getLeastRequestLbConfig();
                yield leastRequest(
                        Math.max(2, config.getChoiceCount().getValue()),
                        config.hasActiveRequestBias(),
                        config.getActiveRequestBias(),
                        slowStart(converted(config.getSlowStartConfig()), config.hasSlowStartConfig()));
            }
            case RANDOM -> Optional.of(new LbPolicy.Random());
            case RING_HASH ->
                ring(
                        cluster.getRingHashLbConfig().getHashFunction()
                                        == Cluster.RingHashLbConfig.HashFunction.MURMUR_HASH_2
                                ? HashRing.Function.MURMUR_HASH_2
                                : HashRing.Function.XX_HASH,
                        cluster.getRingHashLbConfig().hasMinimumRingSize(),
                        cluster.getRingHashLbConfig().getMinimumRingSize(),
                        cluster.getRingHashLbConfig().hasMaximumRingSize(),
                        cluster.getRingHashLbConfig().getMaximumRingSize(),
                        hashing(cluster.getCommonLbConfig().getConsistentHashingLbConfig()),
                        problems.at("ring_hash_lb_config"));
            case MAGLEV ->
                maglev(
                        cluster.getMaglevLbConfig().hasTableSize(),
                        cluster.getMaglevLbConfig().getTableSize(),
                        hashing(cluster.getCommonLbConfig().getConsistentHashingLbConfig()),
                        problems.at("maglev_lb_config"));
            case CLUSTER_PROVIDED, LOAD_BALANCING_POLICY_CONFIG, UNRECOGNIZED ->
                problems.unsupported("lb_policy", cluster.getLbPolicy());
        };
        CommonLbConfig common = cluster.getCommonLbConfig();
        Localities localities = switch (common.getLocalityConfigSpecifierCase()) {
            case LOCALITY_WEIGHTED_LB_CONFIG -> new Localities.Weighted();
            case ZONE_AWARE_LB_CONFIG ->
                zoneAware(
                        common.getZoneAwareLbConfig().hasRoutingEnabled(),
                        common.getZoneAwareLbConfig().getRoutingEnabled(),
                        common.getZoneAwareLbConfig().hasMinClusterSize(),
                        common.getZoneAwareLbConfig().getMinClusterSize());
            case LOCALITYCONFIGSPECIFIER_NOT_SET -> DEFAULT_LOCALITIES;
        };
        return policy.map(found ->
                new Typed(found, localities, common.getZoneAwareLbConfig().getFailTrafficOnPanic()));
    }

    private static SlowStartConfig converted(Cluster.SlowStartConfig config) {
        SlowStartConfig.Builder same = SlowStartConfig.newBuilder()
                .setSlowStartWindow(config.getSlowStartWindow())
                .setAggression(config.getAggression());
        if (config.hasMinWeightPercent()) {
            same.setMinWeightPercent(config.getMinWeightPercent());
        }
        return config.hasAggression() ? same.build() : same.clearAggression().build();
    }

    private static LbPolicy.Hashing hashing(CommonLbConfig.ConsistentHashingLbConfig config) {
        return new LbPolicy.Hashing(
                config.getUseHostnameForHashing(),
                config.hasHashBalanceFactor()
                        ? Integer.toUnsignedLong(config.getHashBalanceFactor().getValue())
                        : 0);
    }

    // --- load_balancing_policy

    /** The first policy of the list that is known here, as Envoy does. */
    private static Optional<Typed> typed(LoadBalancingPolicy list, Problems problems) {
        List<String> unknown = new ArrayList<>();
        for (int i = 0; i < list.getPoliciesCount(); i++) {
            Any config = list.getPolicies(i).getTypedExtensionConfig().getTypedConfig();
            Problems at = problems.at("policies[" + i + "]").at("typed_config");
            try {
                if (config.is(RoundRobin.class)) {
                    RoundRobin turns = config.unpack(RoundRobin.class);
                    return placed(
                            slowStart(turns.getSlowStartConfig(), turns.hasSlowStartConfig())
                                    .map(start -> new LbPolicy.RoundRobin(start.value())),
                            turns.getLocalityLbConfig());
                } else if (config.is(LeastRequest.class)) {
                    return leastRequest(config.unpack(LeastRequest.class));
                } else if (config.is(Random.class)) {
                    return placed(
                            Optional.of(new LbPolicy.Random()),
                            config.unpack(Random.class).getLocalityLbConfig());
                } else if (config.is(RingHash.class)) {
                    return ring(config.unpack(RingHash.class), at);
                } else if (config.is(Maglev.class)) {
                    return maglev(config.unpack(Maglev.class), at);
                }
            } catch (InvalidProtocolBufferException e) {
                return problems.wrong("policies", String.valueOf(e.getMessage()));
            }
            unknown.add(config.getTypeUrl());
        }
        return problems.unsupported("policies", unknown);
    }

    private static Optional<Typed> placed(Optional<? extends LbPolicy> policy, LocalityLbConfig config) {
        Localities localities = switch (config.getLocalityConfigSpecifierCase()) {
            case LOCALITY_WEIGHTED_LB_CONFIG -> new Localities.Weighted();
            case ZONE_AWARE_LB_CONFIG ->
                zoneAware(
                        config.getZoneAwareLbConfig().hasRoutingEnabled(),
                        config.getZoneAwareLbConfig().getRoutingEnabled(),
                        config.getZoneAwareLbConfig().hasMinClusterSize(),
                        config.getZoneAwareLbConfig().getMinClusterSize());
            case LOCALITYCONFIGSPECIFIER_NOT_SET -> DEFAULT_LOCALITIES;
        };
        return policy.map(found ->
                new Typed(found, localities, config.getZoneAwareLbConfig().getFailTrafficOnPanic()));
    }

    private static Optional<Typed> leastRequest(LeastRequest config) {
        boolean all = config.getSelectionMethod() == LeastRequest.SelectionMethod.FULL_SCAN
                || config.getEnableFullScan().getValue();
        return placed(
                leastRequest(
                        all ? 0 : Math.max(2, config.getChoiceCount().getValue()),
                        config.hasActiveRequestBias(),
                        config.getActiveRequestBias(),
                        slowStart(config.getSlowStartConfig(), config.hasSlowStartConfig())),
                config.getLocalityLbConfig());
    }

    private static Optional<Typed> ring(RingHash config, Problems problems) {
        HashRing.Function function = config.getHashFunction() == RingHash.HashFunction.MURMUR_HASH_2
                ? HashRing.Function.MURMUR_HASH_2
                : HashRing.Function.XX_HASH;
        ConsistentHashingLbConfig common = config.hasConsistentHashingLbConfig()
                ? config.getConsistentHashingLbConfig()
                : ConsistentHashingLbConfig.newBuilder()
                        .setUseHostnameForHashing(config.getUseHostnameForHashing())
                        .setHashBalanceFactor(config.getHashBalanceFactor())
                        .build();
        return ring(
                        function,
                        config.hasMinimumRingSize(),
                        config.getMinimumRingSize(),
                        config.hasMaximumRingSize(),
                        config.getMaximumRingSize(),
                        hashing(common),
                        problems)
                .map(ring -> new Typed(ring, weighted(config.hasLocalityWeightedLbConfig()), false));
    }

    private static Optional<Typed> maglev(Maglev config, Problems problems) {
        return maglev(
                        config.hasTableSize(),
                        config.getTableSize(),
                        hashing(config.getConsistentHashingLbConfig()),
                        problems)
                .map(maglev -> new Typed(maglev, weighted(config.hasLocalityWeightedLbConfig()), false));
    }

    private static LbPolicy.Hashing hashing(ConsistentHashingLbConfig config) {
        return new LbPolicy.Hashing(
                config.getUseHostnameForHashing(),
                Integer.toUnsignedLong(config.getHashBalanceFactor().getValue()));
    }

    private static Localities weighted(boolean weighted) {
        return weighted ? new Localities.Weighted() : new Localities.Flat();
    }

    // --- what both have

    private static final Localities DEFAULT_LOCALITIES = new Localities.ZoneAware(100, 6);

    private static Localities zoneAware(boolean hasRouted, Percent routed, boolean hasSize, UInt64Value size) {
        return new Localities.ZoneAware(hasRouted ? routed.getValue() : 100, hasSize ? size.getValue() : 6);
    }

    /** Null where nobody starts slowly; a result has none of these. */
    private record Start(@Nullable SlowStart value) {}

    private static Optional<Start> slowStart(SlowStartConfig config, boolean present) {
        Duration window = duration(config.getSlowStartWindow());
        if (!present || window.isZero()) {
            return Optional.of(new Start(null));
        }
        double told = config.hasAggression() ? config.getAggression().getDefaultValue() : 1;
        double aggression = told > 0 ? told : 1; // as Envoy does
        double minimum =
                config.hasMinWeightPercent() ? config.getMinWeightPercent().getValue() : 10;
        return Optional.of(new Start(new SlowStart(window, aggression, minimum / 100)));
    }

    private static Optional<LbPolicy.LeastRequest> leastRequest(
            int choices, boolean hasBias, RuntimeDouble bias, Optional<Start> start) {
        double told = hasBias ? bias.getDefaultValue() : 1;
        double power = told >= 0 ? told : 1; // as Envoy does
        return start.map(found -> new LbPolicy.LeastRequest(choices, power, found.value()));
    }

    private static Optional<LbPolicy.RingHash> ring(
            HashRing.Function function,
            boolean hasMinimum,
            UInt64Value minimum,
            boolean hasMaximum,
            UInt64Value maximum,
            LbPolicy.Hashing hashing,
            Problems problems) {
        long least = hasMinimum ? minimum.getValue() : DEFAULT_MINIMUM_RING;
        long most = hasMaximum ? maximum.getValue() : MAXIMUM_RING;
        if (least > most) {
            return problems.expected("minimum_ring_size", least, "at most maximum_ring_size, which is " + most);
        }
        return Optional.of(new LbPolicy.RingHash(least, most, function, hashing));
    }

    private static Optional<LbPolicy.Maglev> maglev(
            boolean hasSize, UInt64Value size, LbPolicy.Hashing hashing, Problems problems) {
        long table = hasSize ? size.getValue() : DEFAULT_TABLE;
        if (!BigInteger.valueOf(table).isProbablePrime(50)) {
            return problems.expected("table_size", table, "a prime number");
        }
        return Optional.of(new LbPolicy.Maglev((int) table, hashing));
    }

    private static Duration duration(com.google.protobuf.Duration duration) {
        return Duration.ofSeconds(duration.getSeconds(), duration.getNanos());
    }
}
