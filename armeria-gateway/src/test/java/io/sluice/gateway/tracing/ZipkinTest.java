package io.sluice.gateway.tracing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.RequestHeaders;
import com.linecorp.armeria.common.RequestHeadersBuilder;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a real Zipkin makes of our spans. */
class ZipkinTest {
    private static final TracePolicy ALL = new TracePolicy(true, 100, 100, true);

    @RegisterExtension
    static final ZipkinServer ZIPKIN = new ZipkinServer();

    /** Edge and inner gateway speak any of the formats to each other; the inner one tries twice. */
    @ParameterizedTest
    @EnumSource(PropagationFormat.class)
    void readsBackOneTraceWithASpanPerHopAndAttempt(PropagationFormat format) {
        SimpleMeterRegistry edgeMetrics = new SimpleMeterRegistry();
        SimpleMeterRegistry innerMetrics = new SimpleMeterRegistry();
        String traceId;
        try (ZipkinTracing edge = reporting("edge", format, edgeMetrics);
                ZipkinTracing inner = reporting("inner", format, innerMetrics)) {
            RequestHeadersBuilder toInner = RequestHeaders.of(HttpMethod.GET, "/orders/1").toBuilder();
            RequestTrace atEdge = edge.start(toInner.build(), ALL);
            atEdge.attempt(1, "inner", "127.0.0.1:8081", toInner);
            RequestTrace atInner = inner.start(toInner.build(), ALL);
            for (int attempt = 1; attempt <= 2; attempt++) {
                atInner.attempt(attempt, "orders", "127.0.0.1:900" + attempt, toInner.build().toBuilder());
                atInner.attemptEnd(attempt, attempt == 1 ? 503 : 200, "");
            }
            atInner.end(facts("orders-route", "orders"));
            atEdge.attemptEnd(1, 200, "");
            atEdge.end(facts("to-inner", "inner"));
            traceId = atEdge.traceId();
            assertThat(atInner.traceId()).isEqualTo(traceId);
            await().atMost(Duration.ofSeconds(60))
                    .until(() -> reported(edgeMetrics) == 2 && reported(innerMetrics) == 3);
        }

        List<JsonNode> spans = ZIPKIN.trace(traceId, 5);
        assertThat(spans)
                .extracting(
                        span -> span.at("/localEndpoint/serviceName").asText(),
                        span -> span.path("kind").asText(),
                        span -> span.path("name").asText(),
                        span -> span.at("/tags/retry.attempt").asText())
                .containsExactlyInAnyOrder(
                        tuple("edge", "SERVER", "get to-inner", ""),
                        tuple("edge", "CLIENT", "router inner egress", ""),
                        tuple("inner", "SERVER", "get orders-route", ""),
                        tuple("inner", "CLIENT", "router orders egress", ""),
                        tuple("inner", "CLIENT", "router orders egress", "1"));
        JsonNode edgeServer = one(spans, "edge", "SERVER");
        JsonNode edgeClient = one(spans, "edge", "CLIENT");
        JsonNode innerServer = one(spans, "inner", "SERVER");
        assertThat(edgeServer.has("parentId")).isFalse();
        assertThat(edgeClient.path("parentId")).isEqualTo(edgeServer.path("id"));
        assertThat(innerServer.path("parentId")).isEqualTo(edgeClient.path("id"));
        assertThat(spans.stream()
                        .filter(span -> span.path("parentId").equals(innerServer.path("id")))
                        .count())
                .isEqualTo(2);
        assertThat(edgeServer.path("tags").path("upstream_cluster").asText()).isEqualTo("inner");
        assertThat(edgeServer.path("tags").path("response_flags").asText()).isEqualTo("-");
        assertThat(edgeClient.at("/remoteEndpoint/port").asInt()).isEqualTo(8081);
    }

    private static double reported(SimpleMeterRegistry metrics) {
        return metrics.counter("tracing.spans.reported").count();
    }

    private static ZipkinTracing reporting(String service, PropagationFormat format, SimpleMeterRegistry metrics) {
        return ZipkinTracing.reportTo(ZIPKIN.collector(), service, Set.of(format), Duration.ofMillis(50), metrics);
    }

    private static RequestTrace.Facts facts(String route, String cluster) {
        return new RequestTrace.Facts(
                "GET", "http://shop.test/orders/1", "HTTP/1.1", 200, route, cluster, "", "0b8c", 0, 2, "127.0.0.1");
    }

    private static JsonNode one(List<JsonNode> spans, String service, String kind) {
        return spans.stream()
                .filter(span -> span.at("/localEndpoint/serviceName").asText().equals(service)
                        && span.path("kind").asText().equals(kind))
                .findFirst()
                .orElseThrow();
    }
}
