package io.sluice.gateway.cluster;

import com.google.protobuf.UInt32Value;
import io.envoyproxy.envoy.config.cluster.v3.OutlierDetection;
import io.sluice.gateway.cluster.health.OutlierPolicy;
import io.sluice.gateway.cluster.health.OutlierPolicy.Consecutive;
import io.sluice.gateway.xds.Problems;
import java.time.Duration;
import java.util.Optional;

/** Turns Envoy's outlier detection into ours, with Envoy's defaults where a field is not set. */
final class OutlierPolicyParser {
    private static final Duration LONGEST = Duration.ofMinutes(5);

    Optional<OutlierPolicy> parse(OutlierDetection told, Problems problems) {
        Duration base = told.hasBaseEjectionTime() ? duration(told.getBaseEjectionTime()) : Duration.ofSeconds(30);
        Duration max = told.hasMaxEjectionTime()
                ? duration(told.getMaxEjectionTime())
                : base.compareTo(LONGEST) > 0 ? base : LONGEST;
        if (max.compareTo(base) < 0) {
            return problems.expected("max_ejection_time", max, "at least base_ejection_time, which is " + base);
        }
        return Optional.of(new OutlierPolicy(
                new Consecutive(
                        or(told.hasConsecutive5Xx(), told.getConsecutive5Xx(), 5),
                        or(told.hasEnforcingConsecutive5Xx(), told.getEnforcingConsecutive5Xx(), 100)),
                new Consecutive(
                        or(told.hasConsecutiveGatewayFailure(), told.getConsecutiveGatewayFailure(), 5),
                        or(
                                told.hasEnforcingConsecutiveGatewayFailure(),
                                told.getEnforcingConsecutiveGatewayFailure(),
                                0)),
                new Consecutive(
                        or(told.hasConsecutiveLocalOriginFailure(), told.getConsecutiveLocalOriginFailure(), 5),
                        or(
                                told.hasEnforcingConsecutiveLocalOriginFailure(),
                                told.getEnforcingConsecutiveLocalOriginFailure(),
                                100)),
                new OutlierPolicy.SuccessRate(
                        or(told.hasSuccessRateMinimumHosts(), told.getSuccessRateMinimumHosts(), 5),
                        or(told.hasSuccessRateRequestVolume(), told.getSuccessRateRequestVolume(), 100),
                        or(told.hasSuccessRateStdevFactor(), told.getSuccessRateStdevFactor(), 1900),
                        or(told.hasEnforcingSuccessRate(), told.getEnforcingSuccessRate(), 100),
                        or(told.hasEnforcingLocalOriginSuccessRate(), told.getEnforcingLocalOriginSuccessRate(), 100)),
                new OutlierPolicy.FailurePercentage(
                        or(told.hasFailurePercentageMinimumHosts(), told.getFailurePercentageMinimumHosts(), 5),
                        or(told.hasFailurePercentageRequestVolume(), told.getFailurePercentageRequestVolume(), 50),
                        or(told.hasFailurePercentageThreshold(), told.getFailurePercentageThreshold(), 85),
                        or(told.hasEnforcingFailurePercentage(), told.getEnforcingFailurePercentage(), 0),
                        or(
                                told.hasEnforcingFailurePercentageLocalOrigin(),
                                told.getEnforcingFailurePercentageLocalOrigin(),
                                0)),
                new OutlierPolicy.Ejection(
                        base,
                        max,
                        duration(told.getMaxEjectionTimeJitter()),
                        or(told.hasMaxEjectionPercent(), told.getMaxEjectionPercent(), 10),
                        told.getAlwaysEjectOneHost().getValue(),
                        !told.hasSuccessfulActiveHealthCheckUnejectHost()
                                || told.getSuccessfulActiveHealthCheckUnejectHost()
                                        .getValue()),
                told.hasInterval() ? duration(told.getInterval()) : Duration.ofSeconds(10),
                told.getSplitExternalLocalOriginErrors()));
    }

    private static int or(boolean has, UInt32Value value, int otherwise) {
        return has ? value.getValue() : otherwise;
    }

    private static Duration duration(com.google.protobuf.Duration duration) {
        return Duration.ofSeconds(duration.getSeconds(), duration.getNanos());
    }
}
