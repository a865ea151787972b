package io.sluice.gateway.filter.router;

import com.linecorp.armeria.common.RequestHeadersBuilder;
import io.sluice.gateway.upstream.CallPolicy;
import io.sluice.gateway.upstream.RetryPolicy;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;

/**
 * What a trusted caller may change by headers, which are taken off. The entry rules have removed them from everybody else's requests. Source:
 * Envoy's docs, router filter.
 */
final class Overrides {
    private Overrides() {}

    static CallPolicy apply(CallPolicy policy, RequestHeadersBuilder headers) {
        Optional<Duration> timeout = millis(headers, "x-envoy-upstream-rq-timeout-ms");
        Optional<Duration> perTry = millis(headers, "x-envoy-upstream-rq-per-try-timeout-ms");
        String on = headers.get("x-envoy-retry-on");
        String grpcOn = headers.get("x-envoy-retry-grpc-on");
        String times = headers.get("x-envoy-max-retries");
        Duration total = timeout.orElse(policy.timeout());
        RetryPolicy retry = policy.retry();
        if (on != null || grpcOn != null || times != null) {
            retry = retry(retry, headers, on, grpcOn, times);
        }
        Duration each = perTry.orElse(retry.perTryTimeout());
        if (!total.isZero() && each.compareTo(total) >= 0) {
            each = Duration.ZERO;
        }
        if (!each.equals(retry.perTryTimeout())) {
            retry = new RetryPolicy(
                    retry.on(),
                    retry.statusCodes(),
                    retry.maxRetries(),
                    each,
                    retry.perTryIdleTimeout(),
                    retry.backoffBase(),
                    retry.backoffMax(),
                    retry.avoidPreviousHosts(),
                    retry.hostSelectionAttempts());
        }
        return total.equals(policy.timeout()) && retry.equals(policy.retry())
                ? policy
                : new CallPolicy(retry, total, policy.priority(), policy.bufferLimit());
    }

    private static RetryPolicy retry(
            RetryPolicy retry,
            RequestHeadersBuilder headers,
            @org.jspecify.annotations.Nullable String on,
            @org.jspecify.annotations.Nullable String grpcOn,
            @org.jspecify.annotations.Nullable String times) {
        Set<RetryPolicy.RetryOn> conditions = EnumSet.noneOf(RetryPolicy.RetryOn.class);
        conditions.addAll(retry.on());
        conditions.addAll(RetryPolicy.RetryOn.parse(on == null ? "" : on));
        conditions.addAll(RetryPolicy.RetryOn.parse(grpcOn == null ? "" : grpcOn));
        int limit =
                times != null && times.matches("\\d{1,6}") ? Integer.parseInt(times) : Math.max(1, retry.maxRetries());
        headers.remove("x-envoy-retry-on");
        headers.remove("x-envoy-retry-grpc-on");
        headers.remove("x-envoy-max-retries");
        return new RetryPolicy(
                conditions,
                retry.statusCodes(),
                conditions.isEmpty() ? 0 : limit,
                retry.perTryTimeout(),
                retry.perTryIdleTimeout(),
                retry.backoffBase(),
                retry.backoffMax(),
                retry.avoidPreviousHosts(),
                retry.hostSelectionAttempts());
    }

    private static Optional<Duration> millis(RequestHeadersBuilder headers, String name) {
        String value = headers.get(name);
        if (value == null) {
            return Optional.empty();
        }
        headers.remove(name);
        return value.matches("\\d{1,15}") ? Optional.of(Duration.ofMillis(Long.parseLong(value))) : Optional.empty();
    }
}
