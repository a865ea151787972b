package io.sluice.xdsserver.translate;

import com.google.protobuf.Any;
import com.google.protobuf.UInt32Value;
import io.envoyproxy.envoy.config.core.v3.DataSource;
import io.envoyproxy.envoy.config.core.v3.HeaderValue;
import io.envoyproxy.envoy.config.core.v3.HeaderValueOption;
import io.envoyproxy.envoy.config.core.v3.HeaderValueOption.HeaderAppendAction;
import io.envoyproxy.envoy.config.route.v3.DirectResponseAction;
import io.envoyproxy.envoy.config.route.v3.RedirectAction;
import io.envoyproxy.envoy.config.route.v3.RedirectAction.RedirectResponseCode;
import io.envoyproxy.envoy.config.route.v3.RetryPolicy;
import io.envoyproxy.envoy.config.route.v3.Route;
import io.envoyproxy.envoy.config.route.v3.RouteAction;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.config.route.v3.WeightedCluster;
import io.envoyproxy.envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate;
import io.envoyproxy.envoy.type.matcher.v3.RegexMatchAndSubstitute;
import io.envoyproxy.envoy.type.matcher.v3.RegexMatcher;
import io.sluice.sync.model.RouteRule;
import io.sluice.sync.model.RouteRule.Action;
import io.sluice.sync.model.RouteRule.HeaderChanges;
import io.sluice.sync.model.RouteRule.Path;
import io.sluice.sync.model.RouteRule.Retry;
import io.sluice.sync.model.RouteRule.Target;
import io.sluice.xdsserver.translate.filter.HttpFilterOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The routing table of one listener. */
final class RouteTranslator {
    private static final String PREVIOUS_HOSTS = "envoy.retry_host_predicates.previous_hosts";

    /** How often a retry looks for an instance that was not tried, before it takes one that was. */
    private static final long SELECTION_ATTEMPTS = 5;

    private RouteTranslator() {}

    static RouteConfiguration translate(String listener, List<RouteRule> rules) {
        return RouteConfiguration.newBuilder()
                .setName(listener)
                .addAllVirtualHosts(VirtualHosts.of(rules, RouteTranslator::route))
                .setIgnorePortInHostMatching(true)
                .build();
    }

    private static Route route(RouteRule rule) {
        Route.Builder route = Route.newBuilder()
                .setName(rule.name())
                .setMatch(MatchTranslator.translate(rule.match()))
                .addAllRequestHeadersToRemove(rule.requestHeaders().remove())
                .addAllRequestHeadersToAdd(headers(rule.requestHeaders()))
                .addAllResponseHeadersToRemove(rule.responseHeaders().remove())
                .addAllResponseHeadersToAdd(headers(rule.responseHeaders()));
        switch (rule.action()) {
            case Action.Forward forward -> route.setRoute(forward(rule, forward));
            case Action.Redirect redirect ->
                route.setRedirect(redirect(rule.match().path(), redirect));
            case Action.Direct direct -> route.setDirectResponse(direct(direct));
        }
        HttpFilterOrder.perRoute(rule, route);
        return route.build();
    }

    // --- where it leads

    private static RouteAction forward(RouteRule rule, Action.Forward forward) {
        RouteAction.Builder action = RouteAction.newBuilder();
        if (forward.targets().size() == 1) {
            action.setCluster(forward.targets().get(0).service());
        } else {
            action.setWeightedClusters(weighted(forward.targets()));
        }
        forward.prefixRewrite().ifPresent(prefix -> {
            if (rule.match().path() instanceof Path.SegmentPrefix segments && prefix.endsWith("/")) {
                action.setRegexRewrite(joined(segments, prefix));
            } else {
                action.setPrefixRewrite(prefix);
            }
        });
        forward.regexRewrite()
                .ifPresent(regex -> action.setRegexRewrite(rewrite(regex.pattern(), regex.substitution())));
        forward.hostRewrite().ifPresent(action::setHostRewriteLiteral);
        rule.timeout().ifPresent(timeout -> action.setTimeout(ClusterTranslator.duration(timeout)));
        rule.retry().ifPresent(retry -> action.setRetryPolicy(retry(retry)));
        HttpFilterOrder.translate(rule, action);
        return action.build();
    }

    private static WeightedCluster weighted(List<Target> targets) {
        WeightedCluster.Builder weighted = WeightedCluster.newBuilder();
        targets.forEach(target ->
                weighted.addClustersBuilder().setName(target.service()).setWeight(UInt32Value.of(target.weight())));
        return weighted.build();
    }

    /** Envoy replaces the segments and leaves the slash after them: {@code /api/x} with {@code /api} to {@code /} would be {@code //x}. */
    private static RegexMatchAndSubstitute joined(Path.SegmentPrefix segments, String prefix) {
        return rewrite("^" + quoted(segments.value()) + "/*", prefix.replace("\\", "\\\\"));
    }

    private static RegexMatchAndSubstitute rewrite(String pattern, String substitution) {
        return RegexMatchAndSubstitute.newBuilder()
                .setPattern(RegexMatcher.newBuilder().setRegex(pattern))
                .setSubstitution(substitution)
                .build();
    }

    private static String quoted(String literal) {
        return literal.replaceAll("[^A-Za-z0-9/_-]", "\\\\$0");
    }

    /** A retry goes to another instance where there is one. */
    private static RetryPolicy retry(Retry retry) {
        List<String> on = new ArrayList<>(retry.on());
        if (!retry.statusCodes().isEmpty()) {
            on.add("retriable-status-codes");
        }
        RetryPolicy.Builder policy = RetryPolicy.newBuilder()
                .setRetryOn(String.join(",", on))
                .addAllRetriableStatusCodes(retry.statusCodes())
                .setNumRetries(UInt32Value.of(retry.times()))
                .addRetryHostPredicate(RetryPolicy.RetryHostPredicate.newBuilder()
                        .setName(PREVIOUS_HOSTS)
                        .setTypedConfig(Any.pack(PreviousHostsPredicate.getDefaultInstance())))
                .setHostSelectionRetryMaxAttempts(SELECTION_ATTEMPTS);
        retry.perTryTimeout().ifPresent(timeout -> policy.setPerTryTimeout(ClusterTranslator.duration(timeout)));
        return policy.build();
    }

    private static RedirectAction redirect(Path path, Action.Redirect redirect) {
        RedirectAction.Builder action = RedirectAction.newBuilder()
                .setStripQuery(redirect.stripQuery())
                .setResponseCode(
                        switch (redirect.status()) {
                            case 301 -> RedirectResponseCode.MOVED_PERMANENTLY;
                            case 302 -> RedirectResponseCode.FOUND;
                            case 303 -> RedirectResponseCode.SEE_OTHER;
                            case 307 -> RedirectResponseCode.TEMPORARY_REDIRECT;
                            case 308 -> RedirectResponseCode.PERMANENT_REDIRECT;
                            default ->
                                throw new IllegalArgumentException(
                                        "status: " + redirect.status() + " (expected: 301, 302, 303, 307 or 308)");
                        });
        redirect.scheme().ifPresent(action::setSchemeRedirect);
        redirect.host().ifPresent(action::setHostRedirect);
        redirect.port().ifPresent(action::setPortRedirect);
        redirect.path().ifPresent(action::setPathRedirect);
        redirect.prefix().ifPresent(prefix -> {
            if (path instanceof Path.SegmentPrefix segments && prefix.endsWith("/")) {
                action.setRegexRewrite(joined(segments, prefix));
            } else {
                action.setPrefixRewrite(prefix);
            }
        });
        return action.build();
    }

    private static DirectResponseAction direct(Action.Direct direct) {
        DirectResponseAction.Builder action = DirectResponseAction.newBuilder().setStatus(direct.status());
        if (!direct.body().isEmpty()) {
            action.setBody(DataSource.newBuilder().setInlineString(direct.body()));
        }
        return action.build();
    }

    // --- headers

    private static List<HeaderValueOption> headers(HeaderChanges changes) {
        List<HeaderValueOption> options = new ArrayList<>();
        changes.set()
                .entrySet()
                .forEach(header -> options.add(option(header, HeaderAppendAction.OVERWRITE_IF_EXISTS_OR_ADD)));
        changes.add()
                .entrySet()
                .forEach(header -> options.add(option(header, HeaderAppendAction.APPEND_IF_EXISTS_OR_ADD)));
        return options;
    }

    /** Values are taken as they are written: what looks like one of Envoy's format commands is none. */
    private static HeaderValueOption option(Map.Entry<String, String> header, HeaderAppendAction action) {
        return HeaderValueOption.newBuilder()
                .setHeader(HeaderValue.newBuilder()
                        .setKey(header.getKey())
                        .setValue(header.getValue().replace("%", "%%")))
                .setAppendAction(action)
                .setKeepEmptyValue(header.getValue().isEmpty())
                .build();
    }
}
