package io.sluice.gateway.cluster;

import io.sluice.gateway.cluster.health.OutlierMonitor;
import io.sluice.gateway.cluster.health.OutlierMonitor.Rate;
import io.sluice.gateway.cluster.health.OutlierMonitor.Reason;
import io.sluice.gateway.cluster.health.OutlierPolicy;
import java.util.Collection;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Function;

/** Finds the endpoints that do worse than the others. Source: Envoy source/common/upstream/outlier_detection_impl.cc. */
final class OutlierDetector {
    private OutlierDetector() {}

    /** An answer of an endpoint, or, where failures of this side do not count apart, what stands for one. */
    static void answered(
            OutlierPolicy policy, LiveEndpoint endpoint, int status, BiConsumer<LiveEndpoint, Reason> eject) {
        OutlierMonitor monitor = endpoint.monitor();
        if (monitor.gatewayError(status, policy.gatewayErrors().count())) {
            eject.accept(endpoint, Reason.CONSECUTIVE_GATEWAY_FAILURE);
        }
        if (monitor.serverError(status, policy.serverErrors().count())) {
            eject.accept(endpoint, Reason.CONSECUTIVE_5XX);
        }
    }

    static void localFailure(
            OutlierPolicy policy, LiveEndpoint endpoint, boolean failed, BiConsumer<LiveEndpoint, Reason> eject) {
        if (endpoint.monitor().localFailure(failed, policy.localFailures().count())) {
            eject.accept(endpoint, Reason.CONSECUTIVE_LOCAL_ORIGIN_FAILURE);
        }
    }

    /** Compares the rates of the interval that is over. */
    static void compare(
            OutlierPolicy policy, Collection<LiveEndpoint> endpoints, BiConsumer<LiveEndpoint, Reason> eject) {
        if (endpoints.size() < policy.successRate().minimumHosts()
                && endpoints.size() < policy.failurePercentage().minimumHosts()) {
            return;
        }
        compare(policy, endpoints, OutlierMonitor::external, Reason.SUCCESS_RATE, Reason.FAILURE_PERCENTAGE, eject);
        compare(
                policy,
                endpoints,
                OutlierMonitor::local,
                Reason.LOCAL_ORIGIN_SUCCESS_RATE,
                Reason.LOCAL_ORIGIN_FAILURE_PERCENTAGE,
                eject);
    }

    private static void compare(
            OutlierPolicy policy,
            Collection<LiveEndpoint> endpoints,
            Function<OutlierMonitor, Rate> rate,
            Reason below,
            Reason failing,
            BiConsumer<LiveEndpoint, Reason> eject) {
        List<LiveEndpoint> present =
                endpoints.stream().filter(endpoint -> !endpoint.isEjected()).toList();
        List<LiveEndpoint> comparable = busy(present, rate, policy.successRate().minimumRequests());
        List<LiveEndpoint> measurable =
                busy(present, rate, policy.failurePercentage().minimumRequests());
        if (!comparable.isEmpty() && comparable.size() >= policy.successRate().minimumHosts()) {
            double threshold = threshold(
                    comparable.stream()
                            .mapToDouble(e -> rate.apply(e.monitor()).percent())
                            .toArray(),
                    policy.successRate().deviations() / 1000.0);
            comparable.stream()
                    .filter(e -> rate.apply(e.monitor()).percent() < threshold)
                    .forEach(e -> eject.accept(e, below));
        }
        if (!measurable.isEmpty()
                && measurable.size() >= policy.failurePercentage().minimumHosts()) {
            measurable.stream()
                    .filter(e -> 100 - rate.apply(e.monitor()).percent()
                            >= policy.failurePercentage().threshold())
                    .forEach(e -> eject.accept(e, failing));
        }
    }

    private static List<LiveEndpoint> busy(
            List<LiveEndpoint> endpoints, Function<OutlierMonitor, Rate> rate, int requests) {
        return endpoints.stream()
                .filter(e -> rate.apply(e.monitor()).volume() > 0
                        && rate.apply(e.monitor()).volume() >= requests)
                .toList();
    }

    /** The mean less some standard deviations. */
    static double threshold(double[] percents, double deviations) {
        double sum = 0;
        for (double percent : percents) {
            sum += percent;
        }
        double mean = sum / percents.length;
        double squares = 0;
        for (double percent : percents) {
            squares += (percent - mean) * (percent - mean);
        }
        return mean - deviations * Math.sqrt(squares / percents.length);
    }

    static int enforced(OutlierPolicy policy, Reason reason) {
        return switch (reason) {
            case CONSECUTIVE_5XX -> policy.serverErrors().enforce();
            case CONSECUTIVE_GATEWAY_FAILURE -> policy.gatewayErrors().enforce();
            case CONSECUTIVE_LOCAL_ORIGIN_FAILURE -> policy.localFailures().enforce();
            case SUCCESS_RATE -> policy.successRate().enforce();
            case LOCAL_ORIGIN_SUCCESS_RATE -> policy.successRate().enforceLocal();
            case FAILURE_PERCENTAGE -> policy.failurePercentage().enforce();
            case LOCAL_ORIGIN_FAILURE_PERCENTAGE -> policy.failurePercentage().enforceLocal();
        };
    }
}
