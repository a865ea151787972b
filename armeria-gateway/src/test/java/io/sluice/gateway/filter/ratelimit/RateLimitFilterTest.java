package io.sluice.gateway.filter.ratelimit;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.util.JsonFormat;
import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.RequestHeaders;
import com.linecorp.armeria.common.ResponseHeaders;
import com.linecorp.armeria.common.ResponseHeadersBuilder;
import io.envoyproxy.envoy.config.route.v3.Route;
import io.envoyproxy.envoy.config.route.v3.VirtualHost;
import io.envoyproxy.envoy.extensions.filters.http.ratelimit.v3.RateLimit;
import io.envoyproxy.envoy.extensions.filters.http.ratelimit.v3.RateLimitPerRoute;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.sluice.gateway.accesslog.ResponseFlag;
import io.sluice.gateway.filter.FakeExchange;
import io.sluice.gateway.filter.HttpFilter;
import io.sluice.gateway.filter.HttpFilter.Next;
import io.sluice.gateway.filter.LocalReply;
import io.sluice.gateway.ratelimit.Decision;
import io.sluice.gateway.ratelimit.Descriptor;
import io.sluice.gateway.ratelimit.LimitUnit;
import io.sluice.gateway.ratelimit.RateLimiter;
import io.sluice.gateway.xds.Problems;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RateLimitFilterTest {
    private static final String BASE =
            "domain: d, rate_limit_service: {grpc_service: {envoy_grpc: {cluster_name: here}}}";
    private static final RequestHeaders REQUEST = RequestHeaders.of(HttpMethod.GET, "/");
    private static final Decision.Status LEFT = new Decision.Status(
            false, new Decision.Limit("per-ip", 10, LimitUnit.MINUTE), 4, Duration.ofMillis(12_900));
    private static final Decision.Status GONE =
            new Decision.Status(true, new Decision.Limit("", 100, LimitUnit.HOUR), 0, Duration.ofMinutes(30));

    private final List<String> asked = new ArrayList<>();
    private final SimpleMeterRegistry metrics = new SimpleMeterRegistry();

    private RateLimitFilterParser parser(CompletionStage<Decision> answer) {
        RateLimiter engine = (domain, descriptors, hits) -> {
            for (Descriptor descriptor : descriptors) {
                descriptor.entries().forEach(entry -> asked.add(domain + ":" + entry.value()));
            }
            return answer;
        };
        return new RateLimitFilterParser(
                Optional.of(engine),
                "here",
                (cluster, path, metadata, timeout, listener) -> {
                    throw new AssertionError("asked " + cluster);
                },
                (matcher, problems) -> Optional.empty(),
                "",
                metrics);
    }

    private HttpFilter filter(CompletionStage<Decision> answer, String fields, FakeExchange exchange)
            throws InvalidProtocolBufferException {
        RateLimit.Builder message = RateLimit.newBuilder();
        JsonFormat.parser().merge("{" + BASE + (fields.isEmpty() ? "" : ", " + fields) + "}", message);
        Problems problems = Problems.of("test");
        Optional<HttpFilter> made = parser(answer)
                .parse("envoy.filters.http.ratelimit", Any.pack(message.build()), problems)
                .map(factory -> factory.create(exchange, 0));
        assertThat(problems.list()).isEmpty();
        return made.orElseThrow();
    }

    private static CompletableFuture<Decision> said(Decision decision) {
        return CompletableFuture.completedFuture(decision);
    }

    private static FakeExchange exchange() {
        return new FakeExchange(REQUEST).on(fields("generic_key: {descriptor_value: r}", ""), null);
    }

    private static Object fields(String routeAction, String hostAction) {
        Problems problems = Problems.of("test");
        try {
            Route.Builder route = Route.newBuilder();
            JsonFormat.parser().merge("{route: {cluster: orders" + limits(routeAction) + "}}", route);
            VirtualHost.Builder host = VirtualHost.newBuilder();
            JsonFormat.parser().merge("{name: v" + limits(hostAction) + "}", host);
            return new RouteLimitParser((matcher, p) -> Optional.empty(), "")
                    .ofRoute(host.build(), route.build(), problems)
                    .orElseThrow();
        } catch (InvalidProtocolBufferException e) {
            throw new AssertionError(e);
        }
    }

    private static String limits(String action) {
        return action.isEmpty() ? "" : ", rate_limits: [{actions: [{" + action + "}]}]";
    }

    private static LocalReply reply(FakeExchange exchange) {
        return Objects.requireNonNull(exchange.reply, "not answered");
    }

    @Test
    void letsThroughWhatHasTokens() throws InvalidProtocolBufferException {
        FakeExchange exchange = exchange();
        HttpFilter filter = filter(said(new Decision.Allowed(List.of(LEFT))), "", exchange);
        assertThat(filter.onRequestHeaders(exchange, exchange.request(), true)).isEqualTo(Next.CONTINUE);
        assertThat(asked).containsExactly("d:r");
        assertThat(metrics.counter("envoy.cluster.ratelimit.ok", "envoy_cluster_name", "orders")
                        .count())
                .isEqualTo(1);
    }

    @ParameterizedTest(name = "{0} -> {1} {2}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            ``                                           | 429 | true | -1
            rate_limited_status: {code: 503}             | 503 | true | -1
            rate_limited_status: {code: 200}             | 429 | true | -1
            disable_x_envoy_ratelimited_header: true     | 429 | none | -1
            rate_limited_as_resource_exhausted: true     | 429 | true | 8
            """)
    void refusesAsConfigured(String fields, int status, String header, int grpc) throws InvalidProtocolBufferException {
        FakeExchange exchange = exchange();
        HttpFilter filter = filter(said(new Decision.Limited(Duration.ofSeconds(1), List.of(GONE))), fields, exchange);
        assertThat(filter.onRequestHeaders(exchange, exchange.request(), true)).isEqualTo(Next.PAUSE);
        LocalReply reply = reply(exchange);
        assertThat(reply.status()).isEqualTo(status);
        assertThat(reply.body()).isEmpty();
        assertThat(reply.details()).isEqualTo("request_rate_limited");
        assertThat(reply.flags()).containsExactly(ResponseFlag.RL);
        assertThat(reply.headers().get("x-envoy-ratelimited", "none")).isEqualTo(header);
        assertThat(reply.grpcStatus()).isEqualTo(grpc < 0 ? null : Integer.valueOf(grpc));
    }

    @Test
    void tellsTheDescriptorNearestItsLimit() throws InvalidProtocolBufferException {
        FakeExchange exchange = exchange();
        HttpFilter filter = filter(
                said(new Decision.Limited(Duration.ofSeconds(1), List.of(LEFT, GONE))),
                "enable_x_ratelimit_headers: DRAFT_VERSION_03",
                exchange);
        filter.onRequestHeaders(exchange, exchange.request(), true);
        assertThat(reply(exchange).headers().get("x-ratelimit-limit"))
                .isEqualTo("100, 10;w=60;name=\"per-ip\", 100;w=3600");
        assertThat(reply(exchange).headers().get("x-ratelimit-remaining")).isEqualTo("0");
        assertThat(reply(exchange).headers().get("x-ratelimit-reset")).isEqualTo("1800");
    }

    @Test
    void addsHeadersToTheResponseOfWhatPassed() throws InvalidProtocolBufferException {
        FakeExchange exchange = exchange();
        HttpFilter filter = filter(
                said(new Decision.Allowed(List.of(LEFT))), "enable_x_ratelimit_headers: DRAFT_VERSION_03", exchange);
        filter.onRequestHeaders(exchange, exchange.request(), true);
        ResponseHeadersBuilder response = ResponseHeaders.of(200).toBuilder();
        filter.onResponseHeaders(exchange, response, true);
        assertThat(response.get("x-ratelimit-limit")).isEqualTo("10, 10;w=60;name=\"per-ip\"");
        assertThat(response.get("x-ratelimit-remaining")).isEqualTo("4");
        assertThat(response.get("x-ratelimit-reset")).isEqualTo("12");
    }

    @ParameterizedTest(name = "{0}: goes on {1}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            ``                                                             | true  |
            failure_mode_deny: true                                        | false | 500
            failure_mode_deny: true, status_on_error: {code: 502}          | false | 502
            """)
    void decidesAloneWhenNobodyAnswers(String fields, boolean goesOn, @Nullable Integer status) throws Exception {
        FakeExchange exchange = exchange();
        HttpFilter filter = filter(
                new CompletableFuture<>(), "timeout: 0.005s" + (fields.isEmpty() ? "" : ", " + fields), exchange);
        Next next = FakeExchange.LOOP
                .submit(() -> filter.onRequestHeaders(exchange, exchange.request(), true))
                .get();
        assertThat(next).isEqualTo(Next.PAUSE);
        assertThat(exchange.outcome.get(5, TimeUnit.SECONDS)).isEqualTo(goesOn);
        if (status != null) {
            assertThat(reply(exchange).status()).isEqualTo(status);
            assertThat(reply(exchange).details()).isEqualTo("rate_limiter_error");
            assertThat(reply(exchange).flags()).containsExactly(ResponseFlag.RLSE);
        }
    }

    @Test
    void goesOnWhenTheAnswerCameLater() throws Exception {
        FakeExchange exchange = exchange();
        var answer = new CompletableFuture<Decision>();
        HttpFilter filter = filter(answer, "timeout: 60s", exchange);
        FakeExchange.LOOP
                .submit(() -> filter.onRequestHeaders(exchange, exchange.request(), true))
                .get();
        answer.complete(new Decision.Allowed(List.of(LEFT)));
        assertThat(exchange.outcome.get(5, TimeUnit.SECONDS)).isTrue();
    }

    @ParameterizedTest(name = "route [{0}] host [{1}] per route [{2}] -> {3}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            r  | h  |                                                                                          | d:r
            `` | h  |                                                                                          | d:h
            r  | h  | {}                                                                                       | d:r
            r  | h  | {vh_rate_limits: INCLUDE}                                                                | d:r d:h
            r  | h  | {vh_rate_limits: IGNORE}                                                                 | d:r
            `` | h  | {vh_rate_limits: IGNORE}                                                                 | ``
            r  | h  | {domain: other}                                                                          | other:r
            r  | h  | {rate_limits: [{actions: [{generic_key: {descriptor_value: own}}]}], vh_rate_limits: INCLUDE} | d:own
            """)
    void choosesWhoseLimitsCount(String route, String host, @Nullable String perRoute, String expected)
            throws InvalidProtocolBufferException {
        CompletableFuture<Decision> allowed = said(new Decision.Allowed(List.of(LEFT)));
        Object config = null;
        if (perRoute != null) {
            RateLimitPerRoute.Builder message = RateLimitPerRoute.newBuilder();
            JsonFormat.parser().merge(perRoute, message);
            config = parser(allowed)
                    .parseRoute(Any.pack(message.build()), Problems.of("test"))
                    .orElseThrow();
        }
        FakeExchange exchange = new FakeExchange(REQUEST).on(fields(action(route), action(host)), config);
        filter(allowed, "", exchange).onRequestHeaders(exchange, exchange.request(), true);
        assertThat(String.join(" ", asked)).isEqualTo(expected);
    }

    private static String action(String value) {
        return value.isEmpty() ? "" : "generic_key: {descriptor_value: " + value + "}";
    }

    @ParameterizedTest(name = "{0} request, internal {1}: asked {2}")
    @CsvSource({"internal, true, true", "internal, false, false", "external, true, false", "external, false, true"})
    void asksForItsKindOfRequestOnly(String type, boolean internal, boolean expected)
            throws InvalidProtocolBufferException {
        FakeExchange exchange = exchange();
        if (internal) {
            exchange.request().set("x-envoy-internal", "true");
        }
        filter(said(new Decision.Allowed(List.of(LEFT))), "request_type: " + type, exchange)
                .onRequestHeaders(exchange, exchange.request(), true);
        assertThat(!asked.isEmpty()).isEqualTo(expected);
    }
}
