package io.sluice.gateway.filter;

import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpHeaders;
import com.linecorp.armeria.common.RequestHeaders;
import com.linecorp.armeria.common.RequestHeadersBuilder;
import com.linecorp.armeria.common.ResponseHeaders;
import com.linecorp.armeria.common.ResponseHeadersBuilder;
import io.netty.channel.DefaultEventLoop;
import io.netty.channel.EventLoop;
import io.sluice.gateway.accesslog.FakeStream;
import io.sluice.gateway.accesslog.ResponseFlag;
import io.sluice.gateway.tracing.RequestTrace;
import io.sluice.gateway.tracing.TracePolicy;
import io.sluice.gateway.tracing.Tracing;
import io.sluice.gateway.upstream.CallPolicy;
import io.sluice.gateway.upstream.RetryPolicy;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** An exchange at one filter: remembers whether it was resumed or answered. */
public final class FakeExchange extends FakeStream implements Exchange {
    public static final EventLoop LOOP = new DefaultEventLoop();

    private final RequestHeadersBuilder request;
    private final Map<String, Map<String, @Nullable Object>> metadata = new HashMap<>();
    public final List<ResponseFlag> flags = new ArrayList<>();
    private String remote = "203.0.113.77";
    private @Nullable Object routeFields;
    private @Nullable Object routeConfig;

    /** True for resumed, false for answered. */
    public final CompletableFuture<Boolean> outcome = new CompletableFuture<>();

    public @Nullable LocalReply reply;

    public FakeExchange(RequestHeaders headers) {
        request = headers.toBuilder();
    }

    public FakeExchange from(String address) {
        remote = address;
        return this;
    }

    public FakeExchange on(@Nullable Object fields, @Nullable Object config) {
        routeFields = fields;
        routeConfig = config;
        return this;
    }

    @Override
    public InetSocketAddress downstreamRemoteAddress() {
        return new InetSocketAddress(remote, 0);
    }

    @Override
    public EventLoop eventLoop() {
        return LOOP;
    }

    @Override
    public RequestHeadersBuilder request() {
        return request;
    }

    @Override
    public @Nullable Route route() {
        var policy = new CallPolicy(RetryPolicy.NONE, Duration.ZERO, CallPolicy.Priority.DEFAULT, 0);
        var forward = new RouteAction.Forward(
                new RouteAction.ClusterChoice.Named("orders"),
                new RouteAction.PathRewrite.Keep(),
                new RouteAction.HostRewrite.Keep(),
                policy,
                List.of(),
                List.of(),
                503,
                Upgrades.NONE,
                false,
                null);
        return new Route(
                "orders-route",
                "shop",
                forward,
                HeaderMutations.NONE,
                HeaderMutations.NONE,
                false,
                false,
                null,
                List.of(),
                List.of(),
                Route.Lasting.AS_THE_MANAGER_SAYS,
                Route.Known.NOTHING);
    }

    @Override
    public void respondInterim(ResponseHeaders headers) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void refreshRoute() {
        throw new UnsupportedOperationException();
    }

    @Override
    public RouteAction.ClusterChoice.@Nullable Share share() {
        return null;
    }

    @Override
    public void addRequestData(HttpData data) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void addResponseData(HttpData data) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void injectResponseData(int place, HttpData data, boolean end) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void limitRequestBuffer(long bytes) {
        throw new UnsupportedOperationException();
    }

    @Override
    public @Nullable Object routeConfig(int place) {
        return routeConfig;
    }

    @Override
    public @Nullable Object routeFields(int place) {
        return routeFields;
    }

    @Override
    public void resumeRequest(int place) {
        outcome.complete(true);
    }

    @Override
    public void resumeResponse(int place) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void reply(LocalReply reply) {
        this.reply = reply;
        outcome.complete(false);
    }

    @Override
    public void addFlag(ResponseFlag flag) {
        flags.add(flag);
    }

    @Override
    public Map<String, @Nullable Object> metadata(String namespace) {
        return metadata.computeIfAbsent(namespace, n -> new HashMap<>());
    }

    @Override
    public RequestHeaders requestHeaders() {
        return request.build();
    }

    @Override
    public Map<String, @Nullable Object> dynamicMetadata(String filter) {
        return metadata.getOrDefault(filter, Map.of());
    }

    @Override
    public void markHealthCheck() {
        throw new UnsupportedOperationException();
    }

    @Override
    public long streamId() {
        return 1;
    }

    @Override
    public boolean isEnded() {
        return reply != null;
    }

    @Override
    public boolean isTls() {
        return false;
    }

    @Override
    public RequestTrace trace() {
        return Tracing.OFF.start(request.build(), TracePolicy.OFF);
    }

    @Override
    public UpstreamInfo upstream() {
        return new UpstreamInfo();
    }

    @Override
    public void respond(ResponseHeadersBuilder headers, HeaderMutations mutations, boolean end, String details) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void respondData(HttpData data, boolean end) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void respondTrailers(HttpHeaders trailers) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void resetResponse(String details) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void requestMore() {
        throw new UnsupportedOperationException();
    }
}
