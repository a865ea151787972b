package io.sluice.gateway.filter;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Message;
import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.RequestHeaders;
import com.linecorp.armeria.common.RequestHeadersBuilder;
import io.envoyproxy.envoy.extensions.filters.http.api_key_auth.v3.ApiKeyAuth;
import io.envoyproxy.envoy.extensions.filters.http.basic_auth.v3.BasicAuth;
import io.envoyproxy.envoy.extensions.filters.http.cors.v3.Cors;
import io.envoyproxy.envoy.extensions.filters.http.cors.v3.CorsPolicy;
import io.envoyproxy.envoy.extensions.filters.http.ext_authz.v3.ExtAuthz;
import io.envoyproxy.envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute;
import io.envoyproxy.envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication;
import io.envoyproxy.envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit;
import io.envoyproxy.envoy.extensions.filters.http.ratelimit.v3.RateLimit;
import io.envoyproxy.envoy.extensions.filters.http.ratelimit.v3.RateLimitPerRoute;
import io.envoyproxy.envoy.extensions.filters.http.rbac.v3.RBAC;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.netty.channel.EventLoop;
import io.sluice.gateway.filter.apikeyauth.ApiKeyAuthFilterParser;
import io.sluice.gateway.filter.basicauth.BasicAuthFilterParser;
import io.sluice.gateway.filter.cors.CorsFilterParser;
import io.sluice.gateway.filter.extauthz.ExtAuthzFilterParser;
import io.sluice.gateway.filter.jwt.JwtFilterParser;
import io.sluice.gateway.filter.localratelimit.LocalRateLimitFilterParser;
import io.sluice.gateway.filter.ratelimit.RateLimitFilterParser;
import io.sluice.gateway.filter.ratelimit.RouteLimit;
import io.sluice.gateway.filter.rbac.RbacFilterParser;
import io.sluice.gateway.upstream.HttpCalls;
import io.sluice.gateway.xds.Problems;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.Base64;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What filters say they would go by: nothing is counted or asked for it, and a refusal that is told is the refusal that comes. */
class FilterExplanationTest {
    private static final String BASIC = "{users: {inline_string: 'ada:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g='}}";
    private static final String KEYS = "{credentials: [{key: k1, client: ada}], key_sources: [{header: x-key}]}";
    private static final String RULES =
            "{rules: {policies: {staff: {permissions: [{any: true}], principals: [{header: {name: x-role,"
                    + " string_match: {exact: staff}}}]}}}}";
    private static final String CORP = "{providers: {corp: {issuer: i, local_jwks: {inline_string:"
            + " '{\"keys\":[{\"kty\":\"oct\",\"k\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\",\"alg\":\"HS256\"}]}'}}},"
            + " rules: [{match: {prefix: '/'}, requires: {provider_name: corp}}]}";
    private static final String AUTHORIZE =
            "{grpc_service: {envoy_grpc: {cluster_name: a}}, transport_api_version: V3, status_on_error: {code: 502}}";
    private static final String BUCKET =
            "{stat_prefix: x, token_bucket: {max_tokens: 1, fill_interval: 60s}, filter_enabled: {default_value:"
                    + " {numerator: 100}}, filter_enforced: {default_value: {numerator: 50}}}";
    private static final String DOMAIN =
            "{domain: d, timeout: 1s, rate_limit_service: {transport_api_version: V3, grpc_service: {envoy_grpc:"
                    + " {cluster_name: a}}}}";
    private static final String LIMITS = "{rate_limits: [{actions: [{generic_key: {descriptor_value: v}}]}]}";
    private static final String ORIGINS = "{allow_origin_string_match: [{exact: 'https://a.test'}]}";

    private final SimpleMeterRegistry metrics = new SimpleMeterRegistry();

    private record Case(HttpFilterParser parser, Message.Builder message, Message.@Nullable Builder ofRoute) {}

    private Case of(String kind) {
        return switch (kind) {
            case "basic_auth" -> new Case(new BasicAuthFilterParser(metrics), BasicAuth.newBuilder(), null);
            case "api_key_auth" -> new Case(new ApiKeyAuthFilterParser(metrics), ApiKeyAuth.newBuilder(), null);
            case "rbac" ->
                new Case(
                        new RbacFilterParser(FilterYaml.MATCHERS, FilterYaml.MATCHERS, FilterYaml.MATCHERS, metrics),
                        RBAC.newBuilder(),
                        null);
            case "cors" ->
                new Case(
                        new CorsFilterParser(FilterYaml.MATCHERS, metrics, () -> 0),
                        Cors.newBuilder(),
                        CorsPolicy.newBuilder());
            case "jwt_authn" ->
                new Case(
                        new JwtFilterParser(
                                FilterYaml.MATCHERS,
                                FilterYaml.MATCHERS,
                                new NobodyIsAsked(),
                                metrics,
                                InstantSource.system(),
                                System::nanoTime),
                        JwtAuthentication.newBuilder(),
                        null);
            case "ext_authz" ->
                new Case(
                        new ExtAuthzFilterParser(
                                (cluster, path, metadata, timeout, listener) -> {
                                    throw new AssertionError("asked " + cluster);
                                },
                                new NobodyIsAsked(),
                                FilterYaml.MATCHERS,
                                metrics),
                        ExtAuthz.newBuilder(),
                        ExtAuthzPerRoute.newBuilder());
            case "local_ratelimit" ->
                new Case(
                        new LocalRateLimitFilterParser(FilterYaml.MATCHERS, "", metrics, System::nanoTime, () -> 0),
                        LocalRateLimit.newBuilder(),
                        null);
            case "ratelimit" ->
                new Case(
                        new RateLimitFilterParser(
                                Optional.empty(),
                                "here",
                                (cluster, path, metadata, timeout, listener) -> {
                                    throw new AssertionError("asked " + cluster);
                                },
                                FilterYaml.MATCHERS,
                                "",
                                metrics),
                        RateLimit.newBuilder(),
                        RateLimitPerRoute.newBuilder());
            default -> throw new IllegalArgumentException(kind);
        };
    }

    private static String config(String kind) {
        return switch (kind) {
            case "basic_auth" -> BASIC;
            case "api_key_auth" -> KEYS;
            case "rbac" -> RULES;
            case "cors" -> "{}";
            case "jwt_authn" -> CORP;
            case "ext_authz" -> AUTHORIZE;
            case "local_ratelimit" -> BUCKET;
            case "ratelimit" -> DOMAIN;
            default -> throw new IllegalArgumentException(kind);
        };
    }

    private static String routeConfig(String name) {
        return switch (name) {
            case "limits" -> LIMITS;
            case "origins" -> ORIGINS;
            default -> name;
        };
    }

    private static FakeExchange exchange(@Nullable String header) {
        RequestHeadersBuilder headers = RequestHeaders.builder(HttpMethod.GET, "/a");
        if (header != null) {
            int colon = header.indexOf(':');
            headers.add(header.substring(0, colon), header.substring(colon + 1));
        }
        return new FakeExchange(headers.build());
    }

    private static String token(String claims) {
        Base64.Encoder base64 = Base64.getUrlEncoder().withoutPadding();
        return base64.encodeToString("{\"alg\":\"HS256\"}".getBytes(StandardCharsets.UTF_8)) + "."
                + base64.encodeToString(claims.getBytes(StandardCharsets.UTF_8)) + ".AAAA";
    }

    @ParameterizedTest(name = "{0} {1} {2}: {3}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
        basic_auth      |               |                         | 401 no_credential_for_basic_auth
        basic_auth      |               | authorization:Bearer x  | 401 invalid_scheme_for_basic_auth
        basic_auth      |               | authorization:Basic YWRhOndyb25n | 401 invalid_credential_for_basic_auth
        basic_auth      |               | authorization:Basic YWRhOnRlc3QxMjM= | 401 invalid_credential_for_basic_auth
        api_key_auth    |               |                         | 401 missing_api_key
        api_key_auth    |               | x-key:k2                | 401 unknown_api_key
        api_key_auth    |               | x-key:k1                | client 'ada' may
        rbac            |               |                         | 403 RBAC: access denied: none of 1 policies matches
        rbac            |               | x-role:staff            | allowed: policy 'staff' matches
        cors            |               |                         | no policy
        cors            | origins       |                         | no origin: not a request across sites
        cors            | origins       | origin:https://a.test   | origin 'https://a.test' is allowed
        cors            | origins       | origin:https://b.test   | origin 'https://b.test' is not allowed
        jwt_authn       |               |                         | asks for a token of provider 'corp' / no token in header authorization, query parameter access_token: 401 Jwt is missing
        jwt_authn       |               | authorization:Bearer x  | asks for a token of provider 'corp' / token in header authorization: Jwt is not in the form of Header.Payload.Signature with two dots and 3 sections
        jwt_authn       |               | authorization:TOKEN {"iss":"j"} | asks for a token of provider 'corp' / token in header authorization: issuer 'j', Jwt issuer is not configured
        jwt_authn       |               | authorization:TOKEN {"iss":"i","exp":1} | asks for a token of provider 'corp' / token in header authorization: issuer 'i', Jwt is expired
        jwt_authn       |               | authorization:TOKEN {"iss":"i"} | asks for a token of provider 'corp' / token in header authorization: issuer 'i', Jwt verification fails
        ext_authz       |               |                         | asks the authorization service for 100 of 100 requests; where it does not answer: 502
        ext_authz       | {disabled: true} |                      | asks nobody
        local_ratelimit |               |                         | spends of a bucket of this process for 100 of 100 requests, refuses with 429 for 50 of 100 requests
        ratelimit       |               |                         | limits nothing: no descriptor of route or virtual host holds for the request
        ratelimit       | limits        |                         | spends of domain 'd': generic_key=v
        """)
    void saysWhatItWouldGoBy(String kind, @Nullable String ofRoute, @Nullable String header, String lines) {
        Case filter = of(kind);
        Problems problems = Problems.of("test");
        HttpFilterFactory factory = filter.parser()
                .parse("test", "edge", FilterYaml.message(filter.message(), config(kind)), problems)
                .orElseThrow();
        Object config = ofRoute == null
                ? null
                : filter.parser()
                        .parseRoute(
                                FilterYaml.message(Objects.requireNonNull(filter.ofRoute()), routeConfig(ofRoute)),
                                problems)
                        .orElseThrow();
        assertThat(problems.list()).isEmpty();
        Object fields = kind.equals("ratelimit") ? new RouteLimit.OfRoute(List.of(), List.of(), false) : null;
        String sent = header == null ? null : withToken(header);
        double counted = counted();
        assertThat(String.join(" / ", factory.explain(exchange(sent).on(fields, config), 0)))
                .isEqualTo(lines);
        assertThat(counted()).isEqualTo(counted);
        if (lines.startsWith("4") || kind.equals("jwt_authn")) {
            FakeExchange real = exchange(sent).on(fields, config);
            factory.create(real, 0).onRequestHeaders(real, real.request(), true);
            LocalReply reply = Objects.requireNonNull(real.reply);
            assertThat(lines).containsAnyOf(reply.status() + " " + reply.details(), reply.body());
        }
    }

    private static String withToken(String header) {
        int at = header.indexOf("TOKEN ");
        return at < 0 ? header : header.substring(0, at) + "Bearer " + token(header.substring(at + "TOKEN ".length()));
    }

    private double counted() {
        double sum = 0;
        for (Meter meter : metrics.getMeters()) {
            for (var measurement : meter.measure()) {
                sum += measurement.getValue();
            }
        }
        return sum;
    }

    @Test
    void claimsOfATokenThatDoesNotHoldAreNotThereForTheFiltersBehind() {
        Case filter = of("jwt_authn");
        HttpFilterFactory factory = filter.parser()
                .parse(
                        "test",
                        "edge",
                        FilterYaml.message(
                                filter.message(), CORP.replace("issuer: i,", "issuer: i, payload_in_metadata: p,")),
                        Problems.of("test"))
                .orElseThrow();
        FakeExchange bad = exchange("authorization:Bearer " + token("{\"iss\":\"i\",\"sub\":\"ada\"}"));
        factory.explain(bad, 0);
        assertThat(bad.metadata("envoy.filters.http.jwt_authn")).isEmpty();
    }

    /** An explanation asks no one. */
    private static final class NobodyIsAsked implements HttpCalls {
        @Override
        public EventLoop loop() {
            throw new AssertionError("asked for a loop");
        }

        @Override
        public Call send(EventLoop loop, Request request, Consumer<Outcome> then) {
            throw new AssertionError("asked " + request.cluster());
        }
    }
}
