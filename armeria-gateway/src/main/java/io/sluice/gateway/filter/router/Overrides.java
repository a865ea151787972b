package io.sluice.gateway.filter.router;

import com.linecorp.armeria.common.RequestHeadersBuilder;
import io.netty.util.AsciiString;
import io.sluice.gateway.filter.GrpcTimeout;
import io.sluice.gateway.filter.RouteAction;
import io.sluice.gateway.route.HeaderMatcher;
import io.sluice.gateway.route.ValueMatcher;
import io.sluice.gateway.upstream.CallPolicy;
import io.sluice.gateway.upstream.RetryPolicy;
import java.time.Duration;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What a trusted caller may change by headers, which are taken off. The entry rules have removed them from everybody else's requests. Source:
 * Envoy's docs, router filter.
 */
final class Overrides {
    private static final AsciiString X_ENVOY_UPSTREAM_RQ_TIMEOUT_MS =
            AsciiString.cached("x-envoy-upstream-rq-timeout-ms");
    private static final AsciiString X_ENVOY_UPSTREAM_RQ_PER_TRY_TIMEOUT_MS =
            AsciiString.cached("x-envoy-upstream-rq-per-try-timeout-ms");
    private static final AsciiString X_ENVOY_EXPECTED_RQ_TIMEOUT_MS =
            AsciiString.cached("x-envoy-expected-rq-timeout-ms");
    private static final AsciiString X_ENVOY_RETRY_ON = AsciiString.cached("x-envoy-retry-on");
    private static final AsciiString X_ENVOY_RETRY_GRPC_ON = AsciiString.cached("x-envoy-retry-grpc-on");
    private static final AsciiString X_ENVOY_MAX_RETRIES = AsciiString.cached("x-envoy-max-retries");
    private static final AsciiString X_ENVOY_HEDGE_ON_PER_TRY_TIMEOUT =
            AsciiString.cached("x-envoy-hedge-on-per-try-timeout");
    private static final AsciiString X_ENVOY_RETRIABLE_HEADER_NAMES =
            AsciiString.cached("x-envoy-retriable-header-names");
    private static final AsciiString X_ENVOY_RETRIABLE_STATUS_CODES =
            AsciiString.cached("x-envoy-retriable-status-codes");

    /** Where it is set, a timeout is answered by 204. */
    static final String TIMEOUT_ALT_RESPONSE = "x-envoy-upstream-rq-timeout-alt-response";

    private Overrides() {}

    @SuppressWarnings("ReferenceEquality") // the same object where nothing overrides it
    static CallPolicy apply(RouteAction.Forward forward, RequestHeadersBuilder headers, boolean heedExpected) {
        CallPolicy policy = forward.policy();
        RouteAction.GrpcDeadline deadline = forward.grpcDeadline();
        Duration whole = deadline != null && GrpcTimeout.isGrpc(headers)
                ? deadline.timeout(GrpcTimeout.of(headers))
                : policy.timeout();
        Optional<Duration> expected = heedExpected ? millis(headers, X_ENVOY_EXPECTED_RQ_TIMEOUT_MS) : Optional.empty();
        // what is expected is the time that is left of what was asked for by then
        Optional<Duration> timeout = expected.isPresent() ? expected : millis(headers, X_ENVOY_UPSTREAM_RQ_TIMEOUT_MS);
        Optional<Duration> perTry = millis(headers, X_ENVOY_UPSTREAM_RQ_PER_TRY_TIMEOUT_MS);
        Duration total = timeout.orElse(whole);
        Duration each = perTry.orElse(policy.retry().perTryTimeout());
        if (!total.isZero() && each.compareTo(total) >= 0) {
            each = Duration.ZERO;
        }
        RetryPolicy retry = retry(policy.retry(), headers, each);
        return total.equals(policy.timeout()) && retry == policy.retry()
                ? policy
                : new CallPolicy(retry, total, policy.priority(), policy.bufferLimit());
    }

    /** The first of these headers whose value means nothing; null for none. */
    static @Nullable String firstWrong(List<String> names, RequestHeadersBuilder headers) {
        for (String name : names) {
            String value = headers.get(name);
            if (value != null && !isRight(name, value)) {
                return name;
            }
        }
        return null;
    }

    private static boolean isRight(String name, String value) {
        return name.endsWith("-on")
                ? Stream.of(value.split(",", -1))
                        .allMatch(
                                word -> RetryPolicy.RetryOn.parse(word.strip()).size() == 1)
                : value.matches("\\d{1,15}");
    }

    private static RetryPolicy retry(RetryPolicy retry, RequestHeadersBuilder headers, Duration perTry) {
        String on = taken(headers, X_ENVOY_RETRY_ON);
        String grpcOn = taken(headers, X_ENVOY_RETRY_GRPC_ON);
        String times = taken(headers, X_ENVOY_MAX_RETRIES);
        String statuses = taken(headers, X_ENVOY_RETRIABLE_STATUS_CODES);
        String names = taken(headers, X_ENVOY_RETRIABLE_HEADER_NAMES);
        String hedge = taken(headers, X_ENVOY_HEDGE_ON_PER_TRY_TIMEOUT);
        boolean same = hedge.isEmpty()
                && names.isEmpty()
                && on.isEmpty()
                && grpcOn.isEmpty()
                && times.isEmpty()
                && statuses.isEmpty();
        if (same && perTry.equals(retry.perTryTimeout())) {
            return retry;
        }
        Set<RetryPolicy.RetryOn> conditions = EnumSet.noneOf(RetryPolicy.RetryOn.class);
        conditions.addAll(retry.on());
        conditions.addAll(RetryPolicy.RetryOn.parse(on));
        conditions.addAll(RetryPolicy.RetryOn.parse(grpcOn));
        Set<Integer> codes = new HashSet<>(retry.statusCodes());
        for (String status : statuses.split(",")) {
            number(status.strip()).ifPresent(codes::add);
        }
        List<HeaderMatcher> named = Stream.of(names.split(","))
                .map(name -> name.toLowerCase(Locale.ROOT)) // blanks belong to a name, as in Envoy
                .filter(name -> !name.isEmpty())
                .map(name -> new HeaderMatcher(name, new ValueMatcher.Present(), false, false))
                .toList();
        return retry.with(
                conditions, codes, number(times).orElse(retry.maxRetries()), perTry, rare(retry.rare(), named, hedge));
    }

    private static RetryPolicy.Rare rare(RetryPolicy.Rare rare, List<HeaderMatcher> named, String hedge) {
        RetryPolicy.Rare more = named.isEmpty() ? rare : rare.alsoOn(named);
        return switch (hedge) {
            case "true" -> more.hedging(true);
            case "false" -> more.hedging(false);
            default -> more;
        };
    }

    private static Optional<Integer> number(String text) {
        return text.matches("\\d{1,6}") ? Optional.of(Integer.parseInt(text)) : Optional.empty();
    }

    /** The header's value, which nobody behind us sees; empty when absent. */
    private static String taken(RequestHeadersBuilder headers, AsciiString name) {
        String value = headers.get(name);
        if (value == null) {
            return "";
        }
        headers.remove(name);
        return value;
    }

    private static Optional<Duration> millis(RequestHeadersBuilder headers, AsciiString name) {
        String value = headers.get(name);
        if (value == null) {
            return Optional.empty();
        }
        headers.remove(name);
        return value.matches("\\d{1,15}") ? Optional.of(Duration.ofMillis(Long.parseLong(value))) : Optional.empty();
    }
}
