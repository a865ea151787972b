package io.sluice.gateway.compile;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.re2j.Pattern;
import io.envoyproxy.envoy.config.core.v3.DataSource;
import io.envoyproxy.envoy.config.core.v3.HeaderValueOption;
import io.envoyproxy.envoy.config.core.v3.RoutingPriority;
import io.envoyproxy.envoy.config.core.v3.TypedExtensionConfig;
import io.envoyproxy.envoy.config.route.v3.DirectResponseAction;
import io.envoyproxy.envoy.config.route.v3.RedirectAction;
import io.envoyproxy.envoy.config.route.v3.Route;
import io.envoyproxy.envoy.config.route.v3.RouteAction;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.config.route.v3.VirtualCluster;
import io.envoyproxy.envoy.config.route.v3.VirtualHost;
import io.envoyproxy.envoy.config.route.v3.WeightedCluster;
import io.envoyproxy.envoy.extensions.path.rewrite.uri_template.v3.UriTemplateRewriteConfig;
import io.envoyproxy.envoy.type.matcher.v3.RegexMatchAndSubstitute;
import io.sluice.gateway.filter.HeaderMutationParser;
import io.sluice.gateway.filter.HeaderMutations;
import io.sluice.gateway.filter.HttpFilterParser;
import io.sluice.gateway.filter.RouteAction.ClusterChoice;
import io.sluice.gateway.filter.RouteAction.Direct;
import io.sluice.gateway.filter.RouteAction.Forward;
import io.sluice.gateway.filter.RouteAction.GrpcDeadline;
import io.sluice.gateway.filter.RouteAction.HashStep;
import io.sluice.gateway.filter.RouteAction.HostRewrite;
import io.sluice.gateway.filter.RouteAction.MirrorTarget;
import io.sluice.gateway.filter.RouteAction.PathRewrite;
import io.sluice.gateway.filter.RouteAction.Redirect;
import io.sluice.gateway.filter.Upgrades;
import io.sluice.gateway.route.HeaderMatcher;
import io.sluice.gateway.route.PathMatcher;
import io.sluice.gateway.route.RouteMatch;
import io.sluice.gateway.route.RouteTable;
import io.sluice.gateway.route.UriTemplate;
import io.sluice.gateway.route.VirtualHost.Entry;
import io.sluice.gateway.route.VirtualHost.TlsRequirement;
import io.sluice.gateway.upstream.CallPolicy;
import io.sluice.gateway.xds.Problems;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Turns a RouteConfiguration into a table for one filter chain: per-route configuration of each filter is resolved here, not per request. */
@SuppressWarnings("deprecation") // Envoy obeys the deprecated fields too
public final class RouteConfigurationParser {
    private static final int MAX_DIRECT_BODY_BYTES = 4096;

    private final RouteMatchParser matches = new RouteMatchParser();
    private final RetryPolicyParser retries = new RetryPolicyParser();
    private final HashPolicyParser hashes = new HashPolicyParser();
    private final MirrorParser mirrors = new MirrorParser();

    /**
     * A filter of the chain, by its name there.
     *
     * @param off works only where a route's configuration names it
     */
    record ChainedFilter(String name, HttpFilterParser parser, boolean off) {}

    /**
     * What the table's listener says.
     *
     * @param upgrades to what its routes may be upgraded where they do not say
     * @param bufferBytes how much of a request is kept for a retry
     */
    record Surroundings(List<ChainedFilter> chain, Upgrades upgrades, long bufferBytes) {}

    /** @return empty when something was reported */
    Optional<RouteTable<io.sluice.gateway.filter.Route>> parse(
            RouteConfiguration table, Surroundings around, Problems problems) {
        List<io.sluice.gateway.route.VirtualHost<io.sluice.gateway.filter.Route>> hosts = new ArrayList<>();
        FilterConfigParser configs = new FilterConfigParser(around.chain());
        for (int i = 0; i < table.getVirtualHostsCount(); i++) {
            VirtualHost host = table.getVirtualHosts(i);
            Problems at = problems.at("virtual_hosts[" + i + "] '" + host.getName() + "'");
            hosts.add(host(new Scope(table, host, around, configs, virtualClusters(host, at)), at));
        }
        for (int i = 0; i < hosts.size(); i++) {
            Optional<String> twice = RouteTable.firstTwice(hosts.subList(0, i + 1));
            if (twice.isPresent()) {
                String domain = twice.get();
                problems.at("virtual_hosts[" + i + "]")
                        .expected(
                                "domains[" + hosts.get(i).domains().indexOf(domain) + "]",
                                "'" + domain + "'",
                                "a domain that no other virtual host has");
                break;
            }
        }
        return problems.any()
                ? Optional.empty()
                : Optional.of(RouteTable.of(
                        hosts, table.getIgnorePortInHostMatching(), table.getIgnorePathParametersInPathMatching()));
    }

    /** What stands around a route. */
    private record Scope(
            RouteConfiguration table,
            VirtualHost host,
            Surroundings around,
            FilterConfigParser configs,
            List<io.sluice.gateway.filter.Route.VirtualCluster> virtualClusters) {
        /** Per-route configuration of the chain's filters. */
        List<@Nullable Object> configs(Route route, Problems problems) {
            return configs.resolve(levels(route), problems);
        }

        List<@Nullable Object> configs(WeightedCluster.ClusterWeight share, Route route, Problems problems) {
            List<Map<String, Any>> levels = new ArrayList<>();
            levels.add(share.getTypedPerFilterConfigMap());
            levels.addAll(levels(route));
            return configs.resolve(levels, problems);
        }

        private List<Map<String, Any>> levels(Route route) {
            return List.of(
                    route.getTypedPerFilterConfigMap(),
                    host.getTypedPerFilterConfigMap(),
                    table.getTypedPerFilterConfigMap());
        }
    }

    private List<io.sluice.gateway.filter.Route.VirtualCluster> virtualClusters(VirtualHost host, Problems problems) {
        List<io.sluice.gateway.filter.Route.VirtualCluster> clusters = new ArrayList<>();
        for (int i = 0; i < host.getVirtualClustersCount(); i++) {
            VirtualCluster cluster = host.getVirtualClusters(i);
            List<HeaderMatcher> headers = new ArrayList<>();
            for (int j = 0; j < cluster.getHeadersCount(); j++) {
                matches.header(
                                cluster.getHeaders(j),
                                problems.at("virtual_clusters[" + i + "]").at("headers[" + j + "]"))
                        .ifPresent(headers::add);
            }
            clusters.add(new io.sluice.gateway.filter.Route.VirtualCluster(cluster.getName(), headers));
        }
        return clusters;
    }

    private io.sluice.gateway.route.VirtualHost<io.sluice.gateway.filter.Route> host(Scope scope, Problems problems) {
        VirtualHost host = scope.host();
        List<Entry<io.sluice.gateway.filter.Route>> routes = new ArrayList<>();
        for (int i = 0; i < host.getRoutesCount(); i++) {
            Route route = host.getRoutes(i);
            Problems at =
                    problems.at("routes[" + i + "]" + (route.getName().isEmpty() ? "" : " '" + route.getName() + "'"));
            Optional<RouteMatch> match = matches.parse(route.getMatch(), at.at("match"));
            if (match.isEmpty()) {
                continue;
            }
            route(scope, route, match.get().path(), at)
                    .ifPresent(target -> routes.add(new Entry<>(match.get(), target)));
        }
        for (int i = 0; i < host.getDomainsCount(); i++) {
            String domain = host.getDomains(i);
            if (domain.indexOf('*', 1) >= 0 && !(domain.endsWith("*") && domain.indexOf('*') == domain.length() - 1)) {
                problems.expected("domains[" + i + "]", "'" + domain + "'", "a '*' at the beginning or at the end");
            }
        }
        TlsRequirement tls = switch (host.getRequireTls()) {
            case NONE -> TlsRequirement.NONE;
            case EXTERNAL_ONLY -> TlsRequirement.EXTERNAL_ONLY;
            case ALL -> TlsRequirement.ALL;
            case UNRECOGNIZED -> {
                problems.expected("require_tls", host.getRequireTlsValue(), "NONE, EXTERNAL_ONLY or ALL");
                yield TlsRequirement.ALL;
            }
        };
        return new io.sluice.gateway.route.VirtualHost<>(host.getName(), host.getDomainsList(), tls, routes);
    }

    private Optional<io.sluice.gateway.filter.Route> route(
            Scope scope, Route route, PathMatcher path, Problems problems) {
        Optional<HeaderMutations.Level> request = level(
                route.getRequestHeadersToRemoveList(),
                route.getRequestHeadersToAddList(),
                "request_headers_to_add",
                problems);
        Optional<HeaderMutations.Level> response = level(
                route.getResponseHeadersToRemoveList(),
                route.getResponseHeadersToAddList(),
                "response_headers_to_add",
                problems);
        if (request.isEmpty() || response.isEmpty()) {
            return Optional.empty();
        }
        Optional<? extends io.sluice.gateway.filter.RouteAction> action = switch (route.getActionCase()) {
            case ROUTE -> forward(scope, route, path, request.get(), response.get(), problems.at("route"));
            case REDIRECT -> redirect(route.getRedirect(), path, problems.at("redirect"));
            case DIRECT_RESPONSE -> direct(scope, route.getDirectResponse(), problems.at("direct_response"));
            case FILTER_ACTION, NON_FORWARDING_ACTION, ACTION_NOT_SET ->
                problems.unsupported("action", route.getActionCase());
        };
        List<@Nullable Object> configs = scope.configs(route, problems);
        List<@Nullable Object> fields = new ArrayList<>();
        for (ChainedFilter filter : scope.around().chain()) {
            fields.add(filter.parser()
                    .parseRouteFields(scope.host(), route, problems)
                    .orElse(null));
        }
        return action.map(to -> new io.sluice.gateway.filter.Route(
                route.getName(),
                scope.host().getName(),
                to,
                mutations(scope, null, request.get(), true, problems),
                mutations(scope, null, response.get(), false, problems),
                scope.host().getIncludeRequestAttemptCount(),
                scope.host().getIncludeAttemptCountInResponse(),
                route.getRoute().hasIdleTimeout() ? duration(route.getRoute().getIdleTimeout()) : null,
                configs,
                Collections.unmodifiableList(fields),
                lasting(route.getRoute()),
                new io.sluice.gateway.filter.Route.Known(
                        scope.virtualClusters(), scope.host().getIncludeIsTimeoutRetryHeader())));
    }

    // --- header mutations

    /** All levels in the order in which they apply: the least specific last, unless the table says otherwise. */
    private HeaderMutations mutations(
            Scope scope,
            HeaderMutations.@Nullable Level share,
            HeaderMutations.Level route,
            boolean request,
            Problems problems) {
        VirtualHost host = scope.host();
        RouteConfiguration table = scope.table();
        List<HeaderMutations.Level> levels = new ArrayList<>();
        if (share != null) {
            levels.add(share);
        }
        levels.add(route);
        level(
                        request ? host.getRequestHeadersToRemoveList() : host.getResponseHeadersToRemoveList(),
                        request ? host.getRequestHeadersToAddList() : host.getResponseHeadersToAddList(),
                        "virtual host's headers",
                        problems)
                .ifPresent(levels::add);
        level(
                        request ? table.getRequestHeadersToRemoveList() : table.getResponseHeadersToRemoveList(),
                        request ? table.getRequestHeadersToAddList() : table.getResponseHeadersToAddList(),
                        "table's headers",
                        problems)
                .ifPresent(levels::add);
        if (table.getMostSpecificHeaderMutationsWins()) {
            Collections.reverse(levels);
        }
        return new HeaderMutations(levels);
    }

    private static Optional<HeaderMutations.Level> level(
            List<String> remove, List<HeaderValueOption> add, String field, Problems problems) {
        List<HeaderMutations.Add> adds = new ArrayList<>();
        for (int i = 0; i < add.size(); i++) {
            HeaderMutationParser.add(add.get(i), problems.at(field + "[" + i + "]"))
                    .ifPresent(adds::add);
        }
        for (String name : remove) {
            if (name.startsWith(":") || name.equalsIgnoreCase("host")) {
                problems.expected("headers_to_remove", name, "neither Host nor a pseudo header");
            }
        }
        return adds.size() == add.size()
                ? Optional.of(new HeaderMutations.Level(
                        remove.stream()
                                .map(name -> name.toLowerCase(Locale.ROOT))
                                .toList(),
                        adds))
                : Optional.empty();
    }

    // --- actions

    private Optional<Forward> forward(
            Scope scope,
            Route route,
            PathMatcher path,
            HeaderMutations.Level request,
            HeaderMutations.Level response,
            Problems problems) {
        RouteAction action = route.getRoute();
        Optional<ClusterChoice> cluster = switch (action.getClusterSpecifierCase()) {
            case CLUSTER -> Optional.of(new ClusterChoice.Named(action.getCluster()));
            case CLUSTER_HEADER -> Optional.of(new ClusterChoice.FromHeader(action.getClusterHeader()));
            case WEIGHTED_CLUSTERS -> weighted(scope, route, request, response, problems.at("weighted_clusters"));
            case CLUSTER_SPECIFIER_PLUGIN, INLINE_CLUSTER_SPECIFIER_PLUGIN, CLUSTERSPECIFIER_NOT_SET ->
                problems.unsupported("cluster_specifier", action.getClusterSpecifierCase());
        };
        int rewrites = (action.getPrefixRewrite().isEmpty() ? 0 : 1)
                + (action.hasRegexRewrite() ? 1 : 0)
                + (action.hasPathRewritePolicy() ? 1 : 0);
        if (rewrites > 1) {
            return problems.expected(
                    "prefix_rewrite, regex_rewrite, path_rewrite_policy", rewrites + " of them", "one");
        }
        Optional<PathRewrite> rewrite = action.hasPathRewritePolicy()
                ? templateRewrite(action.getPathRewritePolicy(), path, problems.at("path_rewrite_policy"))
                : pathRewrite(
                        action.getPrefixRewrite(), action.getRegexRewrite(), action.hasRegexRewrite(), path, problems);
        Optional<HostRewrite> host = switch (action.getHostRewriteSpecifierCase()) {
            case HOST_REWRITE_LITERAL -> Optional.of(new HostRewrite.Literal(action.getHostRewriteLiteral()));
            case AUTO_HOST_REWRITE ->
                Optional.of(action.getAutoHostRewrite().getValue() ? new HostRewrite.Auto() : new HostRewrite.Keep());
            case HOST_REWRITE_HEADER -> Optional.of(new HostRewrite.FromHeader(action.getHostRewriteHeader()));
            case HOSTREWRITESPECIFIER_NOT_SET -> Optional.of(new HostRewrite.Keep());
            case HOST_REWRITE_PATH_REGEX -> {
                RegexMatchAndSubstitute regex = action.getHostRewritePathRegex();
                Problems at = problems.at("host_rewrite_path_regex");
                yield RouteMatchParser.regex(regex.getPattern().getRegex(), at)
                        .flatMap(pattern -> substitution(regex.getSubstitution(), pattern, at)
                                .map(with -> new HostRewrite.FromPath(pattern, with)));
            }
        };
        Optional<io.sluice.gateway.upstream.RetryPolicy> retry = retries.parse(
                action.hasRetryPolicy() ? action.getRetryPolicy() : scope.host().getRetryPolicy(),
                (action.hasHedgePolicy()
                                ? action.getHedgePolicy()
                                : scope.host().getHedgePolicy())
                        .getHedgeOnPerTryTimeout(),
                problems.at("retry_policy"));
        Map<String, Boolean> upgrades = new HashMap<>();
        for (int i = 0; i < action.getUpgradeConfigsCount(); i++) {
            RouteAction.UpgradeConfig own = action.getUpgradeConfigs(i);
            upgrade(
                    own.getUpgradeType(),
                    !own.hasEnabled() || own.getEnabled().getValue(),
                    upgrades,
                    problems.at("upgrade_configs[" + i + "]"));
        }
        int missing = switch (action.getClusterNotFoundResponseCode()) {
            case SERVICE_UNAVAILABLE, UNRECOGNIZED -> 503;
            case NOT_FOUND -> 404;
            case INTERNAL_SERVER_ERROR -> 500;
        };
        Optional<List<HashStep>> hash = hashes.parse(action.getHashPolicyList(), problems);
        if (cluster.isEmpty() || rewrite.isEmpty() || host.isEmpty() || retry.isEmpty() || hash.isEmpty()) {
            return Optional.empty();
        }
        CallPolicy policy = new CallPolicy(
                retry.get(),
                timeout(action),
                action.getPriority() == RoutingPriority.HIGH ? CallPolicy.Priority.HIGH : CallPolicy.Priority.DEFAULT,
                bufferBytes(scope, route));
        return Optional.of(new Forward(
                cluster.get(),
                rewrite.get(),
                host.get(),
                policy,
                hash.get(),
                mirrors(scope, action, problems),
                missing,
                scope.around().upgrades().but(upgrades),
                action.getAppendXForwardedHost(),
                action.hasMaxGrpcTimeout() && !action.hasMaxStreamDuration()
                        ? new GrpcDeadline(
                                duration(action.getMaxGrpcTimeout()), duration(action.getGrpcTimeoutOffset()))
                        : null));
    }

    /** The route's word goes before its virtual host's, and either only narrows what the listener keeps. */
    private static long bufferBytes(Scope scope, Route route) {
        long most = scope.around().bufferBytes();
        if (route.hasPerRequestBufferLimitBytes()) {
            most = Integer.toUnsignedLong(route.getPerRequestBufferLimitBytes().getValue());
        } else if (scope.host().hasPerRequestBufferLimitBytes()) {
            most = Integer.toUnsignedLong(
                    scope.host().getPerRequestBufferLimitBytes().getValue());
        }
        return Math.min(most, scope.around().bufferBytes());
    }

    /** The most specific level that says any stands for all. */
    private List<MirrorTarget> mirrors(Scope scope, RouteAction action, Problems problems) {
        if (action.getRequestMirrorPoliciesCount() > 0) {
            return mirrors.parse(action.getRequestMirrorPoliciesList(), problems);
        }
        return scope.host().getRequestMirrorPoliciesCount() > 0
                ? mirrors.parse(scope.host().getRequestMirrorPoliciesList(), problems)
                : mirrors.parse(scope.table().getRequestMirrorPoliciesList(), problems);
    }

    /** Where a route says how long streams last, Envoy asks nobody how long calls last. */
    private static Duration timeout(RouteAction action) {
        if (action.hasMaxStreamDuration()) {
            return Duration.ZERO;
        }
        return action.hasTimeout() ? duration(action.getTimeout()) : Duration.ofSeconds(15);
    }

    private static io.sluice.gateway.filter.Route.Lasting lasting(RouteAction action) {
        var limits = action.getMaxStreamDuration();
        return action.hasMaxStreamDuration()
                ? new io.sluice.gateway.filter.Route.Lasting(
                        limits.hasMaxStreamDuration() ? duration(limits.getMaxStreamDuration()) : null,
                        limits.hasGrpcTimeoutHeaderMax() ? duration(limits.getGrpcTimeoutHeaderMax()) : null,
                        duration(limits.getGrpcTimeoutHeaderOffset()))
                : io.sluice.gateway.filter.Route.Lasting.AS_THE_MANAGER_SAYS;
    }

    /** Adds what one upgrade_config says. */
    static void upgrade(String type, boolean enabled, Map<String, Boolean> allowed, Problems problems) {
        if (type.equalsIgnoreCase("connect") || type.equalsIgnoreCase("connect-udp")) {
            problems.unsupported("upgrade_type", type);
        } else if (allowed.put(type.toLowerCase(Locale.ROOT), enabled) != null) {
            problems.expected("upgrade_type", "'" + type + "'", "each protocol once");
        }
    }

    private Optional<ClusterChoice> weighted(
            Scope scope,
            Route route,
            HeaderMutations.Level request,
            HeaderMutations.Level response,
            Problems problems) {
        WeightedCluster weighted = route.getRoute().getWeightedClusters();
        List<ClusterChoice.Share> shares = new ArrayList<>();
        long total = 0;
        for (int i = 0; i < weighted.getClustersCount(); i++) {
            WeightedCluster.ClusterWeight cluster = weighted.getClusters(i);
            Problems at = problems.at("clusters[" + i + "]");
            Optional<HeaderMutations.Level> ownRequest = level(
                    cluster.getRequestHeadersToRemoveList(),
                    cluster.getRequestHeadersToAddList(),
                    "request_headers_to_add",
                    at);
            Optional<HeaderMutations.Level> ownResponse = level(
                    cluster.getResponseHeadersToRemoveList(),
                    cluster.getResponseHeadersToAddList(),
                    "response_headers_to_add",
                    at);
            if (ownRequest.isEmpty() || ownResponse.isEmpty()) {
                return Optional.empty();
            }
            long weight = Integer.toUnsignedLong(cluster.getWeight().getValue());
            total += weight;
            if (cluster.getName().isEmpty() == cluster.getClusterHeader().isEmpty()) {
                at.expected(
                        "name",
                        "'" + cluster.getName() + "' beside cluster_header '" + cluster.getClusterHeader() + "'",
                        "one of the two");
            }
            shares.add(new ClusterChoice.Share(
                    cluster.getName(),
                    cluster.getClusterHeader().toLowerCase(Locale.ROOT),
                    cluster.getHostRewriteLiteral(),
                    weight,
                    mutations(scope, ownRequest.get(), request, true, at),
                    mutations(scope, ownResponse.get(), response, false, at),
                    scope.configs(cluster, route, at)));
        }
        if (total == 0) {
            return problems.expected("clusters", "weights of 0", "at least one weight above 0");
        }
        return Optional.of(new ClusterChoice.Weighted(
                shares, total, weighted.getHeaderName().toLowerCase(Locale.ROOT)));
    }

    private static Optional<PathRewrite> templateRewrite(
            TypedExtensionConfig policy, PathMatcher path, Problems problems) {
        if (!policy.getTypedConfig().is(UriTemplateRewriteConfig.class)) {
            return problems.unsupported("typed_config", policy.getTypedConfig().getTypeUrl());
        }
        if (!(path instanceof PathMatcher.Template matched)) {
            return problems.wrong("typed_config", "a match by path_match_policy is expected beside it");
        }
        try {
            String rewrite = policy.getTypedConfig()
                    .unpack(UriTemplateRewriteConfig.class)
                    .getPathTemplateRewrite();
            try {
                return Optional.of(new PathRewrite.Template(UriTemplate.Rewrite.parse(matched.template(), rewrite)));
            } catch (IllegalArgumentException e) {
                return problems.expected("path_template_rewrite", "'" + rewrite + "'", String.valueOf(e.getMessage()));
            }
        } catch (InvalidProtocolBufferException e) {
            return problems.wrong("typed_config", String.valueOf(e.getMessage()));
        }
    }

    private static Optional<PathRewrite> pathRewrite(
            String prefix, RegexMatchAndSubstitute regex, boolean hasRegex, PathMatcher path, Problems problems) {
        if (hasRegex) {
            Problems at = problems.at("regex_rewrite");
            return RouteMatchParser.regex(regex.getPattern().getRegex(), at)
                    .flatMap(pattern -> substitution(regex.getSubstitution(), pattern, at)
                            .map(with -> new PathRewrite.Regex(pattern, with)));
        }
        if (prefix.isEmpty()) {
            return Optional.of(new PathRewrite.Keep());
        }
        int matched = switch (path) {
            case PathMatcher.Prefix p -> p.value().length();
            case PathMatcher.SegmentPrefix s -> s.value().length();
            case PathMatcher.Exact e -> e.value().length();
            case PathMatcher.Regex r -> -1;
            case PathMatcher.Template t -> -1;
        };
        return Optional.of(new PathRewrite.Prefix(matched, prefix));
    }

    /**
     * RE2 writes a group as {@code \\1}, its Java port as {@code $1}. Where there is no such group nothing is replaced, as by Envoy: each match
     * stands for itself then.
     */
    static Optional<String> substitution(String re2, Pattern pattern, Problems problems) {
        StringBuilder out = new StringBuilder(re2.length() + 4);
        boolean group = false;
        for (int i = 0; i < re2.length(); i++) {
            char c = re2.charAt(i);
            if (c == '\\') {
                i++;
                char next = i < re2.length() ? re2.charAt(i) : ' ';
                if (next == '\\') {
                    out.append("\\\\");
                    group = false;
                } else if (next >= '0' && next <= '9') {
                    if (next - '0' > pattern.groupCount()) {
                        return Optional.of("$0");
                    }
                    out.append('$').append(next);
                    group = true;
                } else {
                    return problems.expected("substitution", "'" + re2 + "'", "a digit or a '\\' behind each '\\'");
                }
                continue;
            }
            boolean digit = c >= '0' && c <= '9';
            if (c == '$' || (group && digit)) {
                out.append('\\');
            }
            out.append(c);
            group = false;
        }
        return Optional.of(out.toString());
    }

    private static Optional<Redirect> redirect(RedirectAction action, PathMatcher path, Problems problems) {
        int status = switch (action.getResponseCode()) {
            case MOVED_PERMANENTLY -> 301;
            case FOUND -> 302;
            case SEE_OTHER -> 303;
            case TEMPORARY_REDIRECT -> 307;
            case PERMANENT_REDIRECT -> 308;
            case UNRECOGNIZED -> 301;
        };
        Optional<PathRewrite> rewrite = pathRewrite(
                action.getPrefixRewrite(), action.getRegexRewrite(), action.hasRegexRewrite(), path, problems);
        return rewrite.map(to -> new Redirect(
                status,
                action.getSchemeRedirect().isEmpty() ? null : action.getSchemeRedirect(),
                action.getHttpsRedirect(),
                action.getHostRedirect().isEmpty() ? null : action.getHostRedirect(),
                action.getPortRedirect(),
                action.getPathRedirect().isEmpty() ? null : action.getPathRedirect(),
                to,
                action.getStripQuery()));
    }

    private static Optional<Direct> direct(Scope scope, DirectResponseAction action, Problems problems) {
        int most = scope.table().hasMaxDirectResponseBodySizeBytes()
                ? scope.table().getMaxDirectResponseBodySizeBytes().getValue()
                : MAX_DIRECT_BODY_BYTES;
        String body = switch (action.getBody().getSpecifierCase()) {
            case INLINE_STRING -> action.getBody().getInlineString();
            case INLINE_BYTES -> action.getBody().getInlineBytes().toString(StandardCharsets.UTF_8);
            case SPECIFIER_NOT_SET -> "";
            case FILENAME, ENVIRONMENT_VARIABLE -> {
                problems.at("body").unsupported(specifier(action.getBody()));
                yield "";
            }
        };
        if (body.getBytes(StandardCharsets.UTF_8).length > most) {
            return problems.expected("body", body.length() + " bytes", "at most " + most);
        }
        return Optional.of(new Direct(action.getStatus(), body));
    }

    private static String specifier(DataSource source) {
        return source.getSpecifierCase().name().toLowerCase(Locale.ROOT);
    }

    private static Duration duration(com.google.protobuf.Duration duration) {
        return Duration.ofSeconds(duration.getSeconds(), duration.getNanos());
    }
}
