package io.sluice.gateway.filter;

import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.RequestHeadersBuilder;
import io.netty.util.AsciiString;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The header by which a gRPC caller says how long it waits: at most eight digits and a unit. */
public final class GrpcTimeout {
    public static final AsciiString HEADER = AsciiString.cached("grpc-timeout");
    private static final int MOST_DIGITS = 8;
    private static final long MOST = 99_999_999;

    private GrpcTimeout() {}

    /** Whether the request is gRPC's own, not gRPC-Web's. */
    public static boolean isGrpc(RequestHeadersBuilder headers) {
        String type = headers.get(HttpHeaderNames.CONTENT_TYPE, "");
        return type.startsWith("application/grpc") && (type.length() == 16 || type.charAt(16) == '+');
    }

    /** In whole milliseconds, rounded up; null where there is none or it is none. */
    public static @Nullable Duration of(RequestHeadersBuilder headers) {
        String text = headers.get(HEADER);
        if (text == null || text.length() < 2 || text.length() > MOST_DIGITS + 1) {
            return null;
        }
        long number = 0;
        for (int i = 0; i < text.length() - 1; i++) {
            char digit = text.charAt(i);
            if (digit < '0' || digit > '9') {
                return null;
            }
            number = number * 10 + digit - '0';
        }
        return switch (text.charAt(text.length() - 1)) {
            case 'H' -> Duration.ofHours(number);
            case 'M' -> Duration.ofMinutes(number);
            case 'S' -> Duration.ofSeconds(number);
            case 'm' -> Duration.ofMillis(number);
            case 'u' -> Duration.ofMillis((number + 999) / 1_000);
            case 'n' -> Duration.ofMillis((number + 999_999) / 1_000_000);
            default -> null;
        };
    }

    /** In milliseconds, or in the smallest unit that holds it. */
    public static String text(Duration timeout) {
        long millis = timeout.toMillis();
        if (millis <= MOST) {
            return millis + "m";
        }
        long seconds = TimeUnit.MILLISECONDS.toSeconds(millis);
        if (seconds <= MOST) {
            return seconds + "S";
        }
        long minutes = seconds / 60;
        return minutes <= MOST ? minutes + "M" : Math.min(minutes / 60, MOST) + "H";
    }
}
