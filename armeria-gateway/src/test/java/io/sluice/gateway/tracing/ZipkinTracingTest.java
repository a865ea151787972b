package io.sluice.gateway.tracing;

import static org.assertj.core.api.Assertions.assertThat;

import brave.handler.MutableSpan;
import brave.handler.SpanHandler;
import brave.propagation.TraceContext;
import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.RequestHeaders;
import com.linecorp.armeria.common.RequestHeadersBuilder;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.DoubleSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ZipkinTracingTest {
    private static final TracePolicy ALL = new TracePolicy(true, 100, 100, true);
    private static final RequestHeaders PLAIN = RequestHeaders.of(HttpMethod.GET, "/");
    private static final String TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
    private static final String SPAN = "00f067aa0ba902b7";

    private final List<MutableSpan> spans = new ArrayList<>();

    private ZipkinTracing tracing(Set<PropagationFormat> inject, DoubleSupplier random) {
        SpanHandler collect = new SpanHandler() {
            @Override
            public boolean end(TraceContext context, MutableSpan span, Cause cause) {
                spans.add(span);
                return true;
            }
        };
        return ZipkinTracing.reportTo(collect, "edge", inject, random);
    }

    private ZipkinTracing tracing() {
        return tracing(ZipkinTracing.DEFAULT_FORMATS, () -> 0);
    }

    private static RequestTrace.Facts facts(int status, String route, String flags) {
        return new RequestTrace.Facts(
                "GET",
                "http://shop.test/orders/1",
                "HTTP/1.1",
                status,
                route,
                "orders",
                flags,
                "0b8c",
                10,
                154,
                "203.0.113.77");
    }

    @Test
    void makesAServerAndAClientSpanPerHop() {
        RequestHeadersBuilder upstream = PLAIN.toBuilder();
        RequestTrace trace = tracing().start(PLAIN, ALL);
        trace.attempt(1, "orders", "10.0.1.5:9001", upstream);
        trace.attemptEnd(1, 200, "");
        trace.end(facts(200, "orders-route", ""));

        assertThat(spans).extracting(span -> span.kind().name()).containsExactly("CLIENT", "SERVER");
        MutableSpan client = spans.get(0);
        MutableSpan server = spans.get(1);
        assertThat(server.parentId()).isNull();
        assertThat(client.parentId()).isEqualTo(server.id());
        assertThat(client.traceId())
                .isEqualTo(server.traceId())
                .isEqualTo(trace.traceId())
                .hasSize(32);
        assertThat(server.localServiceName()).isEqualTo("edge");
        assertThat(server.name()).isEqualTo("get orders-route");
        assertThat(server.tags())
                .containsExactlyInAnyOrderEntriesOf(Map.ofEntries(
                        Map.entry("guid:x-request-id", "0b8c"),
                        Map.entry("http.url", "http://shop.test/orders/1"),
                        Map.entry("http.method", "GET"),
                        Map.entry("http.protocol", "HTTP/1.1"),
                        Map.entry("http.status_code", "200"),
                        Map.entry("upstream_cluster", "orders"),
                        Map.entry("route", "orders-route"),
                        Map.entry("response_flags", "-"),
                        Map.entry("request_size", "10"),
                        Map.entry("response_size", "154"),
                        Map.entry("peer.address", "203.0.113.77")));
        assertThat(client.name()).isEqualTo("router orders egress");
        assertThat(client.remoteServiceName()).isEqualTo("orders");
        assertThat(client.remoteIp()).isEqualTo("10.0.1.5");
        assertThat(client.remotePort()).isEqualTo(9001);
        assertThat(client.tags())
                .containsExactlyInAnyOrderEntriesOf(Map.of(
                        "upstream_cluster", "orders",
                        "upstream_address", "10.0.1.5:9001",
                        "http.status_code", "200"));
        assertThat(Stream.of("x-b3-traceid", "x-b3-spanid", "traceparent").map(upstream::get))
                .containsExactly(client.traceId(), client.id(), "00-" + client.traceId() + "-" + client.id() + "-01");
    }

    @Test
    void makesASpanOfEachAttempt() {
        RequestTrace trace = tracing().start(PLAIN, ALL);
        List<String> sent = new ArrayList<>();
        for (int attempt = 1; attempt <= 3; attempt++) {
            RequestHeadersBuilder upstream = PLAIN.toBuilder();
            trace.attempt(attempt, "orders", "[::1]:900" + attempt, upstream);
            sent.add(upstream.get("x-b3-spanid"));
            trace.attemptEnd(attempt, attempt == 3 ? 200 : attempt == 2 ? 503 : 0, attempt == 1 ? "remote reset" : "");
        }
        trace.end(facts(200, "", "UR,URX"));

        List<MutableSpan> clients = spans.subList(0, 3);
        assertThat(clients).extracting(MutableSpan::id).isEqualTo(sent).doesNotHaveDuplicates();
        assertThat(clients)
                .extracting(MutableSpan::parentId)
                .containsOnly(spans.get(3).id());
        assertThat(clients).extracting(span -> span.tag("retry.attempt")).containsExactly(null, "1", "2");
        assertThat(clients).extracting(span -> span.tag("error")).containsExactly("remote reset", "true", null);
        assertThat(clients).extracting(span -> span.tag("http.status_code")).containsExactly(null, "503", "200");
        assertThat(clients).extracting(MutableSpan::remoteIp).containsOnly("::1");
        assertThat(spans.get(3).name()).isEqualTo("get");
        assertThat(spans.get(3).tag("response_flags")).isEqualTo("UR,URX");
        assertThat(spans.get(3).tag("route")).isNull();
    }

    @Test
    void endsAnAttemptThatIsStillUnderWay() {
        RequestTrace trace = tracing().start(PLAIN, ALL);
        trace.attempt(1, "orders", "10.0.1.5:9001", PLAIN.toBuilder());
        trace.end(facts(0, "", "DC"));
        assertThat(spans).hasSize(2).extracting(span -> span.tag("error")).containsExactly("true", "true");
    }

    @Test
    void continuesTheServerSpanUpstreamWhereAttemptsHaveNone() {
        RequestHeadersBuilder upstream = PLAIN.toBuilder();
        RequestTrace trace = tracing().start(PLAIN, new TracePolicy(true, 100, 100, false));
        trace.attempt(1, "orders", "10.0.1.5:9001", upstream);
        trace.attemptEnd(1, 200, "");
        trace.end(facts(200, "", ""));
        assertThat(spans).hasSize(1);
        assertThat(upstream.get("x-b3-spanid")).isEqualTo(spans.get(0).id());
    }

    @ParameterizedTest(name = "{0} is an error: {1}")
    @CsvSource({"200, false", "404, false", "429, false", "499, false", "500, true", "503, true", "0, true"})
    void marksErrors(int status, boolean error) {
        RequestTrace trace = tracing().start(PLAIN, ALL);
        trace.end(facts(status, "", ""));
        assertThat(spans.get(0).tag("error")).isEqualTo(error ? "true" : null);
    }

    @Test
    void cutsTheUrlAsEnvoyDoes() {
        RequestTrace trace = tracing().start(PLAIN, ALL);
        trace.end(new RequestTrace.Facts("GET", "x".repeat(300), "HTTP/2", 200, "", "", "", "", 0, 0, ""));
        assertThat(spans.get(0).tag("http.url")).isEqualTo("x".repeat(256));
    }

    /** The caller's span is the parent; every format it came in goes on, with ours in it. */
    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
        b3=4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1                      | b3 x-b3-traceid traceparent
        x-b3-traceid=4bf92f3577b34da6a3ce929d0e0e4736;x-b3-spanid=00f067aa0ba902b7  | x-b3-traceid traceparent
        traceparent=00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01         | x-b3-traceid traceparent
        b3=broken;traceparent=00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01 | b3 x-b3-traceid traceparent
        """)
    void joinsTheCallersTrace(String lines, String expected) {
        RequestHeaders in = headers(lines);
        RequestHeadersBuilder upstream = in.toBuilder();
        RequestTrace trace = tracing().start(in, ALL);
        trace.attempt(1, "orders", "10.0.1.5:9001", upstream);
        trace.attemptEnd(1, 200, "");
        trace.end(facts(200, "", ""));
        MutableSpan client = spans.get(0);
        assertThat(trace.traceId()).isEqualTo(TRACE);
        assertThat(spans.get(1).parentId()).isEqualTo(SPAN);
        assertThat(Stream.of("b3", "x-b3-traceid", "traceparent").filter(upstream::contains))
                .containsExactly(expected.split(" "));
        assertThat(upstream.get("b3", TRACE + "-" + client.id() + "-1-" + client.parentId()))
                .isEqualTo(TRACE + "-" + client.id() + "-1-" + client.parentId());
        assertThat(upstream.get("x-b3-spanid")).isEqualTo(client.id());
        assertThat(upstream.get("traceparent")).isEqualTo("00-" + TRACE + "-" + client.id() + "-01");
    }

    @Test
    void startsAnewWhereTheCallersContextIsBroken() {
        RequestTrace trace = tracing().start(headers("x-b3-traceid=xyz;x-b3-spanid=1"), ALL);
        trace.end(facts(200, "", ""));
        assertThat(trace.traceId()).hasSize(32);
        assertThat(spans.get(0).parentId()).isNull();
    }

    private static RequestHeaders headers(String lines) {
        RequestHeadersBuilder builder = PLAIN.toBuilder();
        Stream.of(lines.split(";"))
                .forEach(line ->
                        builder.add(line.substring(0, line.indexOf('=')), line.substring(line.indexOf('=') + 1)));
        return builder.build();
    }

    /** The draws are 0.30 and 0.60. */
    @ParameterizedTest(name = "random {0} %, overall {1} %, caller says {2}: {3}")
    @CsvSource(delimiter = '|', nullValues = "-", textBlock = """
        100 | 100 | -                                   | true
        31  | 100 | -                                   | true
        30  | 100 | -                                   | false
        0   | 100 | -                                   | false
        0   | 100 | b3=1                                | true
        0   | 100 | b3=d                                | true
        100 | 100 | b3=0                                | false
        0   | 100 | b3=4bf92f3577b34da6-00f067aa0ba902b7-1 | true
        100 | 100 | b3=4bf92f3577b34da6-00f067aa0ba902b7-0 | false
        30  | 100 | b3=4bf92f3577b34da6-00f067aa0ba902b7   | false
        31  | 61  | -                                   | true
        31  | 60  | -                                   | false
        100 | 30  | b3=1                                | false
        100 | 31  | b3=1                                | true
        """)
    void samples(double random, double overall, @Nullable String caller, boolean sampled) {
        var draws = new ArrayList<>(List.of(0.30, 0.60));
        RequestHeaders in = caller == null ? PLAIN : headers(caller);
        RequestHeadersBuilder upstream = in.toBuilder();
        RequestTrace trace = tracing(EnumSet.allOf(PropagationFormat.class), () -> draws.remove(0))
                .start(in, new TracePolicy(true, random, overall, true));
        trace.attempt(1, "orders", "10.0.1.5:9001", upstream);
        trace.attemptEnd(1, 200, "");
        trace.end(facts(200, "", ""));
        assertThat(spans).hasSize(sampled ? 2 : 0);
        assertThat(trace.traceId()).isNotEmpty();
        assertThat(upstream.get("traceparent")).endsWith(sampled ? "-01" : "-00");
    }

    @Test
    void leavesTheHeadersAloneWhereNothingIsTraced() {
        RequestHeaders in = headers("b3=1;traceparent=broken");
        RequestHeadersBuilder upstream = in.toBuilder();
        RequestTrace trace = tracing().start(in, TracePolicy.OFF);
        trace.attempt(1, "orders", "10.0.1.5:9001", upstream);
        trace.attemptEnd(1, 200, "");
        trace.end(facts(200, "", ""));
        assertThat(trace).isSameAs(RequestTrace.NONE);
        assertThat(trace.traceId()).isEmpty();
        assertThat(upstream.build()).isEqualTo(in);
        assertThat(spans).isEmpty();
        assertThat(Tracing.OFF.start(in, ALL)).isSameAs(RequestTrace.NONE);
    }
}
