package io.sluice.gateway.compile;

import io.envoyproxy.envoy.config.route.v3.RouteAction.RequestMirrorPolicy;
import io.sluice.gateway.filter.RouteAction.MirrorTarget;
import io.sluice.gateway.route.RouteMatch.Fraction;
import io.sluice.gateway.xds.Problems;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Turns Envoy's mirror policies into targets. */
final class MirrorParser {

    List<MirrorTarget> parse(List<RequestMirrorPolicy> policies, Problems problems) {
        List<MirrorTarget> targets = new ArrayList<>();
        for (int i = 0; i < policies.size(); i++) {
            RequestMirrorPolicy policy = policies.get(i);
            if (policy.getCluster().isEmpty() == policy.getClusterHeader().isEmpty()) {
                problems.at("request_mirror_policies[" + i + "]")
                        .expected("cluster", "'" + policy.getCluster() + "'", "either a cluster or a cluster_header");
                continue;
            }
            if (policy.hasTraceSampled()) {
                problems.at("request_mirror_policies[" + i + "]")
                        .unsupported("trace_sampled", policy.getTraceSampled().getValue());
            }
            @Nullable
            Fraction fraction = policy.hasRuntimeFraction()
                    ? new Fraction(
                            policy.getRuntimeFraction().getDefaultValue().getNumerator(),
                            RouteMatchParser.denominator(
                                    policy.getRuntimeFraction().getDefaultValue()))
                    : null;
            targets.add(new MirrorTarget(
                    policy.getCluster(),
                    policy.getClusterHeader().toLowerCase(Locale.ROOT),
                    fraction,
                    !policy.getDisableShadowHostSuffixAppend()));
        }
        return targets;
    }
}
