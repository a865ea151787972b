package io.sluice.gateway.listener;

import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.RequestHeadersBuilder;
import io.sluice.gateway.accesslog.TlsSession;
import io.sluice.gateway.route.RouteRequest;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A request as route matching sees it. Made for one match. */
final class MatchRequest implements RouteRequest {
    private final RequestHeadersBuilder headers;
    private final long random;
    private final boolean tls;
    private final @Nullable TlsSession session;
    private final String path;
    private final String query;
    private final @Nullable Map<String, Map<String, Object>> metadata;

    /**
     * @param withoutParameters whether the path ends at its first {@code ;}
     * @param metadata what filters found out, by filter; null for nothing yet
     */
    MatchRequest(
            RequestHeadersBuilder headers,
            long random,
            boolean tls,
            @Nullable TlsSession session,
            boolean withoutParameters,
            @Nullable Map<String, Map<String, Object>> metadata) {
        this.headers = headers;
        this.random = random;
        this.tls = tls;
        this.session = session;
        this.metadata = metadata;
        String whole = headers.path();
        int at = whole.indexOf('?');
        String bare = at < 0 ? whole : whole.substring(0, at);
        int parameters = withoutParameters ? bare.indexOf(';') : -1;
        path = parameters < 0 ? bare : bare.substring(0, parameters);
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
    public Map<String, Object> metadata(String filter) {
        return metadata == null ? Map.of() : metadata.getOrDefault(filter, Map.of());
    }

    @Override
    public long random() {
        return random;
    }

    @Override
    public boolean isTls() {
        return tls;
    }

    @Override
    public boolean hasCertificate() {
        return session != null && !session.chain().isEmpty();
    }

    @Override
    public boolean hasValidCertificate() {
        return session != null && session.validated();
    }
}
