package io.sluice.sync.file;

import io.sluice.sync.model.ServicePolicy;
import io.sluice.sync.model.ServicePolicy.Balancing;
import io.sluice.sync.model.ServicePolicy.HealthCheck;
import io.sluice.sync.model.ServicePolicy.OutlierDetection;
import io.sluice.sync.model.ServicePolicy.Protocol;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/** How a service is called. */
final class PolicyParser {
    static final List<String> WORDS =
            List.of("protocol", "lb", "connect_timeout", "health_check", "outlier", "limits", "tls");

    private static final Map<String, Protocol> PROTOCOLS =
            Map.of("http1", Protocol.HTTP1, "http2", Protocol.HTTP2, "grpc", Protocol.HTTP2);

    private static final Map<String, Balancing> BALANCING = Map.of(
            "round_robin", Balancing.ROUND_ROBIN,
            "least_request", Balancing.LEAST_REQUEST,
            "random", Balancing.RANDOM);

    private PolicyParser() {}

    static ServicePolicy parse(YamlValue value) {
        return read(value.mapping());
    }

    /** Reads the policy's words and finishes the mapping. */
    static ServicePolicy read(YamlMapping policy) {
        Optional<Protocol> protocol = policy.read("protocol", given -> given.word(PROTOCOLS));
        Optional<Balancing> balancing = policy.read("lb", given -> given.word(BALANCING));
        Optional<Duration> connectTimeout = policy.read("connect_timeout", YamlValue::positiveDuration);
        Optional<HealthCheck> healthCheck = policy.read("health_check", PolicyParser::healthCheck);
        Optional<OutlierDetection> outlier = policy.read("outlier", PolicyParser::outlier);
        Optional<Limits> limits = policy.read("limits", PolicyParser::limits);
        Optional<ServicePolicy.Tls> tls = policy.read("tls", TlsParser::policy);
        policy.notYet("subsets", "failover", "timeout", "retry");
        policy.finish();
        return new ServicePolicy(
                protocol.orElse(Protocol.HTTP1),
                balancing.orElse(Balancing.ROUND_ROBIN),
                connectTimeout,
                healthCheck,
                outlier,
                limits.orElse(Limits.NONE).connections(),
                limits.orElse(Limits.NONE).pending(),
                limits.orElse(Limits.NONE).requests(),
                limits.orElse(Limits.NONE).retries(),
                tls);
    }

    private static HealthCheck healthCheck(YamlValue value) {
        YamlMapping check = value.mapping();
        Optional<String> path = check.need("path", PolicyParser::path);
        Optional<Duration> interval = check.read("interval", YamlValue::positiveDuration);
        Optional<Duration> timeout = check.read("timeout", YamlValue::positiveDuration);
        Optional<Integer> healthy = check.read("healthy", given -> given.integer(1, 1000));
        Optional<Integer> unhealthy = check.read("unhealthy", given -> given.integer(1, 1000));
        check.finish();
        return new HealthCheck(
                path.orElseThrow(),
                interval.orElse(Duration.ofSeconds(5)),
                timeout.orElse(Duration.ofSeconds(1)),
                healthy.orElse(2),
                unhealthy.orElse(3));
    }

    /** What is not said is Envoy's default. */
    private static OutlierDetection outlier(YamlValue value) {
        YamlMapping outlier = value.mapping();
        Optional<Integer> consecutive = outlier.read("consecutive_5xx", given -> given.integer(1, 1_000_000));
        Optional<Duration> interval = outlier.read("interval", YamlValue::positiveDuration);
        Optional<Duration> ejection = outlier.read("ejection", YamlValue::positiveDuration);
        Optional<Integer> most = outlier.read("max_percent", given -> given.integer(0, 100));
        outlier.finish();
        return new OutlierDetection(
                consecutive.orElse(5),
                interval.orElse(Duration.ofSeconds(10)),
                ejection.orElse(Duration.ofSeconds(30)),
                most.orElse(10));
    }

    private record Limits(OptionalInt connections, OptionalInt pending, OptionalInt requests, OptionalInt retries) {
        static final Limits NONE =
                new Limits(OptionalInt.empty(), OptionalInt.empty(), OptionalInt.empty(), OptionalInt.empty());
    }

    private static Limits limits(YamlValue value) {
        YamlMapping limits = value.mapping();
        OptionalInt connections = limit(limits, "connections");
        OptionalInt pending = limit(limits, "pending");
        OptionalInt requests = limit(limits, "requests");
        OptionalInt retries = limit(limits, "retries");
        limits.finish();
        return new Limits(connections, pending, requests, retries);
    }

    private static OptionalInt limit(YamlMapping limits, String word) {
        return limits.read(word, given -> given.integer(0, Integer.MAX_VALUE))
                .map(OptionalInt::of)
                .orElse(OptionalInt.empty());
    }

    private static String path(YamlValue value) {
        String path = value.text();
        if (!path.matches("/[!-~]*")) {
            throw value.refused("'" + path + "'", "a path that begins with /");
        }
        return path;
    }
}
