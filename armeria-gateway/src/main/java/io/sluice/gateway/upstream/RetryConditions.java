package io.sluice.gateway.upstream;

import com.linecorp.armeria.common.HttpHeaders;
import com.linecorp.armeria.common.ResponseHeaders;
import io.netty.util.AsciiString;
import io.sluice.gateway.upstream.RetryPolicy.RetryOn;
import java.util.Set;

/** When Envoy tries again. Source: Envoy source/common/router/retry_state_impl.cc. */
final class RetryConditions {
    private static final AsciiString X_ENVOY_RATELIMITED = AsciiString.cached("x-envoy-ratelimited");
    private static final AsciiString GRPC_STATUS = AsciiString.cached("grpc-status");

    private RetryConditions() {}

    static boolean wanted(RetryPolicy policy, ResponseHeaders response) {
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
                || wantedByGrpc(on, response);
    }

    private static boolean wantedByGrpc(Set<RetryOn> on, HttpHeaders response) {
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
