package io.sluice.gateway.filter.rbac;

import com.google.protobuf.Any;
import io.envoyproxy.envoy.config.core.v3.CidrRange;
import io.envoyproxy.envoy.config.rbac.v3.Permission;
import io.envoyproxy.envoy.config.rbac.v3.Policy;
import io.envoyproxy.envoy.config.rbac.v3.Principal;
import io.envoyproxy.envoy.extensions.filters.http.rbac.v3.RBAC;
import io.envoyproxy.envoy.extensions.filters.http.rbac.v3.RBACPerRoute;
import io.envoyproxy.envoy.type.matcher.v3.PathMatcher;
import io.micrometer.core.instrument.MeterRegistry;
import io.sluice.gateway.accesslog.HeaderTestParser;
import io.sluice.gateway.filter.FilterMeters;
import io.sluice.gateway.filter.HttpFilterFactory;
import io.sluice.gateway.filter.HttpFilterParser;
import io.sluice.gateway.filter.MetadataMatcherParser;
import io.sluice.gateway.filter.StringMatcherParser;
import io.sluice.gateway.route.AddressRange;
import io.sluice.gateway.xds.Problems;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;

/** Reads Envoy's {@code envoy.extensions.filters.http.rbac.v3}. */
@SuppressWarnings("deprecation") // Envoy obeys the deprecated fields too
public final class RbacFilterParser implements HttpFilterParser {
    private static final RbacFilter.Rules OFF = new RbacFilter.Rules(null, null, "", "");

    private final HeaderTestParser headers;
    private final StringMatcherParser strings;
    private final MetadataMatcherParser metadata;
    private final MeterRegistry metrics;

    public RbacFilterParser(
            HeaderTestParser headers,
            StringMatcherParser strings,
            MetadataMatcherParser metadata,
            MeterRegistry metrics) {
        this.headers = headers;
        this.strings = strings;
        this.metadata = metadata;
        this.metrics = metrics;
    }

    @Override
    public String typeUrl() {
        return "type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC";
    }

    @Override
    public String routeTypeUrl() {
        return "type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBACPerRoute";
    }

    @Override
    public Optional<HttpFilterFactory> parse(String name, Any config, Problems problems) {
        return parse(name, "", config, problems);
    }

    @Override
    public Optional<HttpFilterFactory> parse(String name, String statPrefix, Any config, Problems problems) {
        return HttpFilterParser.unpack(config, RBAC.class, problems)
                .flatMap(message -> rules(message, problems))
                .map(rules -> new RbacFilter.Factory(
                        name, rules, RbacFilter.Stats.of(new FilterMeters(metrics, statPrefix), rules)));
    }

    @Override
    public Optional<Object> parseRoute(Any config, Problems problems) {
        return HttpFilterParser.unpack(config, RBACPerRoute.class, problems)
                .flatMap(message ->
                        message.hasRbac() ? rules(message.getRbac(), problems.at("rbac")) : Optional.of(OFF));
    }

    private Optional<RbacFilter.Rules> rules(RBAC message, Problems problems) {
        Optional<Engine> enforced =
                message.hasRules() ? engine(message.getRules(), problems.at("rules")) : Optional.empty();
        Optional<Engine> shadow = message.hasShadowRules()
                ? engine(message.getShadowRules(), problems.at("shadow_rules"))
                : Optional.empty();
        if (message.hasRules() != enforced.isPresent() || message.hasShadowRules() != shadow.isPresent()) {
            return Optional.empty();
        }
        return Optional.of(new RbacFilter.Rules(
                enforced.orElse(null),
                shadow.orElse(null),
                message.getRulesStatPrefix(),
                message.getShadowRulesStatPrefix()));
    }

    private Optional<Engine> engine(io.envoyproxy.envoy.config.rbac.v3.RBAC message, Problems problems) {
        Optional<Engine.Action> action = switch (message.getAction()) {
            case ALLOW -> Optional.of(Engine.Action.ALLOW);
            case DENY -> Optional.of(Engine.Action.DENY);
            case LOG -> Optional.of(Engine.Action.LOG);
            case UNRECOGNIZED -> problems.expected("action", message.getActionValue(), "ALLOW, DENY or LOG");
        };
        List<Engine.Policy> policies = new ArrayList<>();
        for (Map.Entry<String, Policy> entry : new TreeMap<>(message.getPoliciesMap()).entrySet()) {
            Problems at = problems.at("policies['" + entry.getKey() + "']");
            Policy policy = entry.getValue();
            Optional<Rule> permissions = all(policy.getPermissionsList(), "permissions", this::permission, at)
                    .map(Rule.Or::new);
            Optional<Rule> principals = all(policy.getPrincipalsList(), "principals", this::principal, at)
                    .map(Rule.Or::new);
            if (permissions.isPresent() && principals.isPresent()) {
                policies.add(new Engine.Policy(entry.getKey(), permissions.get(), principals.get()));
            }
        }
        return policies.size() < message.getPoliciesCount()
                ? Optional.empty()
                : action.map(what -> new Engine(what, policies));
    }

    /** Reads one message at its place. */
    private interface RuleReader<T> {
        Optional<Rule> read(T message, Problems problems);
    }

    private static <T> Optional<List<Rule>> all(
            List<T> messages, String field, RuleReader<T> reader, Problems problems) {
        List<Rule> rules = new ArrayList<>();
        for (int i = 0; i < messages.size(); i++) {
            reader.read(messages.get(i), problems.at(field + "[" + i + "]")).ifPresent(rules::add);
        }
        return rules.size() < messages.size() ? Optional.empty() : Optional.of(rules);
    }

    private Optional<Rule> permission(Permission permission, Problems problems) {
        return switch (permission.getRuleCase()) {
            case ANY -> Optional.of(new Rule.Any());
            case AND_RULES ->
                all(permission.getAndRules().getRulesList(), "and_rules > rules", this::permission, problems)
                        .map(Rule.And::new);
            case OR_RULES ->
                all(permission.getOrRules().getRulesList(), "or_rules > rules", this::permission, problems)
                        .map(Rule.Or::new);
            case NOT_RULE ->
                permission(permission.getNotRule(), problems.at("not_rule")).map(Rule.Not::new);
            case HEADER ->
                headers.parse(permission.getHeader(), problems.at("header")).map(test -> new Rule.Header(test));
            case URL_PATH -> path(permission.getUrlPath(), problems.at("url_path"));
            case DESTINATION_IP ->
                range(permission.getDestinationIp(), Rule.LocalAddress::new, problems.at("destination_ip"));
            case DESTINATION_PORT -> {
                int port = permission.getDestinationPort();
                yield Optional.of(new Rule.LocalPort(port, port + 1));
            }
            case DESTINATION_PORT_RANGE -> {
                int start = permission.getDestinationPortRange().getStart();
                int end = permission.getDestinationPortRange().getEnd();
                yield start < 0 || start >= end || end > 65_536
                        ? problems.expected(
                                "destination_port_range", start + ".." + end, "ports, the first before the last")
                        : Optional.of(new Rule.LocalPort(start, end));
            }
            case REQUESTED_SERVER_NAME ->
                strings.parse(permission.getRequestedServerName(), problems.at("requested_server_name"))
                        .map(Rule.ServerName::new);
            case METADATA ->
                metadata.parse(permission.getMetadata(), problems.at("metadata"))
                        .map(Rule.Metadata::new);
            case MATCHER, URI_TEMPLATE, SOURCED_METADATA, RULE_NOT_SET ->
                problems.unsupported("rule", permission.getRuleCase());
        };
    }

    private Optional<Rule> principal(Principal principal, Problems problems) {
        return switch (principal.getIdentifierCase()) {
            case ANY -> Optional.of(new Rule.Any());
            case AND_IDS ->
                all(principal.getAndIds().getIdsList(), "and_ids > ids", this::principal, problems)
                        .map(Rule.And::new);
            case OR_IDS ->
                all(principal.getOrIds().getIdsList(), "or_ids > ids", this::principal, problems)
                        .map(Rule.Or::new);
            case NOT_ID ->
                principal(principal.getNotId(), problems.at("not_id")).map(Rule.Not::new);
            case SOURCE_IP -> range(principal.getSourceIp(), Rule.Peer::new, problems.at("source_ip"));
            case DIRECT_REMOTE_IP ->
                range(principal.getDirectRemoteIp(), Rule.Peer::new, problems.at("direct_remote_ip"));
            case REMOTE_IP -> range(principal.getRemoteIp(), Rule.Caller::new, problems.at("remote_ip"));
            case HEADER ->
                headers.parse(principal.getHeader(), problems.at("header")).map(test -> new Rule.Header(test));
            case URL_PATH -> path(principal.getUrlPath(), problems.at("url_path"));
            case METADATA ->
                metadata.parse(principal.getMetadata(), problems.at("metadata")).map(Rule.Metadata::new);
            case AUTHENTICATED ->
                principal.getAuthenticated().hasPrincipalName()
                        ? strings.parse(
                                        principal.getAuthenticated().getPrincipalName(),
                                        problems.at("authenticated").at("principal_name"))
                                .map(Rule.Authenticated::new)
                        : Optional.of(new Rule.Authenticated(null));
            case FILTER_STATE, SOURCED_METADATA, CUSTOM, IDENTIFIER_NOT_SET ->
                problems.unsupported("identifier", principal.getIdentifierCase());
        };
    }

    private Optional<Rule> path(PathMatcher matcher, Problems problems) {
        return strings.parse(matcher.getPath(), problems.at("path")).map(Rule.Path::new);
    }

    private static Optional<Rule> range(CidrRange range, Function<AddressRange, Rule> rule, Problems problems) {
        int bits = range.getPrefixLen().getValue();
        Optional<AddressRange> read = AddressRange.of(range.getAddressPrefix(), bits);
        return read.isEmpty()
                ? problems.expected(
                        "address_prefix", range.getAddressPrefix() + "/" + bits, "an IP address and a length")
                : read.map(rule);
    }
}
