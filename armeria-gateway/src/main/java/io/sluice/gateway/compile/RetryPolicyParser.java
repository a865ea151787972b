package io.sluice.gateway.compile;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import io.envoyproxy.envoy.config.route.v3.RetryPolicy;
import io.envoyproxy.envoy.extensions.retry.priority.previous_priorities.v3.PreviousPrioritiesConfig;
import io.sluice.gateway.route.HeaderMatcher;
import io.sluice.gateway.upstream.RetryPolicy.Rare;
import io.sluice.gateway.upstream.RetryPolicy.ResetHeader;
import io.sluice.gateway.upstream.RetryPolicy.RetryOn;
import io.sluice.gateway.xds.Problems;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** Turns Envoy's retry policy into ours; a policy without conditions means no retry, yet the time of a try holds. */
final class RetryPolicyParser {
    private static final String PREVIOUS_HOSTS =
            "type.googleapis.com/envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate";

    private static final String OMIT_CANARY =
            "type.googleapis.com/envoy.extensions.retry.host.omit_canary_hosts.v3.OmitCanaryHostsPredicate";
    private static final Duration LONGEST_RESET = Duration.ofMinutes(5);

    private final RouteMatchParser matches = new RouteMatchParser();

    /** @param hedges whether a try that takes too long goes on beside the next one */
    Optional<io.sluice.gateway.upstream.RetryPolicy> parse(RetryPolicy policy, boolean hedges, Problems problems) {
        Set<RetryOn> on = RetryOn.parse(policy.getRetryOn());
        boolean previousHosts = false;
        boolean omitCanary = false;
        for (int i = 0; i < policy.getRetryHostPredicateCount(); i++) {
            String type = policy.getRetryHostPredicate(i).getTypedConfig().getTypeUrl();
            if (type.equals(PREVIOUS_HOSTS)) {
                previousHosts = true;
            } else if (type.equals(OMIT_CANARY)) {
                omitCanary = true;
            } else {
                problems.unsupported("retry_host_predicate[" + i + "]", type);
            }
        }
        RetryPolicy.RateLimitedRetryBackOff resets = policy.getRateLimitedRetryBackOff();
        Duration base = policy.getRetryBackOff().hasBaseInterval()
                ? duration(policy.getRetryBackOff().getBaseInterval())
                : Duration.ofMillis(25);
        Duration max = policy.getRetryBackOff().hasMaxInterval()
                ? duration(policy.getRetryBackOff().getMaxInterval())
                : base.multipliedBy(10);
        if (max.compareTo(base) < 0) {
            return problems.at("retry_back_off").expected("max_interval", max, "at least base_interval, " + base);
        }
        return Optional.of(new io.sluice.gateway.upstream.RetryPolicy(
                on,
                new HashSet<>(policy.getRetriableStatusCodesList()),
                policy.hasNumRetries() ? policy.getNumRetries().getValue() : 1,
                policy.hasPerTryTimeout() ? duration(policy.getPerTryTimeout()) : Duration.ZERO,
                policy.hasPerTryIdleTimeout() ? duration(policy.getPerTryIdleTimeout()) : Duration.ZERO,
                base,
                max,
                previousHosts,
                policy.getHostSelectionRetryMaxAttempts() > 0 ? (int) policy.getHostSelectionRetryMaxAttempts() : 1,
                new Rare(
                        headers(policy.getRetriableHeadersList(), "retriable_headers", problems),
                        headers(policy.getRetriableRequestHeadersList(), "retriable_request_headers", problems),
                        resets.getResetHeadersList().stream()
                                .map(header -> new ResetHeader(
                                        header.getName().toLowerCase(Locale.ROOT),
                                        header.getFormat() == RetryPolicy.ResetHeaderFormat.UNIX_TIMESTAMP))
                                .toList(),
                        resets.hasMaxInterval() ? duration(resets.getMaxInterval()) : LONGEST_RESET,
                        omitCanary,
                        priorityUpdate(policy, problems.at("retry_priority")),
                        hedges)));
    }

    private List<HeaderMatcher> headers(
            List<io.envoyproxy.envoy.config.route.v3.HeaderMatcher> matchers, String field, Problems problems) {
        List<HeaderMatcher> parsed = new ArrayList<>();
        for (int i = 0; i < matchers.size(); i++) {
            matches.header(matchers.get(i), problems.at(field + "[" + i + "]")).ifPresent(parsed::add);
        }
        return parsed;
    }

    /** 0 where there is none. */
    private static int priorityUpdate(RetryPolicy policy, Problems problems) {
        if (!policy.hasRetryPriority()) {
            return 0;
        }
        Any config = policy.getRetryPriority().getTypedConfig();
        try {
            if (config.is(PreviousPrioritiesConfig.class)) {
                return config.unpack(PreviousPrioritiesConfig.class).getUpdateFrequency();
            }
            problems.unsupported("typed_config", config.getTypeUrl());
        } catch (InvalidProtocolBufferException e) {
            problems.wrong("typed_config", String.valueOf(e.getMessage()));
        }
        return 0;
    }

    private static Duration duration(com.google.protobuf.Duration duration) {
        return Duration.ofSeconds(duration.getSeconds(), duration.getNanos());
    }
}
