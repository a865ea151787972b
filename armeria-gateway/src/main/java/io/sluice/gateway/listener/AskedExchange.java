package io.sluice.gateway.listener;

import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpHeaders;
import com.linecorp.armeria.common.RequestHeaders;
import com.linecorp.armeria.common.RequestHeadersBuilder;
import com.linecorp.armeria.common.ResponseHeaders;
import com.linecorp.armeria.common.ResponseHeadersBuilder;
import io.netty.channel.EventLoop;
import io.sluice.gateway.accesslog.ResponseFlag;
import io.sluice.gateway.filter.Exchange;
import io.sluice.gateway.filter.HeaderMutations;
import io.sluice.gateway.filter.LocalReply;
import io.sluice.gateway.filter.Route;
import io.sluice.gateway.filter.RouteAction;
import io.sluice.gateway.filter.UpstreamInfo;
import io.sluice.gateway.tracing.RequestTrace;
import java.net.InetSocketAddress;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A request that is only asked about: it can be read like one that came, and nothing can be done with it. On one thread. */
final class AskedExchange implements Exchange {
    private final RequestHeadersBuilder request;
    private final @Nullable Route route;
    private final InetSocketAddress peer;
    private final InetSocketAddress remote;
    private final InetSocketAddress local;
    private final boolean tls;
    private final Map<String, Map<String, @Nullable Object>> metadata = new HashMap<>();
    private final UpstreamInfo upstream = new UpstreamInfo();

    AskedExchange(
            RequestHeadersBuilder request,
            @Nullable Route route,
            InetSocketAddress peer,
            InetSocketAddress remote,
            InetSocketAddress local,
            boolean tls) {
        this.request = request;
        this.route = route;
        this.peer = peer;
        this.remote = remote;
        this.local = local;
        this.tls = tls;
    }

    private static IllegalStateException onlyAsked() {
        return new IllegalStateException("the request is only asked about");
    }

    @Override
    public RequestHeadersBuilder request() {
        return request;
    }

    @Override
    public RequestHeaders requestHeaders() {
        return request.build();
    }

    @Override
    public @Nullable Route route() {
        return route;
    }

    @Override
    public RouteAction.ClusterChoice.@Nullable Share share() {
        return route == null ? null : route.share(request, streamId());
    }

    @Override
    public @Nullable Object routeConfig(int place) {
        RouteAction.ClusterChoice.Share share = share();
        if (share != null) {
            return share.configs().get(place);
        }
        return route == null ? null : route.configs().get(place);
    }

    @Override
    public @Nullable Object routeFields(int place) {
        return route == null ? null : route.fields().get(place);
    }

    @Override
    public Map<String, @Nullable Object> metadata(String namespace) {
        return metadata.computeIfAbsent(namespace, name -> new HashMap<>());
    }

    @Override
    public Map<String, @Nullable Object> dynamicMetadata(String filter) {
        return metadata.getOrDefault(filter, Map.of());
    }

    @Override
    public long streamId() {
        return 0;
    }

    @Override
    public boolean isEnded() {
        return false;
    }

    @Override
    public boolean isTls() {
        return tls;
    }

    @Override
    public RequestTrace trace() {
        return ListenerParts.UNTRACED;
    }

    @Override
    public UpstreamInfo upstream() {
        return upstream;
    }

    @Override
    public InetSocketAddress downstreamLocalAddress() {
        return local;
    }

    @Override
    public InetSocketAddress downstreamDirectRemoteAddress() {
        return peer;
    }

    @Override
    public InetSocketAddress downstreamRemoteAddress() {
        return remote;
    }

    @Override
    public String routeName() {
        return route == null ? "" : route.name();
    }

    @Override
    public String virtualHostName() {
        return route == null ? "" : route.virtualHost();
    }

    @Override
    public String requestId() {
        return request.get("x-request-id", "");
    }

    @Override
    public String protocol() {
        return tls ? "HTTP/2" : "HTTP/1.1";
    }

    // --- nothing of this has happened

    @Override
    public long startMicros() {
        return 0;
    }

    @Override
    public long startNanos() {
        return 0;
    }

    @Override
    public long requestEndNanos() {
        return 0;
    }

    @Override
    public long upstreamFirstRequestByteNanos() {
        return 0;
    }

    @Override
    public long upstreamLastRequestByteNanos() {
        return 0;
    }

    @Override
    public long upstreamFirstResponseByteNanos() {
        return 0;
    }

    @Override
    public long upstreamLastResponseByteNanos() {
        return 0;
    }

    @Override
    public long responseFirstByteNanos() {
        return 0;
    }

    @Override
    public long endNanos() {
        return 0;
    }

    @Override
    public @Nullable ResponseHeaders responseHeaders() {
        return null;
    }

    @Override
    public @Nullable HttpHeaders responseTrailers() {
        return null;
    }

    @Override
    public int responseCode() {
        return 0;
    }

    @Override
    public String responseCodeDetails() {
        return "";
    }

    @Override
    public Set<ResponseFlag> responseFlags() {
        return Set.of();
    }

    @Override
    public long bytesReceived() {
        return 0;
    }

    @Override
    public long bytesSent() {
        return 0;
    }

    @Override
    public @Nullable InetSocketAddress upstreamAddress() {
        return null;
    }

    @Override
    public @Nullable InetSocketAddress upstreamLocalAddress() {
        return null;
    }

    @Override
    public String upstreamCluster() {
        return "";
    }

    @Override
    public String upstreamTransportFailureReason() {
        return "";
    }

    @Override
    public String upstreamProtocol() {
        return "";
    }

    @Override
    public int attempts() {
        return 0;
    }

    @Override
    public String virtualClusterName() {
        return "";
    }

    @Override
    public String traceId() {
        return "";
    }

    @Override
    public String requestedServerName() {
        return "";
    }

    // --- nothing of this can be done

    @Override
    public EventLoop eventLoop() {
        throw onlyAsked();
    }

    @Override
    public void refreshRoute() {
        throw onlyAsked();
    }

    @Override
    public void resumeRequest(int place) {
        throw onlyAsked();
    }

    @Override
    public void resumeResponse(int place) {
        throw onlyAsked();
    }

    @Override
    public void addRequestData(HttpData data) {
        throw onlyAsked();
    }

    @Override
    public void addResponseData(HttpData data) {
        throw onlyAsked();
    }

    @Override
    public void injectResponseData(int place, HttpData data, boolean end) {
        throw onlyAsked();
    }

    @Override
    public void limitRequestBuffer(long bytes) {
        throw onlyAsked();
    }

    @Override
    public void reply(LocalReply reply) {
        throw onlyAsked();
    }

    @Override
    public void addFlag(ResponseFlag flag) {
        throw onlyAsked();
    }

    @Override
    public void markHealthCheck() {
        throw onlyAsked();
    }

    @Override
    public void respond(ResponseHeadersBuilder headers, HeaderMutations mutations, boolean end, String details) {
        throw onlyAsked();
    }

    @Override
    public void respondInterim(ResponseHeaders headers) {
        throw onlyAsked();
    }

    @Override
    public void respondData(HttpData data, boolean end) {
        throw onlyAsked();
    }

    @Override
    public void respondTrailers(HttpHeaders trailers) {
        throw onlyAsked();
    }

    @Override
    public void resetResponse(String details) {
        throw onlyAsked();
    }

    @Override
    public void requestMore() {
        throw onlyAsked();
    }
}
