package io.sluice.gateway.cluster;

import com.google.protobuf.ByteString;
import io.envoyproxy.envoy.config.core.v3.HeaderValueOption;
import io.envoyproxy.envoy.config.core.v3.HealthCheck;
import io.envoyproxy.envoy.config.core.v3.RequestMethod;
import io.envoyproxy.envoy.type.v3.Int64Range;
import io.sluice.gateway.cluster.health.HealthCheckPolicy;
import io.sluice.gateway.cluster.health.HealthCheckPolicy.Header;
import io.sluice.gateway.cluster.health.HealthCheckPolicy.Intervals;
import io.sluice.gateway.cluster.health.HealthCheckPolicy.Kind;
import io.sluice.gateway.cluster.health.HealthCheckPolicy.Payload;
import io.sluice.gateway.cluster.health.HealthCheckPolicy.StatusRange;
import io.sluice.gateway.xds.Problems;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.IntFunction;

/** Turns Envoy's health checks into ours, with Envoy's defaults where a field is not set. */
@SuppressWarnings("deprecation") // Envoy obeys the deprecated fields too
final class HealthCheckParser {
    private static final StatusRange OK = new StatusRange(200, 201);

    /** @param cluster whose name a check says as its host where it is told none */
    List<HealthCheckPolicy> parse(List<HealthCheck> checks, String cluster, Problems problems) {
        if (checks.size() > 1) {
            problems.expected("health_checks", checks.size() + " of them", "at most one");
        }
        List<HealthCheckPolicy> policies = new ArrayList<>();
        for (int i = 0; i < checks.size(); i++) {
            HealthCheck check = checks.get(i);
            kind(check, cluster, problems.at("health_checks[" + i + "]"))
                    .ifPresent(kind -> policies.add(new HealthCheckPolicy(
                            kind,
                            duration(check.getTimeout()),
                            intervals(check),
                            check.getUnhealthyThreshold().getValue(),
                            check.getHealthyThreshold().getValue(),
                            check.getAltPort().getValue(),
                            !check.hasReuseConnection()
                                    || check.getReuseConnection().getValue())));
        }
        return policies;
    }

    private static Intervals intervals(HealthCheck check) {
        Duration interval = duration(check.getInterval());
        Duration noTraffic =
                check.hasNoTrafficInterval() ? duration(check.getNoTrafficInterval()) : Duration.ofSeconds(60);
        Duration unhealthy = check.hasUnhealthyInterval() ? duration(check.getUnhealthyInterval()) : interval;
        return new Intervals(
                interval,
                unhealthy,
                noTraffic,
                check.hasNoTrafficHealthyInterval() ? duration(check.getNoTrafficHealthyInterval()) : noTraffic,
                check.hasHealthyEdgeInterval() ? duration(check.getHealthyEdgeInterval()) : interval,
                check.hasUnhealthyEdgeInterval() ? duration(check.getUnhealthyEdgeInterval()) : unhealthy,
                duration(check.getInitialJitter()),
                duration(check.getIntervalJitter()),
                check.getIntervalJitterPercent());
    }

    private static Optional<? extends Kind> kind(HealthCheck check, String cluster, Problems problems) {
        return switch (check.getHealthCheckerCase()) {
            case HTTP_HEALTH_CHECK -> http(check.getHttpHealthCheck(), cluster, problems.at("http_health_check"));
            case GRPC_HEALTH_CHECK -> grpc(check.getGrpcHealthCheck(), cluster, problems.at("grpc_health_check"));
            case TCP_HEALTH_CHECK -> tcp(check.getTcpHealthCheck(), problems.at("tcp_health_check"));
            case CUSTOM_HEALTH_CHECK, HEALTHCHECKER_NOT_SET ->
                problems.unsupported("health_checker", check.getHealthCheckerCase());
        };
    }

    private static Optional<Kind.Http> http(HealthCheck.HttpHealthCheck http, String cluster, Problems problems) {
        Optional<Boolean> http2 = switch (http.getCodecClientType()) {
            case HTTP1 -> Optional.of(false);
            case HTTP2 -> Optional.of(true);
            case HTTP3, UNRECOGNIZED -> problems.unsupported("codec_client_type", http.getCodecClientType());
        };
        Optional<List<Header>> add =
                headers(http.getRequestHeadersToAddList(), i -> problems.at("request_headers_to_add[" + i + "]"));
        Optional<List<Payload>> receive = payloads(http.getReceiveList(), problems);
        List<StatusRange> expected = ranges(http.getExpectedStatusesList());
        if (http2.isEmpty() || add.isEmpty() || receive.isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(new Kind.Http(
                http2.get(),
                http.getMethod() == RequestMethod.METHOD_UNSPECIFIED
                        ? "GET"
                        : http.getMethod().name(),
                http.getPath(),
                http.getHost().isEmpty() ? cluster : http.getHost(),
                add.get(),
                http.getRequestHeadersToRemoveList().stream()
                        .map(name -> name.toLowerCase(Locale.ROOT))
                        .toList(),
                expected.isEmpty() ? List.of(OK) : expected,
                ranges(http.getRetriableStatusesList()),
                receive.get()));
    }

    private static Optional<Kind.Grpc> grpc(HealthCheck.GrpcHealthCheck grpc, String cluster, Problems problems) {
        return headers(grpc.getInitialMetadataList(), i -> problems.at("initial_metadata[" + i + "]"))
                .map(metadata -> new Kind.Grpc(
                        grpc.getServiceName(),
                        grpc.getAuthority().isEmpty() ? cluster : grpc.getAuthority(),
                        metadata));
    }

    private static Optional<Kind.Tcp> tcp(HealthCheck.TcpHealthCheck tcp, Problems problems) {
        Optional<Payload> send =
                tcp.hasSend() ? payload(tcp.getSend(), problems.at("send")) : Optional.of(Payload.NONE);
        Optional<List<Payload>> receive = payloads(tcp.getReceiveList(), problems);
        return send.isEmpty() || receive.isEmpty()
                ? Optional.empty()
                : Optional.of(new Kind.Tcp(send.get(), receive.get()));
    }

    private static Optional<List<Header>> headers(List<HeaderValueOption> options, IntFunction<Problems> at) {
        List<Header> headers = new ArrayList<>();
        for (int i = 0; i < options.size(); i++) {
            HeaderValueOption option = options.get(i);
            String value = option.getHeader().getValue();
            if (value.replace("%%", "").contains("%")) {
                at.apply(i).expected("header.value", value, "no command: a check has no request");
                continue;
            }
            headers.add(new Header(
                    option.getHeader().getKey().toLowerCase(Locale.ROOT),
                    value.replace("%%", "%"),
                    option.getAppendAction() == HeaderValueOption.HeaderAppendAction.APPEND_IF_EXISTS_OR_ADD
                            && (!option.hasAppend() || option.getAppend().getValue())));
        }
        return headers.size() == options.size() ? Optional.of(headers) : Optional.empty();
    }

    private static List<StatusRange> ranges(List<Int64Range> ranges) {
        return ranges.stream()
                .map(range -> new StatusRange((int) range.getStart(), (int) range.getEnd()))
                .toList();
    }

    private static Optional<List<Payload>> payloads(List<HealthCheck.Payload> payloads, Problems problems) {
        List<Payload> parsed = new ArrayList<>();
        for (int i = 0; i < payloads.size(); i++) {
            payload(payloads.get(i), problems.at("receive[" + i + "]")).ifPresent(parsed::add);
        }
        return parsed.size() == payloads.size() ? Optional.of(parsed) : Optional.empty();
    }

    /** A text is in hexadecimal digits. */
    private static Optional<Payload> payload(HealthCheck.Payload payload, Problems problems) {
        ByteString binary = payload.getBinary();
        if (payload.getPayloadCase() == HealthCheck.Payload.PayloadCase.BINARY) {
            return Optional.of(new Payload(binary.toString(StandardCharsets.ISO_8859_1)));
        }
        String text = payload.getText();
        if (!text.matches("([0-9a-fA-F]{2})+")) {
            return problems.expected("text", text, "hexadecimal digits, two for each byte");
        }
        return Optional.of(new Payload(new String(HexFormat.of().parseHex(text), StandardCharsets.ISO_8859_1)));
    }

    private static Duration duration(com.google.protobuf.Duration duration) {
        return Duration.ofSeconds(duration.getSeconds(), duration.getNanos());
    }
}
