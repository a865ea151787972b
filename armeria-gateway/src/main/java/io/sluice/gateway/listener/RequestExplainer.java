package io.sluice.gateway.listener;

import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.RequestHeadersBuilder;
import io.netty.util.NetUtil;
import io.sluice.gateway.cluster.Cluster;
import io.sluice.gateway.cluster.Clusters;
import io.sluice.gateway.cluster.LiveEndpoint;
import io.sluice.gateway.compile.CompiledChain;
import io.sluice.gateway.compile.CompiledListener;
import io.sluice.gateway.compile.HttpConnectionManager;
import io.sluice.gateway.filter.FilterChain;
import io.sluice.gateway.filter.HttpFilterFactory;
import io.sluice.gateway.filter.Route;
import io.sluice.gateway.filter.RouteAction;
import io.sluice.gateway.filter.RouteAction.ClusterChoice;
import io.sluice.gateway.route.ConditionText;
import io.sluice.gateway.route.RouteExplanation;
import io.sluice.gateway.route.VirtualHost;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Answers what would become of a request, with the entry rules, matchers and filters that would take it, and without doing anything: no token is
 * spent, no key fetched, nobody asked. What the wire guard refuses is not known here. Any thread.
 */
public final class RequestExplainer {
    private static final int CALLERS_PORT = 40_000;

    /** Of all random decisions: a route for a part of the requests is explained for one of that part. */
    private static final long CHANCE = 0;

    private final Supplier<List<CompiledListener>> listeners;
    private final Clusters clusters;

    public RequestExplainer(Supplier<List<CompiledListener>> listeners, Clusters clusters) {
        this.listeners = listeners;
        this.clusters = clusters;
    }

    /**
     * One for each port that is meant, by name; empty where there is none.
     *
     * @throws IllegalArgumentException where the question names a listener that is not there
     */
    public List<Explanation> explain(Question question) {
        List<CompiledListener> all = listeners.get().stream()
                .sorted(Comparator.comparing(CompiledListener::name))
                .toList();
        return meant(all, question).stream()
                .map(listener -> explain(listener, question))
                .toList();
    }

    private static List<CompiledListener> meant(List<CompiledListener> all, Question question) {
        if (question.listener().isPresent()) {
            String name = question.listener().get();
            List<CompiledListener> named =
                    all.stream().filter(one -> one.name().equals(name)).toList();
            if (named.isEmpty()) {
                throw new IllegalArgumentException("listener: '" + name + "' (expected: one of "
                        + all.stream().map(CompiledListener::name).toList() + ")");
            }
            return named;
        }
        List<CompiledListener> onPort = all.stream()
                .filter(one -> one.address().getPort() == question.port())
                .toList();
        return onPort.isEmpty() ? all : onPort;
    }

    private Explanation explain(CompiledListener listener, Question question) {
        InetSocketAddress local = listener.address();
        InetSocketAddress peer = new InetSocketAddress(question.from(), CALLERS_PORT);
        String name = question.headers().authority() == null
                ? ""
                : withoutPort(question.headers().authority());
        ChainChoice.Asked asked = new ChainChoice.Asked(
                local,
                peer,
                peer,
                question.tls() ? name : "",
                question.tls() ? "tls" : "raw_buffer",
                question.tls() ? List.of("h2", "http/1.1") : List.of());
        CompiledChain chain = ChainChoice.of(listener.chains(), CompiledChain::match, asked);
        if (chain == null) {
            chain = listener.otherwise();
        }
        RequestHeadersBuilder headers = question.headers().toBuilder();
        if (chain == null) {
            return new Told(listener, "", headers).answered(0, "no filter chain is for the connection: it is closed");
        }
        return explain(new Told(listener, chain.name(), headers), chain, question, peer);
    }

    private Explanation explain(Told told, CompiledChain chain, Question question, InetSocketAddress peer) {
        HttpConnectionManager manager = chain.manager();
        RequestHeadersBuilder headers = told.headers;
        if (question.tls() != (chain.tls() != null)) {
            return told.answered(
                    0,
                    question.tls()
                            ? "the listener speaks clear text: a TLS handshake fails"
                            : "the listener speaks TLS: a request in clear text is not understood");
        }
        EntryRules.Outcome entry = EntryRules.apply(
                manager,
                headers,
                new EntryRules.Connection(peer, told.listener.address(), question.tls(), question.tls()));
        EntryRules.Refusal refusal = entry.refusal();
        if (refusal != null) {
            return told.answered(refusal.reply().status(), refusal.reply().details());
        }
        MatchRequest request = new MatchRequest(
                headers, CHANCE, entry.tls(), null, manager.routes().ignoresParameters(), null);
        told.routes = manager.routes().explain(request);
        told.asked = request;
        Route route = manager.routes().match(request);
        if (ServerExchange.needsTls(told.routes.host(), entry.tls(), headers)) {
            return told.answered(301, "the virtual host requires TLS");
        }
        if (headers.contains(HttpHeaderNames.UPGRADE) && !ServerExchange.mayUpgrade(manager, route, headers)) {
            return told.answered(403, "upgrade_failed");
        }
        AskedExchange exchange =
                new AskedExchange(headers, route, peer, entry.remote(), told.listener.address(), entry.tls());
        told.filters = filters(manager.chain(), exchange);
        if (route == null) {
            told.domains = told.routes.host() == null
                    ? manager.routes().domains().stream().sorted().toList()
                    : List.of();
            return told.answered(404, "route_not_found");
        }
        return switch (route.action()) {
            case RouteAction.Direct direct -> told.answered(direct.status(), "direct_response");
            case RouteAction.Redirect redirect -> told.answered(redirect.status(), "the route redirects");
            case RouteAction.Forward forward -> forward(told, forward, headers);
        };
    }

    private Explanation forward(Told told, RouteAction.Forward forward, RequestHeadersBuilder headers) {
        told.clusters = switch (forward.cluster()) {
            case ClusterChoice.Named named -> List.of(target(named.cluster(), 1));
            case ClusterChoice.FromHeader from -> List.of(target(headers.get(from.header(), ""), 1));
            case ClusterChoice.Weighted weighted ->
                weighted.shares().stream()
                        .map(share -> target(
                                share.cluster().isEmpty() ? headers.get(share.clusterHeader(), "") : share.cluster(),
                                share.weight()))
                        .toList();
        };
        if (told.clusters.stream().noneMatch(Explanation.Target::known)) {
            return told.answered(forward.missingClusterStatus(), "cluster_not_found");
        }
        return told.answer(Optional.empty());
    }

    private Explanation.Target target(String name, long weight) {
        Cluster cluster = clusters.get(name);
        List<LiveEndpoint> endpoints = cluster == null
                ? List.of()
                : cluster.endpoints().stream()
                        .sorted(Comparator.comparing(LiveEndpoint::key))
                        .toList();
        return new Explanation.Target(name, weight, cluster != null, endpoints);
    }

    private static List<Explanation.Filter> filters(FilterChain chain, AskedExchange exchange) {
        List<Explanation.Filter> filters = new ArrayList<>();
        for (int place = 0; place < chain.size(); place++) {
            HttpFilterFactory filter = chain.filter(place);
            boolean on = ExchangeFilters.takesPart(chain, exchange, place);
            boolean own = exchange.routeConfig(place) != null;
            filters.add(
                    new Explanation.Filter(filter.name(), on, own, on ? filter.explain(exchange, place) : List.of()));
        }
        filters.add(new Explanation.Filter(chain.terminal().name(), true, false, List.of()));
        return filters;
    }

    private static String withoutPort(String authority) {
        int colon = authority.lastIndexOf(':');
        return colon > authority.lastIndexOf(']') ? authority.substring(0, colon) : authority;
    }

    /** What is known so far; each step adds to it. */
    private static final class Told {
        final CompiledListener listener;
        final String chain;
        final RequestHeadersBuilder headers;
        RouteExplanation<Route> routes = new RouteExplanation<>(null, "", List.of());

        @Nullable
        MatchRequest asked;

        List<String> domains = List.of();
        List<Explanation.Filter> filters = List.of();
        List<Explanation.Target> clusters = List.of();

        Told(CompiledListener listener, String chain, RequestHeadersBuilder headers) {
            this.listener = listener;
            this.chain = chain;
            this.headers = headers;
        }

        private Optional<Explanation.Host> host() {
            VirtualHost<Route> host = routes.host();
            return host == null ? Optional.empty() : Optional.of(new Explanation.Host(host.name(), routes.domain()));
        }

        private List<Explanation.Tried> routes() {
            MatchRequest request = asked;
            return request == null
                    ? List.of()
                    : routes.tried().stream()
                            .map(one -> new Explanation.Tried(
                                    one.entry().target(),
                                    ConditionText.of(one.entry().match()),
                                    one.unmet() == null ? "" : ConditionText.unmet(one.unmet(), request)))
                            .toList();
        }

        Explanation answered(int status, String why) {
            return answer(Optional.of(new Explanation.Answer(status, why)));
        }

        Explanation answer(Optional<Explanation.Answer> answer) {
            return new Explanation(
                    listener.name(),
                    NetUtil.toSocketAddressString(listener.address()),
                    chain,
                    headers.method().name(),
                    headers.get(HttpHeaderNames.AUTHORITY, ""),
                    headers.path(),
                    answer,
                    host(),
                    routes(),
                    domains,
                    filters,
                    clusters);
        }
    }
}
