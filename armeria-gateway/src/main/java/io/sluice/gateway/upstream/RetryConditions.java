package io.sluice.gateway.upstream;

import com.linecorp.armeria.common.HttpHeaders;
import com.linecorp.armeria.common.ResponseHeadersBuilder;
import io.netty.util.AsciiString;
import io.sluice.gateway.route.HeaderMatcher;
import io.sluice.gateway.upstream.RetryPolicy.ResetHeader;
import io.sluice.gateway.upstream.RetryPolicy.RetryOn;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/** When Envoy tries again. Source: Envoy source/common/router/retry_state_impl.cc. */
final class RetryConditions {
    private static final AsciiString X_ENVOY_RATELIMITED = AsciiString.cached("x-envoy-ratelimited");
    private static final AsciiString GRPC_STATUS = AsciiString.cached("grpc-status");

    private RetryConditions() {}

    static boolean wanted(RetryPolicy policy, ResponseHeadersBuilder response) {
        Set<RetryOn> on = policy.on();
        if (response.contains(X_ENVOY_RATELIMITED)) {
            return on.contains(RetryOn.ENVOY_RATELIMITED);
        }
        int status = response.status().code();
        return (on.contains(RetryOn.SERVER_ERROR) && status >= 500 && status < 600)
                || (on.contains(RetryOn.GATEWAY_ERROR) && status >= 502 && status <= 504)
                || (on.contains(RetryOn.RETRIABLE_4XX) && status == 409)
                || (on.contains(RetryOn.RETRIABLE_STATUS_CODES)
                        && policy.statusCodes().contains(status))
                || (on.contains(RetryOn.RETRIABLE_HEADERS)
                        && hasOne(policy.rare().responseHeaders(), response::getAll))
                || wantedByGrpc(on, response);
    }

    private static boolean hasOne(List<HeaderMatcher> wanted, Function<CharSequence, List<String>> headers) {
        return wanted.stream().anyMatch(header -> header.matches(headers.apply(header.name())));
    }

    /** Whether a request may be tried again at all, by its own headers. */
    static boolean allowed(RetryPolicy policy, HttpHeaders request) {
        List<HeaderMatcher> rules = policy.rare().requestHeaders();
        return rules.isEmpty() || hasOne(rules, request::getAll);
    }

    /** How long the upstream asks to wait, in nanoseconds; 0 where it does not say, or asks for too much. */
    static long resetNanos(RetryPolicy policy, ResponseHeadersBuilder response, long nowSeconds) {
        for (ResetHeader header : policy.rare().resetHeaders()) {
            String value = response.get(header.name(), "").strip();
            if (!value.matches("\\d{1,12}")) {
                continue;
            }
            long seconds = Long.parseLong(value) - (header.timestamp() ? nowSeconds : 0);
            if (seconds > 0 && seconds <= policy.rare().longestReset().toSeconds()) {
                return TimeUnit.SECONDS.toNanos(seconds);
            }
        }
        return 0;
    }

    private static boolean wantedByGrpc(Set<RetryOn> on, ResponseHeadersBuilder response) {
        String status = response.get(GRPC_STATUS);
        return status != null
                && switch (status) {
                    case "1" -> on.contains(RetryOn.GRPC_CANCELLED);
                    case "4" -> on.contains(RetryOn.GRPC_DEADLINE_EXCEEDED);
                    case "8" -> on.contains(RetryOn.GRPC_RESOURCE_EXHAUSTED);
                    case "13" -> on.contains(RetryOn.GRPC_INTERNAL);
                    case "14" -> on.contains(RetryOn.GRPC_UNAVAILABLE);
                    default -> false;
                };
    }

    /** @param requestBegun whether anything was sent upstream */
    static boolean wanted(RetryPolicy policy, ResetReason reason, boolean requestBegun) {
        Set<RetryOn> on = policy.on();
        return switch (reason) {
            case OVERFLOW -> false;
            case LOCAL_CONNECTION_FAILURE, REMOTE_CONNECTION_FAILURE, CONNECTION_TIMEOUT ->
                on.contains(RetryOn.CONNECT_FAILURE) || anyReset(on) || on.contains(RetryOn.RESET_BEFORE_REQUEST);
            case REMOTE_REFUSED_STREAM_RESET -> on.contains(RetryOn.REFUSED_STREAM) || anyReset(on);
            case CONNECTION_TERMINATION, LOCAL_RESET, REMOTE_RESET, PROTOCOL_ERROR ->
                anyReset(on) || (on.contains(RetryOn.RESET_BEFORE_REQUEST) && !requestBegun);
        };
    }

    /** A try that took too long is a reset of it. */
    static boolean wantedAfterTimeout(RetryPolicy policy) {
        return anyReset(policy.on());
    }

    private static boolean anyReset(Set<RetryOn> on) {
        return on.contains(RetryOn.RESET) || on.contains(RetryOn.SERVER_ERROR) || on.contains(RetryOn.GATEWAY_ERROR);
    }
}
