package io.sluice.gateway.listener;

import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.RequestHeadersBuilder;
import io.netty.util.AsciiString;
import java.util.Locale;
import java.util.Set;

/** What an HTTP/1 caller says of its connection. Source: Envoy source/common/http/utility.cc, sanitizeConnectionHeader. */
final class ConnectionHeader {
    private static final int NAMES = 10;
    private static final int TE_LENGTH = 256;
    private static final String TRAILERS = "trailers";
    private static final Set<String> OF_THE_CONNECTION = Set.of("close", "keep-alive", "upgrade", "http2-settings");
    private static final Set<String> NOT_TO_BE_NAMED =
            Set.of("connection", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto");

    private ConnectionHeader() {}

    /**
     * Takes off what the connection's header names, and of {@code te} what is not {@code trailers}.
     *
     * @return false where the request is not let in
     */
    static boolean sanitize(RequestHeadersBuilder headers) {
        String te = headers.get(HttpHeaderNames.TE);
        if (te != null) {
            if (te.length() > TE_LENGTH) {
                return false;
            }
            keepTrailers(headers, te);
        }
        String value = headers.get(HttpHeaderNames.CONNECTION);
        if (value == null || OF_THE_CONNECTION.contains(value)) {
            return true;
        }
        String[] names = value.split(",");
        if (names.length >= NAMES) {
            return false;
        }
        for (String each : names) {
            String name = each.strip().toLowerCase(Locale.ROOT);
            if (name.isEmpty() || OF_THE_CONNECTION.contains(name) || name.equals("te")) {
                continue;
            }
            if (name.startsWith(":") || NOT_TO_BE_NAMED.contains(name)) {
                return false;
            }
            headers.remove(AsciiString.of(name));
        }
        return true;
    }

    private static void keepTrailers(RequestHeadersBuilder headers, String te) {
        for (String each : te.split(",")) {
            if (each.strip().equalsIgnoreCase(TRAILERS)) {
                headers.set(HttpHeaderNames.TE, TRAILERS);
                return;
            }
        }
        headers.remove(HttpHeaderNames.TE);
    }
}
