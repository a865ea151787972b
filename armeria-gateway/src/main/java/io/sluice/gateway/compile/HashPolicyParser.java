package io.sluice.gateway.compile;

import io.envoyproxy.envoy.config.route.v3.RouteAction.HashPolicy;
import io.sluice.gateway.filter.RouteAction.HashMethod;
import io.sluice.gateway.filter.RouteAction.HashStep;
import io.sluice.gateway.xds.Problems;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Turns a route's hash policy into steps. */
final class HashPolicyParser {

    /** @return empty when something was reported */
    Optional<List<HashStep>> parse(List<HashPolicy> policies, Problems problems) {
        List<HashStep> steps = new ArrayList<>();
        for (int i = 0; i < policies.size(); i++) {
            HashPolicy policy = policies.get(i);
            method(policy, problems.at("hash_policy[" + i + "]"))
                    .ifPresent(method -> steps.add(new HashStep(method, policy.getTerminal())));
        }
        return steps.size() == policies.size() ? Optional.of(steps) : Optional.empty();
    }

    private static Optional<? extends HashMethod> method(HashPolicy policy, Problems problems) {
        return switch (policy.getPolicySpecifierCase()) {
            case HEADER -> header(policy.getHeader(), problems.at("header"));
            case COOKIE -> Optional.of(cookie(policy.getCookie()));
            case CONNECTION_PROPERTIES ->
                policy.getConnectionProperties().getSourceIp()
                        ? Optional.of(new HashMethod.SourceIp())
                        : problems.at("connection_properties").expected("source_ip", false, "true");
            case QUERY_PARAMETER ->
                Optional.of(new HashMethod.Query(policy.getQueryParameter().getName()));
            case FILTER_STATE, POLICYSPECIFIER_NOT_SET ->
                problems.unsupported("policy_specifier", policy.getPolicySpecifierCase());
        };
    }

    private static Optional<HashMethod.Header> header(HashPolicy.Header header, Problems problems) {
        String name = header.getHeaderName().toLowerCase(Locale.ROOT);
        if (!header.hasRegexRewrite()) {
            return Optional.of(new HashMethod.Header(name, null, ""));
        }
        Problems at = problems.at("regex_rewrite");
        return RouteMatchParser.regex(header.getRegexRewrite().getPattern().getRegex(), at)
                .flatMap(pattern -> RouteConfigurationParser.substitution(
                                header.getRegexRewrite().getSubstitution(), pattern, at)
                        .map(with -> new HashMethod.Header(name, pattern, with)));
    }

    private static HashMethod.Cookie cookie(HashPolicy.Cookie cookie) {
        @Nullable Duration ttl = cookie.hasTtl() ? duration(cookie.getTtl()) : null;
        return new HashMethod.Cookie(
                cookie.getName(),
                ttl,
                cookie.getPath(),
                cookie.getAttributesList().stream()
                        .map(attribute -> new HashMethod.Attribute(attribute.getName(), attribute.getValue()))
                        .toList());
    }

    private static Duration duration(com.google.protobuf.Duration duration) {
        return Duration.ofSeconds(duration.getSeconds(), duration.getNanos());
    }
}
