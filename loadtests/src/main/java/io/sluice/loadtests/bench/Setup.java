package io.sluice.loadtests.bench;

import io.sluice.loadtests.harness.StaticBootstrap;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** What gateway and Envoy are told to do, and what is asked of them then. */
enum Setup {
    PLAIN("", Upstream.SMALL, "") {
        @Override
        StaticBootstrap on(StaticBootstrap bootstrap) {
            return bootstrap;
        }
    },
    /** A signature checked, method and address looked at, and a token taken for each request. */
    GUARDED("JWT, RBAC, local limit", Upstream.SMALL, "authorization: Bearer " + Setup.TOKEN + "\r\n") {
        @Override
        StaticBootstrap on(StaticBootstrap bootstrap) {
            return bootstrap.filters(String.format(Locale.ROOT, """
                    - name: envoy.filters.http.jwt_authn
                      typed_config:
                        "@type": type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication
                        providers: {corp: {issuer: "https://issuer.test", local_jwks: {inline_string: '%s'}}}
                        rules: [{match: {prefix: /}, requires: {provider_name: corp}}]
                    - name: envoy.filters.http.rbac
                      typed_config:
                        "@type": type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC
                        rules:
                          action: ALLOW
                          policies:
                            callers:
                              permissions: [{header: {name: ":method", string_match: {exact: GET}}}]
                              principals: [{direct_remote_ip: {address_prefix: 127.0.0.0, prefix_len: 8}}]
                    - name: envoy.filters.http.local_ratelimit
                      typed_config:
                        "@type": type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit
                        stat_prefix: bench
                        token_bucket: {max_tokens: 1000000000, tokens_per_fill: 1000000000, fill_interval: 1s}
                        filter_enabled: {default_value: {numerator: 100}}
                        filter_enforced: {default_value: {numerator: 100}}
                    """, JWKS));
        }
    },
    TEN_ROUTES("10 routes", path(9), "") {
        @Override
        StaticBootstrap on(StaticBootstrap bootstrap) {
            return bootstrap.routes(routes(10));
        }
    },
    MANY_ROUTES("10,000 routes", path(9_999), "") {
        @Override
        StaticBootstrap on(StaticBootstrap bootstrap) {
            return bootstrap.routes(routes(10_000));
        }
    };

    /** Made for this, with a key nobody has any more; ends in 2100. */
    private static final String TOKEN =
            "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJodHRwczovL2lzc3Vlci50ZXN0Iiwic3ViIjoiYW5uIiwiZXhwIjo0MTAyNDQ0ODAwfQ."
                    + "f-Wbhxu57lNq6xXuTie1Gvi4k-vLXIiDc7qFzxCtc7Ib93fnPG8tWvkD9FtaKfobgD4kQO7IxG0kDVGhiiT9eA";

    private static final String JWKS =
            "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"SmgTieOeI1iXRe3etOBaGJhT-PB7fuli26q14-_O1j0\","
                    + "\"y\":\"75hq8VxprQlsxjXbGX-XGi5CIVfUWTs9UKpCKop85dA\",\"kid\":\"one\",\"alg\":\"ES256\",\"use\":\"sig\"}]}";

    private final String label;
    private final String path;
    private final String headers;

    Setup(String label, String path, String headers) {
        this.label = label;
        this.path = path;
        this.headers = headers;
    }

    String label() {
        return label;
    }

    /** What is asked. */
    String path() {
        return path;
    }

    /** Further lines of the request's head. */
    String headers() {
        return headers;
    }

    abstract StaticBootstrap on(StaticBootstrap bootstrap);

    private static String path(int route) {
        return "/team-" + route % 37 + "/service-" + route;
    }

    /** Half of them whole paths, half prefixes. */
    private static String routes(int count) {
        return IntStream.range(0, count)
                .mapToObj(i -> String.format(
                        Locale.ROOT,
                        "- {match: {%s: %s}, route: {cluster: up, prefix_rewrite: %s}}",
                        i % 2 == 0 ? "path" : "path_separated_prefix",
                        path(i),
                        Upstream.SMALL))
                .collect(Collectors.joining("\n"));
    }
}
