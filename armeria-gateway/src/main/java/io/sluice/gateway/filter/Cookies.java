package io.sluice.gateway.filter;

import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.RequestHeadersBuilder;
import org.jspecify.annotations.Nullable;

/** The cookies that a request carries. */
public final class Cookies {
    private Cookies() {}

    /** The first of this name, without quotes around it; null where there is none. */
    public static @Nullable String value(RequestHeadersBuilder headers, String name) {
        for (String line : headers.getAll(HttpHeaderNames.COOKIE)) {
            for (String pair : line.split(";")) {
                int equals = pair.indexOf('=');
                if (equals >= 0 && pair.substring(0, equals).strip().equals(name)) {
                    String value = pair.substring(equals + 1).strip();
                    boolean quoted = value.length() >= 2 && value.startsWith("\"") && value.endsWith("\"");
                    return quoted ? value.substring(1, value.length() - 1) : value;
                }
            }
        }
        return null;
    }
}
