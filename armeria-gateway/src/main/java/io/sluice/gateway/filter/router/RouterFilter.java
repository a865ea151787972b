package io.sluice.gateway.filter.router;

import com.google.re2j.Pattern;
import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.HttpHeaders;
import com.linecorp.armeria.common.HttpHeadersBuilder;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.RequestHeaders;
import com.linecorp.armeria.common.RequestHeadersBuilder;
import com.linecorp.armeria.common.ResponseHeaders;
import com.linecorp.armeria.common.ResponseHeadersBuilder;
import io.netty.util.AsciiString;
import io.sluice.gateway.accesslog.ResponseFlag;
import io.sluice.gateway.cluster.Cluster;
import io.sluice.gateway.cluster.Clusters;
import io.sluice.gateway.endpoint.Endpoint;
import io.sluice.gateway.filter.Exchange;
import io.sluice.gateway.filter.GrpcTimeout;
import io.sluice.gateway.filter.HeaderMutations;
import io.sluice.gateway.filter.LocalReply;
import io.sluice.gateway.filter.Route;
import io.sluice.gateway.filter.RouteAction;
import io.sluice.gateway.filter.RouteAction.ClusterChoice;
import io.sluice.gateway.filter.RouteAction.HostRewrite;
import io.sluice.gateway.filter.RouteAction.PathRewrite;
import io.sluice.gateway.filter.TerminalFilter;
import io.sluice.gateway.tracing.RequestTrace;
import io.sluice.gateway.upstream.CallPolicy;
import io.sluice.gateway.upstream.ResetReason;
import io.sluice.gateway.upstream.RetryPolicy;
import io.sluice.gateway.upstream.Upstream;
import io.sluice.gateway.upstream.UpstreamCall;
import io.sluice.gateway.upstream.UpstreamFailure;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Sends one request where its route says, and its answer back. */
final class RouterFilter implements TerminalFilter, UpstreamCall.Listener {
    private static final AsciiString X_ENVOY_ORIGINAL_PATH = AsciiString.cached("x-envoy-original-path");
    private static final AsciiString X_ENVOY_ORIGINAL_HOST = AsciiString.cached("x-envoy-original-host");
    private static final AsciiString X_FORWARDED_HOST = AsciiString.cached("x-forwarded-host");
    private static final AsciiString X_ENVOY_EXPECTED_RQ_TIMEOUT_MS =
            AsciiString.cached("x-envoy-expected-rq-timeout-ms");
    private static final AsciiString X_ENVOY_ATTEMPT_COUNT = AsciiString.cached("x-envoy-attempt-count");
    private static final AsciiString X_ENVOY_UPSTREAM_SERVICE_TIME =
            AsciiString.cached("x-envoy-upstream-service-time");
    private static final AsciiString X_ENVOY_IS_TIMEOUT_RETRY = AsciiString.cached("x-envoy-is-timeout-retry");
    private static final AsciiString X_ENVOY_OVERLOADED = AsciiString.cached("x-envoy-overloaded");

    private final Exchange exchange;
    private final Clusters clusters;
    private final Upstream upstream;
    private final boolean suppressEnvoyHeaders;
    private final boolean heedExpected;
    private final List<String> strictHeaders;
    private @Nullable UpstreamCall call;
    private @Nullable CallPolicy callPolicy;
    private @Nullable Route route;
    private HeaderMutations responseMutations = HeaderMutations.NONE;
    private RouteAction.@Nullable Forward autoHost;
    private @Nullable RequestHash requestHash;
    private List<Mirror> mirrors = List.of();
    private boolean headersOut;
    private boolean timeoutAsNoContent;
    private boolean rewritesGrpcTimeout;
    private boolean tookTooLong;

    /**
     * @param heedExpected whether the time that a caller expects goes before what it asks for
     * @param strictHeaders those whose values are checked
     */
    RouterFilter(
            Exchange exchange,
            Clusters clusters,
            Upstream upstream,
            boolean suppressEnvoyHeaders,
            boolean heedExpected,
            List<String> strictHeaders) {
        this.exchange = exchange;
        this.clusters = clusters;
        this.upstream = upstream;
        this.suppressEnvoyHeaders = suppressEnvoyHeaders;
        this.heedExpected = heedExpected;
        this.strictHeaders = strictHeaders;
    }

    @Override
    public void request(boolean end) {
        Route matched = exchange.route();
        if (matched == null) {
            exchange.reply(LocalReply.of(404, "", "route_not_found", ResponseFlag.NR));
            return;
        }
        route = matched;
        if (!strictHeaders.isEmpty() && matched.action() instanceof RouteAction.Forward) {
            String wrong = Overrides.firstWrong(strictHeaders, exchange.request());
            if (wrong != null) {
                exchange.reply(LocalReply.of(
                        400,
                        "invalid header '" + wrong + "' with value '"
                                + exchange.request().get(wrong, "") + "'",
                        "request_headers_failed_strict_check{" + wrong + "}",
                        ResponseFlag.IH));
                return;
            }
        }
        switch (matched.action()) {
            case RouteAction.Forward forward -> forward(matched, forward, end);
            case RouteAction.Redirect redirect -> {
                HttpHeaders headers = HttpHeaders.of(HttpHeaderNames.LOCATION, Locations.of(redirect, exchange));
                answer(matched, redirect.status(), "", headers);
            }
            case RouteAction.Direct direct ->
                answer(matched, direct.status(), direct.body(), Locations.of(direct, exchange));
        }
    }

    private void answer(Route matched, int status, String body, HttpHeaders headers) {
        exchange.reply(
                new LocalReply(status, body, headers, Set.of(), "direct_response", null, matched.responseHeaders()));
    }

    private void forward(Route matched, RouteAction.Forward forward, boolean end) {
        RequestHeadersBuilder headers = exchange.request();
        HeaderMutations mutations = matched.requestHeaders();
        responseMutations = matched.responseHeaders();
        String name;
        String shareHost = "";
        switch (forward.cluster()) {
            case ClusterChoice.Named named -> name = named.cluster();
            case ClusterChoice.FromHeader from -> name = headers.get(from.header(), "");
            case ClusterChoice.Weighted weighted -> {
                ClusterChoice.Share share = exchange.share();
                if (share == null) {
                    throw new IllegalStateException("weights without a choice");
                }
                name = share.cluster().isEmpty() ? headers.get(share.clusterHeader(), "") : share.cluster();
                shareHost = share.host();
                mutations = share.requestHeaders();
                responseMutations = share.responseHeaders();
            }
        }
        exchange.upstream().cluster = name;
        Cluster cluster = clusters.get(name);
        if (cluster == null) {
            exchange.reply(LocalReply.of(forward.missingClusterStatus(), "", "cluster_not_found", ResponseFlag.NC)
                    .with(responseMutations));
            return;
        }
        CallPolicy policy = Overrides.apply(forward, headers, heedExpected);
        timeoutAsNoContent = headers.contains(Overrides.TIMEOUT_ALT_RESPONSE);
        headers.remove(Overrides.TIMEOUT_ALT_RESPONSE);
        rewritesGrpcTimeout = forward.grpcDeadline() != null && GrpcTimeout.isGrpc(headers);
        mutations.apply(headers, exchange);
        rewritePath(forward.path(), headers);
        if (!shareHost.isEmpty()) {
            headers.authority(shareHost);
        }
        rewriteHost(forward, headers);
        if (!forward.hash().isEmpty() && cluster.spec().balancing().policy().hashes()) {
            requestHash = RequestHash.of(forward.hash(), headers, exchange);
        }
        callPolicy = policy;
        tellAttempt(policy, 1, headers); // here, so that the first attempt need not change a copy of them
        RequestHeaders out = headers.build();
        if (!forward.mirrors().isEmpty() && !out.contains(HttpHeaderNames.UPGRADE)) {
            mirror(forward, policy, out, end);
        }
        call = upstream.start(cluster, exchange.eventLoop(), out, end, policy, this);
    }

    private void mirror(RouteAction.Forward forward, CallPolicy policy, RequestHeaders headers, boolean end) {
        CallPolicy once = new CallPolicy(RetryPolicy.NONE, policy.timeout(), policy.priority(), policy.bufferLimit());
        mirrors = new ArrayList<>();
        for (RouteAction.MirrorTarget target : forward.mirrors()) {
            if (target.fraction() != null && !target.fraction().hit(exchange.streamId())) {
                continue;
            }
            Cluster cluster =
                    clusters.get(target.cluster().isEmpty() ? headers.get(target.header(), "") : target.cluster());
            if (cluster != null) {
                mirrors.add(Mirror.of(upstream, cluster, exchange.eventLoop(), headers, end, once, target.marks()));
            }
        }
    }

    private void rewritePath(PathRewrite rewrite, RequestHeadersBuilder headers) {
        if (rewrite instanceof PathRewrite.Keep) {
            return;
        }
        String before = headers.path();
        headers.path(rewritten(rewrite, before));
        if (!suppressEnvoyHeaders) {
            headers.set(X_ENVOY_ORIGINAL_PATH, before);
        }
    }

    /** @param path with its query, which stays */
    static String rewritten(PathRewrite rewrite, String path) {
        int query = path.indexOf('?');
        String bare = query < 0 ? path : path.substring(0, query);
        String rest = query < 0 ? "" : path.substring(query);
        return switch (rewrite) {
            case PathRewrite.Keep keep -> path;
            case PathRewrite.Prefix prefix ->
                prefix.replacement() + (prefix.matched() < 0 ? "" : bare.substring(prefix.matched())) + rest;
            case PathRewrite.Template template -> template.rewrite().of(bare) + rest;
            case PathRewrite.Regex regex -> replaceAll(regex.pattern(), regex.substitution(), bare) + rest;
        };
    }

    private static String replaceAll(Pattern pattern, String substitution, String text) {
        return pattern.matcher(text).replaceAll(substitution);
    }

    private void rewriteHost(RouteAction.Forward forward, RequestHeadersBuilder headers) {
        String host = switch (forward.host()) {
            case HostRewrite.Keep keep -> "";
            case HostRewrite.Literal literal -> literal.host();
            case HostRewrite.FromHeader from -> headers.get(from.header(), "");
            case HostRewrite.FromPath from -> {
                String path = headers.path();
                int query = path.indexOf('?');
                yield replaceAll(from.pattern(), from.substitution(), query < 0 ? path : path.substring(0, query));
            }
            case HostRewrite.Auto auto -> {
                autoHost = forward;
                yield "";
            }
        };
        setHost(forward, headers, host);
    }

    /** @param host empty leaves the one that is there */
    private void setHost(RouteAction.Forward forward, RequestHeadersBuilder headers, String host) {
        if (host.isEmpty()) {
            return;
        }
        String before = headers.get(HttpHeaderNames.AUTHORITY, "");
        if (forward.appendForwardedHost()) {
            appendForwardedHost(headers, before);
        }
        if (!suppressEnvoyHeaders) {
            headers.set(X_ENVOY_ORIGINAL_HOST, before);
        }
        headers.authority(host);
    }

    /** Unless it stands there as the last one already. */
    private static void appendForwardedHost(RequestHeadersBuilder headers, String host) {
        String known = headers.get(X_FORWARDED_HOST);
        if (known == null) {
            headers.set(X_FORWARDED_HOST, host);
        } else if (!known.substring(known.lastIndexOf(',') + 1).equals(host)) {
            headers.set(X_FORWARDED_HOST, known + "," + host);
        }
    }

    private void tellAttempt(CallPolicy policy, int attempt, RequestHeadersBuilder headers) {
        tellTimeout(policy, attempt, headers);
        if (route != null && route.countAttempts()) {
            headers.set(X_ENVOY_ATTEMPT_COUNT, String.valueOf(attempt));
        }
    }

    /** What is left for an attempt: at least 1 ms, since 0 would mean for ever. */
    private void tellTimeout(CallPolicy policy, int attempt, RequestHeadersBuilder headers) {
        long perTry = policy.retry().perTryTimeout().toMillis();
        long total = policy.timeout().toMillis();
        long expected = perTry == 0 ? total : perTry;
        if (expected == 0) {
            return;
        }
        if (total > 0) {
            long since = exchange.requestEndNanos();
            long elapsed = attempt == 1 || since == 0 ? 0 : (System.nanoTime() - since) / 1_000_000;
            expected = Math.max(1, Math.min(expected, total - elapsed));
        }
        if (!suppressEnvoyHeaders) {
            headers.set(X_ENVOY_EXPECTED_RQ_TIMEOUT_MS, String.valueOf(expected));
        }
        if (rewritesGrpcTimeout) {
            headers.set(GrpcTimeout.HEADER, GrpcTimeout.text(Duration.ofMillis(expected)));
        }
    }

    // --- from downstream

    @Override
    public void requestData(HttpData data, boolean end) {
        if (call == null) {
            data.close();
            return;
        }
        if (end) {
            exchange.upstream().lastRequestByteNanos = System.nanoTime();
        }
        for (Mirror mirror : mirrors) {
            mirror.data(data.isPooled() ? HttpData.wrap(data.byteBuf().retainedDuplicate()) : data, end);
        }
        call.requestData(data, end);
    }

    @Override
    public void requestTrailers(HttpHeaders trailers) {
        if (call != null) {
            mirrors.forEach(mirror -> mirror.trailers(trailers));
            call.requestTrailers(trailers);
        }
    }

    @Override
    public boolean isWritable() {
        return call != null && call.isWritable();
    }

    @Override
    public void pauseResponse() {
        if (call != null) {
            call.pauseResponse();
        }
    }

    @Override
    public void resumeResponse() {
        if (call != null) {
            call.resumeResponse();
        }
    }

    @Override
    public void cancel() {
        if (!mirrors.isEmpty()) {
            mirrors.forEach(Mirror::cancelUnlessWhole);
        }
        if (call != null) {
            call.cancel();
        }
    }

    // --- from upstream

    @Override
    public OptionalLong hash() {
        return requestHash == null ? OptionalLong.empty() : requestHash.hash();
    }

    @Override
    public void onAttempt(int attempt, Endpoint endpoint, RequestHeadersBuilder headers) {
        exchange.upstream().attempts = attempt;
        exchange.upstream().address = endpoint.address();
        if (callPolicy != null && attempt > 1) {
            tellAttempt(callPolicy, attempt, headers);
        }
        if (autoHost != null) {
            setHost(autoHost, headers, endpoint.hostname());
        }
        if (attempt > 1 && route != null && route.known().tellTimeoutRetries()) {
            headers.set(X_ENVOY_IS_TIMEOUT_RETRY, String.valueOf(tookTooLong));
        }
        if (!exchange.trace().equals(RequestTrace.NONE)) {
            exchange.trace().attempt(attempt, exchange.upstream().cluster, endpoint.key(), headers);
        }
    }

    @Override
    public void onAttemptEnd(int attempt, Endpoint endpoint, int status, @Nullable ResetReason reset) {
        tookTooLong = status == HttpStatus.GATEWAY_TIMEOUT.code() && reset == ResetReason.LOCAL_RESET;
        exchange.trace().attemptEnd(attempt, status, reset == null ? "" : reset.text());
    }

    @Override
    public void onRetriesExhausted() {
        exchange.addFlag(ResponseFlag.URX);
    }

    @Override
    public void onRetryOverflow() {
        exchange.addFlag(ResponseFlag.UO);
    }

    @Override
    public void onConnected(InetSocketAddress local, InetSocketAddress remote, String protocol) {
        exchange.upstream().localAddress = local;
        exchange.upstream().address = remote;
        exchange.upstream().protocol = protocol;
        exchange.upstream().firstRequestByteNanos = System.nanoTime();
    }

    @Override
    public void onInformational(ResponseHeaders headers) {
        exchange.respondInterim(headers);
    }

    @Override
    public void onHeaders(ResponseHeadersBuilder headers, boolean end) {
        if (headers.status().equals(HttpStatus.OK)
                && "websocket".equalsIgnoreCase(exchange.request().get(HttpHeaderNames.UPGRADE))) {
            cancel();
            exchange.respond(
                    headers.removeAndThen(HttpHeaderNames.CONTENT_LENGTH),
                    responseMutations,
                    true,
                    "websocket_handshake_unsuccessful");
            return;
        }
        long now = System.nanoTime();
        exchange.upstream().firstResponseByteNanos = now;
        if (end) {
            exchange.upstream().lastResponseByteNanos = now;
        }
        headersOut = true;
        long since = exchange.requestEndNanos();
        if (!suppressEnvoyHeaders && since != 0) {
            headers.set(X_ENVOY_UPSTREAM_SERVICE_TIME, Millis.text((now - since) / 1_000_000));
        }
        if (requestHash != null) {
            requestHash.newCookies().forEach(cookie -> headers.add(HttpHeaderNames.SET_COOKIE, cookie));
        }
        if (route != null) {
            if (route.tellAttempts()) {
                headers.set(X_ENVOY_ATTEMPT_COUNT, String.valueOf(exchange.upstream().attempts));
            }
        }
        exchange.respond(headers, responseMutations, end, "via_upstream");
    }

    @Override
    public void onData(HttpData data, boolean end) {
        if (end) {
            exchange.upstream().lastResponseByteNanos = System.nanoTime();
        }
        exchange.respondData(data, end);
    }

    @Override
    public void onTrailers(HttpHeaders trailers) {
        exchange.upstream().lastResponseByteNanos = System.nanoTime();
        exchange.respondTrailers(trailers);
    }

    @Override
    public void onFailure(UpstreamFailure failure) {
        exchange.upstream().transportFailure = failure.transportFailure();
        if (headersOut) {
            failure.flags().forEach(exchange::addFlag);
            exchange.resetResponse(failure.details());
            return;
        }
        HttpHeadersBuilder headers = HttpHeaders.builder();
        if (failure.overloaded() && !suppressEnvoyHeaders) {
            headers.set(X_ENVOY_OVERLOADED, "true");
        }
        if (route != null && route.tellAttempts()) {
            headers.set(X_ENVOY_ATTEMPT_COUNT, String.valueOf(Math.max(1, exchange.upstream().attempts)));
        }
        boolean noContent = timeoutAsNoContent && failure.status() == HttpStatus.GATEWAY_TIMEOUT.code();
        exchange.reply(new LocalReply(
                noContent ? HttpStatus.NO_CONTENT.code() : failure.status(),
                noContent ? "" : failure.body(),
                headers.build(),
                Set.copyOf(failure.flags()),
                failure.details(),
                null,
                responseMutations));
    }

    @Override
    public void onWritable() {
        exchange.requestMore();
    }
}
