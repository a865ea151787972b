package io.sluice.gateway.filter.router;

import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.RequestHeadersBuilder;
import io.netty.util.NetUtil;
import io.sluice.gateway.accesslog.StreamInfo;
import io.sluice.gateway.cluster.lb.XxHash64;
import io.sluice.gateway.filter.RouteAction.HashMethod;
import io.sluice.gateway.filter.RouteAction.HashStep;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * What a balancer that hashes goes by, and the cookies that were made for it. Source: Envoy source/common/http/hash_policy.cc and
 * source/common/router/router.h, addDownstreamSetCookie.
 */
final class RequestHash {
    private final RequestHeadersBuilder headers;
    private final StreamInfo info;
    private final List<String> newCookies = new ArrayList<>();
    private OptionalLong hash = OptionalLong.empty();

    private RequestHash(RequestHeadersBuilder headers, StreamInfo info) {
        this.headers = headers;
        this.info = info;
    }

    static RequestHash of(List<HashStep> steps, RequestHeadersBuilder headers, StreamInfo info) {
        RequestHash made = new RequestHash(headers, info);
        for (HashStep step : steps) {
            OptionalLong next = made.hash(step.method());
            if (next.isPresent()) {
                long before = made.hash.isPresent() ? Long.rotateLeft(made.hash.getAsLong(), 1) : 0;
                made.hash = OptionalLong.of(before ^ next.getAsLong());
            }
            if (step.terminal() && made.hash.isPresent()) {
                break;
            }
        }
        return made;
    }

    OptionalLong hash() {
        return hash;
    }

    /** For the caller's answer. */
    List<String> newCookies() {
        return newCookies;
    }

    /** Empty where the request has nothing of the kind. */
    private OptionalLong hash(HashMethod method) {
        return switch (method) {
            case HashMethod.Header header -> header(header);
            case HashMethod.Cookie cookie -> {
                String found = cookie(cookie.name());
                String value = found.isEmpty() && cookie.ttl() != null ? newCookie(cookie, cookie.ttl()) : found;
                yield value.isEmpty() ? OptionalLong.empty() : of(value);
            }
            case HashMethod.SourceIp ip ->
                of(NetUtil.toAddressString(info.downstreamRemoteAddress().getAddress()));
            case HashMethod.Query query -> of(query(query.name()));
        };
    }

    private static OptionalLong of(@Nullable String value) {
        return value == null ? OptionalLong.empty() : OptionalLong.of(XxHash64.hash(value));
    }

    /** The order in which a caller repeats a header does not matter. */
    private OptionalLong header(HashMethod.Header header) {
        List<String> values = headers.getAll(header.name());
        if (values.isEmpty()) {
            return OptionalLong.empty();
        }
        long all = 0;
        for (String value : values.stream().map(header::rewritten).sorted().toList()) {
            all = XxHash64.hash(value, all);
        }
        return OptionalLong.of(all);
    }

    /** The first of that name; empty where there is none. */
    private String cookie(String name) {
        for (String line : headers.getAll(HttpHeaderNames.COOKIE)) {
            for (String pair : line.split(";", -1)) {
                int equals = pair.indexOf('=');
                if (equals > 0 && pair.substring(0, equals).strip().equals(name)) {
                    String value = pair.substring(equals + 1).strip();
                    boolean quoted = value.length() >= 2 && value.startsWith("\"") && value.endsWith("\"");
                    return quoted ? value.substring(1, value.length() - 1) : value;
                }
            }
        }
        return "";
    }

    /** The same for all requests of a connection, so that those under way at once do not disagree. */
    private String newCookie(HashMethod.Cookie cookie, java.time.Duration ttl) {
        String value = String.format(
                "%016x", XxHash64.hash(text(info.downstreamRemoteAddress()) + text(info.downstreamLocalAddress())));
        StringBuilder set =
                new StringBuilder(cookie.name()).append("=\"").append(value).append('"');
        if (ttl.toSeconds() > 0) {
            set.append("; Max-Age=").append(ttl.toSeconds());
        }
        if (!cookie.path().isEmpty()) {
            set.append("; Path=").append(cookie.path());
        }
        cookie.attributes().forEach(attribute -> {
            set.append("; ").append(attribute.name());
            if (!attribute.value().isEmpty()) {
                set.append('=').append(attribute.value());
            }
        });
        newCookies.add(set.append("; HttpOnly").toString());
        return value;
    }

    private static String text(InetSocketAddress address) {
        return NetUtil.toSocketAddressString(address);
    }

    /** The first of that name, as it stands in the path. */
    private @Nullable String query(String name) {
        String path = headers.path();
        int query = path.indexOf('?');
        if (query < 0) {
            return null;
        }
        int end = path.indexOf('#', query);
        for (String pair :
                path.substring(query + 1, end < 0 ? path.length() : end).split("&", -1)) {
            int equals = pair.indexOf('=');
            if ((equals < 0 ? pair : pair.substring(0, equals)).equals(name)) {
                return equals < 0 ? "" : pair.substring(equals + 1);
            }
        }
        return null;
    }
}
