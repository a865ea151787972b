package io.sluice.gateway.compile;

import io.envoyproxy.envoy.config.route.v3.RetryPolicy;
import io.sluice.gateway.upstream.RetryPolicy.RetryOn;
import io.sluice.gateway.xds.Problems;
import java.time.Duration;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

/** Turns Envoy's retry policy into ours; a policy without conditions means no retry, yet the time of a try holds. */
final class RetryPolicyParser {
    private static final String PREVIOUS_HOSTS =
            "type.googleapis.com/envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate";

    Optional<io.sluice.gateway.upstream.RetryPolicy> parse(RetryPolicy policy, Problems problems) {
        Set<RetryOn> on = RetryOn.parse(policy.getRetryOn());
        boolean previousHosts = false;
        for (int i = 0; i < policy.getRetryHostPredicateCount(); i++) {
            String type = policy.getRetryHostPredicate(i).getTypedConfig().getTypeUrl();
            if (type.equals(PREVIOUS_HOSTS)) {
                previousHosts = true;
            } else {
                problems.unsupported("retry_host_predicate[" + i + "]", type);
            }
        }
        Duration base = policy.getRetryBackOff().hasBaseInterval()
                ? duration(policy.getRetryBackOff().getBaseInterval())
                : Duration.ofMillis(25);
        Duration max = policy.getRetryBackOff().hasMaxInterval()
                ? duration(policy.getRetryBackOff().getMaxInterval())
                : base.multipliedBy(10);
        return Optional.of(new io.sluice.gateway.upstream.RetryPolicy(
                on,
                new HashSet<>(policy.getRetriableStatusCodesList()),
                policy.hasNumRetries() ? policy.getNumRetries().getValue() : 1,
                policy.hasPerTryTimeout() ? duration(policy.getPerTryTimeout()) : Duration.ZERO,
                policy.hasPerTryIdleTimeout() ? duration(policy.getPerTryIdleTimeout()) : Duration.ZERO,
                base,
                max,
                previousHosts,
                policy.getHostSelectionRetryMaxAttempts() > 0 ? (int) policy.getHostSelectionRetryMaxAttempts() : 1));
    }

    private static Duration duration(com.google.protobuf.Duration duration) {
        return Duration.ofSeconds(duration.getSeconds(), duration.getNanos());
    }
}
