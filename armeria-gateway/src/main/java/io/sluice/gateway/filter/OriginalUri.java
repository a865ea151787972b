package io.sluice.gateway.filter;

import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.RequestHeadersBuilder;

/** What the caller asked for, as challenges name their realm: with at most 256 letters of the path. Source: Envoy, buildOriginalUri. */
public final class OriginalUri {
    private static final int LONGEST_PATH = 256;

    private OriginalUri() {}

    public static String of(RequestHeadersBuilder headers, boolean tls) {
        String path = headers.get("x-envoy-original-path", headers.path());
        return (tls ? "https" : "http") + "://" + headers.get(HttpHeaderNames.AUTHORITY, "")
                + path.substring(0, Math.min(path.length(), LONGEST_PATH));
    }
}
