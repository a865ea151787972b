package io.sluice.gateway.filter.router;

import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.HttpHeaders;
import com.linecorp.armeria.common.HttpStatus;
import io.sluice.gateway.filter.Exchange;
import io.sluice.gateway.filter.RouteAction;
import io.sluice.gateway.filter.RouteAction.PathRewrite;

/** Where a redirect sends the caller. Source: Envoy source/common/router/config_impl.cc, newUri. */
final class Locations {
    private Locations() {}

    static String of(RouteAction.Redirect redirect, Exchange exchange) {
        boolean tls = exchange.isTls();
        String scheme =
                redirect.toHttps() ? "https" : redirect.scheme() != null ? redirect.scheme() : tls ? "https" : "http";
        return scheme + "://" + host(redirect, exchange, scheme, tls)
                + path(redirect, exchange.request().path());
    }

    /** An answer that says that something was made, or is elsewhere, says where: here, unless it says it itself. */
    static HttpHeaders of(RouteAction.Direct direct, Exchange exchange) {
        boolean says = direct.status() == HttpStatus.CREATED.code() || direct.status() / 100 == 3;
        return says
                ? HttpHeaders.of(
                        HttpHeaderNames.LOCATION,
                        (exchange.isTls() ? "https://" : "http://")
                                + exchange.request().get(HttpHeaderNames.AUTHORITY, "")
                                + exchange.request().path())
                : HttpHeaders.of();
    }

    private static String host(RouteAction.Redirect redirect, Exchange exchange, String scheme, boolean tls) {
        String authority = exchange.request().get(HttpHeaderNames.AUTHORITY, "");
        String host = authority;
        String port = "";
        int colon = authority.lastIndexOf(':');
        if (colon > authority.lastIndexOf(']')) {
            host = authority.substring(0, colon);
            port = authority.substring(colon);
        }
        if (redirect.port() != 0) {
            boolean usual = (redirect.port() == 80 && scheme.equals("http"))
                    || (redirect.port() == 443 && scheme.equals("https"));
            port = usual ? "" : ":" + redirect.port();
        } else if (scheme.equals("https") != tls && (port.equals(":80") || port.equals(":443"))) {
            port = ""; // the old scheme's own port means nothing to the new one
        }
        return (redirect.host() != null ? redirect.host() : host) + port;
    }

    private static String path(RouteAction.Redirect redirect, String before) {
        int at = before.indexOf('?');
        String bare = at < 0 ? before : before.substring(0, at);
        String query = at < 0 || redirect.stripQuery() ? "" : before.substring(at);
        String path = redirect.path();
        if (path != null) {
            return path.indexOf('?') >= 0 ? path : path + query;
        }
        if (redirect.rewrite() instanceof PathRewrite.Keep) {
            return bare + query;
        }
        return RouterFilter.rewritten(redirect.rewrite(), bare) + query;
    }
}
