package io.sluice.gateway.listener;

import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.RequestHeadersBuilder;
import io.sluice.gateway.route.RouteRequest;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A request as route matching sees it. Made for one match. */
final class MatchRequest implements RouteRequest {
    private final RequestHeadersBuilder headers;
    private final long random;
    private final boolean tls;
    private final String path;
    private final String query;

    MatchRequest(RequestHeadersBuilder headers, long random, boolean tls) {
        this.headers = headers;
        this.random = random;
        this.tls = tls;
        String whole = headers.path();
        int at = whole.indexOf('?');
        path = at < 0 ? whole : whole.substring(0, at);
        query = at < 0 ? "" : whole.substring(at + 1);
    }

    @Override
    public String authority() {
        return headers.get(HttpHeaderNames.AUTHORITY, "");
    }

    @Override
    public String path() {
        return path;
    }

    @Override
    public List<String> header(String name) {
        return headers.getAll(name);
    }

    @Override
    public @Nullable String query(String name) {
        for (String parameter : query.split("&")) {
            int equals = parameter.indexOf('=');
            String key = equals < 0 ? parameter : parameter.substring(0, equals);
            if (key.equals(name)) {
                return equals < 0 ? "" : parameter.substring(equals + 1);
            }
        }
        return null;
    }

    @Override
    public long random() {
        return random;
    }

    @Override
    public boolean isTls() {
        return tls;
    }
}
