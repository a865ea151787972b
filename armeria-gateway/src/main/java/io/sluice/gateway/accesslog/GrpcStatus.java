package io.sluice.gateway.accesslog;

import com.google.common.base.CaseFormat;
import com.linecorp.armeria.common.HttpHeaders;
import io.sluice.gateway.xds.Problems;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** {@code %GRPC_STATUS%}: what the trailers say, else the headers, else what Envoy reads out of the HTTP status; gRPC requests only. */
final class GrpcStatus {
    private static final List<String> NAMES = List.of(
            "OK",
            "CANCELLED",
            "UNKNOWN",
            "INVALID_ARGUMENT",
            "DEADLINE_EXCEEDED",
            "NOT_FOUND",
            "ALREADY_EXISTS",
            "PERMISSION_DENIED",
            "RESOURCE_EXHAUSTED",
            "FAILED_PRECONDITION",
            "ABORTED",
            "OUT_OF_RANGE",
            "UNIMPLEMENTED",
            "INTERNAL",
            "UNAVAILABLE",
            "DATA_LOSS",
            "UNAUTHENTICATED");

    private static final long UNKNOWN = 2;

    private GrpcStatus() {}

    static Optional<Command> parse(String style, Problems problems) {
        return switch (style) {
            case "NUMBER" -> Optional.of(GrpcStatus::number);
            case "SNAKE_STRING" -> Optional.of(info -> name(number(info), false));
            case "CAMEL_STRING" -> Optional.of(info -> name(number(info), true));
            default -> problems.expected("argument", style, "CAMEL_STRING, SNAKE_STRING or NUMBER");
        };
    }

    private static @Nullable String name(@Nullable Long status, boolean camel) {
        if (status == null) {
            return null;
        }
        if (status < 0 || status >= NAMES.size()) {
            return status.toString();
        }
        String name = NAMES.get(status.intValue());
        return camel && status != 0 ? CaseFormat.UPPER_UNDERSCORE.to(CaseFormat.UPPER_CAMEL, name) : name;
    }

    /** Whatever the content type says; what is not told is derived from the HTTP status. */
    static long of(StreamInfo info) {
        Long status = numberOfAny(info);
        return status == null ? UNKNOWN : status;
    }

    private static @Nullable Long number(StreamInfo info) {
        String type = info.requestHeaders().get("content-type");
        if (type == null || !(type.equals("application/grpc") || type.startsWith("application/grpc+"))) {
            return null;
        }
        return numberOfAny(info);
    }

    private static @Nullable Long numberOfAny(StreamInfo info) {
        String said = said(info.responseTrailers());
        if (said == null) {
            said = said(info.responseHeaders());
        }
        if (said == null) {
            return fromHttp(info.responseCode());
        }
        try {
            return Long.parseLong(said);
        } catch (NumberFormatException e) {
            return -1L;
        }
    }

    private static @Nullable String said(@Nullable HttpHeaders headers) {
        return headers == null ? null : headers.get("grpc-status");
    }

    private static @Nullable Long fromHttp(int status) {
        return switch (status) {
            case 0 -> null;
            case 200 -> 2L;
            case 400 -> 13L;
            case 401 -> 16L;
            case 403 -> 7L;
            case 404 -> 12L;
            case 429, 502, 503, 504 -> 14L;
            default -> 2L;
        };
    }
}
