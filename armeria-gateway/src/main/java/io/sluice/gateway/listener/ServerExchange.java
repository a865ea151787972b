package io.sluice.gateway.listener;

import com.linecorp.armeria.common.ClosedSessionException;
import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.HttpHeaders;
import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.RequestHeaders;
import com.linecorp.armeria.common.RequestHeadersBuilder;
import com.linecorp.armeria.common.ResponseHeaders;
import com.linecorp.armeria.common.ResponseHeadersBuilder;
import io.netty.channel.EventLoop;
import io.netty.util.AsciiString;
import io.netty.util.NetUtil;
import io.sluice.gateway.accesslog.AccessLog;
import io.sluice.gateway.accesslog.ResponseFlag;
import io.sluice.gateway.accesslog.TlsSession;
import io.sluice.gateway.compile.HttpConnectionManager;
import io.sluice.gateway.filter.Exchange;
import io.sluice.gateway.filter.GrpcTimeout;
import io.sluice.gateway.filter.HeaderMutations;
import io.sluice.gateway.filter.LocalReplies;
import io.sluice.gateway.filter.LocalReply;
import io.sluice.gateway.filter.Route;
import io.sluice.gateway.filter.RouteAction;
import io.sluice.gateway.filter.Upgrades;
import io.sluice.gateway.filter.UpstreamInfo;
import io.sluice.gateway.route.VirtualHost;
import io.sluice.gateway.tracing.RequestTrace;
import io.sluice.gateway.tracing.Tracing;
import io.sluice.gateway.wire.Refusal;
import io.sluice.gateway.wire.WireMarks;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * One request and its answer, from entry to log. Everything happens on the event loop of its connection. Each direction has its flow through the
 * filters; here is what both share.
 */
final class ServerExchange implements Exchange {
    private static final AsciiString REQUEST_ID = AsciiString.cached("x-request-id");
    private static final AsciiString INTERNAL = AsciiString.cached("x-envoy-internal");
    private static final String HTTP_1_0 = "HTTP/1.0";
    private static final String CONTINUE = "100-continue";
    private static final int SWITCHING_PROTOCOLS = 101;
    private static final int NOT_MODIFIED = 304;
    private static final int BAD_REQUEST = 400;
    private static final int GRPC_DEADLINE_EXCEEDED = 4;

    private final DownstreamStream stream;
    private final DownstreamConnection connection;
    private final HttpConnectionManager manager;
    private final ListenerParts parts;
    private final RequestHeadersBuilder request;
    private final String path;
    private final boolean http1;
    private final boolean grpc; // as the request came, whatever filters make of it
    private Set<ResponseFlag> flags = Set.of();
    private final UpstreamInfo upstream = new UpstreamInfo();
    private final long streamId = ThreadLocalRandom.current().nextLong() >>> 1;
    private final long startMicros = System.currentTimeMillis() * 1000;
    private final long startNanos = System.nanoTime();
    private final ExchangeFilters filters;
    private final RequestFlow requestFlow;
    private final ResponseFlow responseFlow;
    private final StreamTimers timers;
    private @Nullable Map<String, Map<String, @Nullable Object>> metadata;
    private @Nullable Route route;
    private RouteAction.ClusterChoice.@Nullable Share share;
    private @Nullable ResponseHeadersBuilder forming;
    private RequestTrace trace = ListenerParts.UNTRACED;
    private InetSocketAddress remote;
    private final @Nullable TlsSession session;
    private boolean tls;
    private boolean ended;
    private boolean cutByUs;
    private long endNanos;
    private String details = "";
    private String virtualCluster = "";
    private @Nullable String replyText;
    private boolean healthCheck;

    ServerExchange(DownstreamStream stream, HttpConnectionManager manager, ListenerParts parts) {
        this.stream = stream;
        this.manager = manager;
        this.parts = parts;
        connection = stream.connection();
        request = stream.headers();
        path = request.get(HttpHeaderNames.PATH, "");
        hostAsAuthority(request);
        remote = connection.remoteAddress();
        session = connection.session();
        tls = session != null;
        http1 = stream.isHttp1();
        grpc = GrpcTimeout.isGrpc(request);
        filters = new ExchangeFilters(manager.chain());
        requestFlow = new RequestFlow(this, filters, stream, manager.bufferBytes());
        responseFlow = new ResponseFlow(this, filters, stream, manager.bufferBytes());
        timers = new StreamTimers(this);
    }

    /** Everything behind us knows one name for it. */
    private static void hostAsAuthority(RequestHeadersBuilder request) {
        String host = request.get(HttpHeaderNames.HOST);
        if (host != null) {
            request.remove(HttpHeaderNames.HOST);
            if (!request.contains(HttpHeaderNames.AUTHORITY)) {
                request.authority(host);
            }
        }
    }

    // --- entry

    void start() {
        parts.meters().begins();
        connection.begins(this);
        stream.whenOver(this::end);
        String refusal = refusal();
        EntryRules.Outcome entry = EntryRules.apply(
                manager, request, new EntryRules.Connection(remote, connection.localAddress(), tls, !http1));
        ClientCertHeader.apply(manager.clientCertificates(), request, session);
        remote = entry.remote();
        tls = entry.tls();
        if (refusal != null) {
            if (WireMarks.isOfManager(refusal)) {
                reply(WireMarks.reply(refusal));
            } else {
                refuse(WireMarks.reply(refusal));
            }
            return;
        }
        answerExpectation();
        if (parts.overload().sheds()) {
            reply(LocalReply.of(503, "envoy overloaded", "overload", ResponseFlag.OM));
            return;
        }
        if (entry.refusal() != null) {
            refuse(entry.refusal());
            return;
        }
        MatchRequest asked = asked();
        matched(asked);
        Duration idle = route == null ? null : route.idleTimeout();
        timers.start(
                idle == null ? manager.streamIdleTimeout() : idle,
                requestFlow.isDone() ? Duration.ZERO : manager.requestTimeout(),
                streamLimit());
        if (!parts.tracing().equals(Tracing.OFF)) {
            trace = parts.tracing().start(request.build(), manager.tracing());
        }
        if (needsTls(tls ? null : manager.routes().virtualHost(asked), tls, request)) {
            ResponseHeadersBuilder redirect = ResponseHeaders.builder(HttpStatus.MOVED_PERMANENTLY)
                    .set(
                            HttpHeaderNames.LOCATION,
                            "https://" + request.get(HttpHeaderNames.AUTHORITY, "") + request.path());
            respond(redirect, HeaderMutations.NONE, true, "direct_response");
            return;
        }
        if (request.contains(HttpHeaderNames.UPGRADE) && !mayUpgrade(manager, route, request)) {
            reply(LocalReply.of(403, "", "upgrade_failed"));
            return;
        }
        filters.create(this);
        requestFlow.begin();
    }

    /** Zero for ever; a gRPC upstream is told where it is the route that limits. */
    @SuppressWarnings("ReferenceEquality") // the one that says nothing
    private Duration streamLimit() {
        if (route == null) {
            return manager.maxStreamDuration();
        }
        Route.Lasting lasting = route.lasting();
        if (lasting == Route.Lasting.AS_THE_MANAGER_SAYS) {
            return manager.maxStreamDuration();
        }
        Duration limit = lasting.limit(manager.maxStreamDuration(), GrpcTimeout.of(request));
        if (!limit.isZero() && GrpcTimeout.isGrpc(request)) {
            request.set(GrpcTimeout.HEADER, GrpcTimeout.text(limit));
        }
        return limit;
    }

    /** What the wire guard found wrong. */
    private @Nullable String refusal() {
        String refusal = request.get(WireMarks.REFUSAL);
        if (refusal == null) {
            return null;
        }
        request.remove(WireMarks.REFUSAL);
        String host = manager.http1().defaultHost();
        if (host != null
                && WireMarks.isMissingHost(refusal)
                && stream.protocol().equals(HTTP_1_0)) {
            request.authority(host);
            return null;
        }
        return refusal;
    }

    /** Envoy answers a request that it does not let in before it has read its end, and closes an HTTP/1 connection then. */
    private void refuse(LocalReply reply) {
        if (http1) {
            stream.endConnection();
        }
        reply(reply);
    }

    private void refuse(EntryRules.Refusal refusal) {
        switch (refusal.by()) {
            case CODEC -> {
                if (http1) {
                    refuse(refusal.reply());
                } else {
                    addFlag(ResponseFlag.DR); // as Envoy says it of its own reset
                    resetResponse(refusal.reply().details());
                }
            }
            case MANAGER -> reply(refusal.reply());
        }
    }

    private void answerExpectation() {
        if (http1 && !manager.proxiesContinue() && CONTINUE.equalsIgnoreCase(request.get(HttpHeaderNames.EXPECT))) {
            request.remove(HttpHeaderNames.EXPECT);
            stream.interim(ResponseHeaders.of(HttpStatus.CONTINUE));
        }
    }

    /** HTTP/1 has them where it is told to. */
    boolean dropsTrailers() {
        return http1 && !manager.http1().trailers();
    }

    private MatchRequest asked() {
        return new MatchRequest(
                request, streamId, tls, session, manager.routes().ignoresParameters(), metadata);
    }

    /** @param host null for none */
    static boolean needsTls(@Nullable VirtualHost<Route> host, boolean tls, RequestHeadersBuilder request) {
        return !tls
                && host != null
                && (host.tls() == VirtualHost.TlsRequirement.ALL
                        || (host.tls() == VirtualHost.TlsRequirement.EXTERNAL_ONLY && !request.contains(INTERNAL)));
    }

    private void matched(MatchRequest asked) {
        Route found = manager.routes().match(asked);
        route = found;
        share = found == null ? null : found.share(request, streamId);
        if (found != null && found.action() instanceof RouteAction.Forward) {
            virtualCluster = found.known().virtualCluster(asked);
        }
    }

    static boolean mayUpgrade(HttpConnectionManager manager, @Nullable Route route, RequestHeadersBuilder request) {
        Upgrades upgrades = route != null && route.action() instanceof RouteAction.Forward forward
                ? forward.upgrades()
                : manager.upgrades();
        return upgrades.allows(request.get(HttpHeaderNames.UPGRADE, ""));
    }

    // --- told by the flows and timers

    /** Bytes moved. */
    void touched() {
        timers.touched();
    }

    void requestArrived() {
        timers.requestArrived();
    }

    /** As Envoy's codec answers. */
    void requestIsMalformed(Refusal why) {
        stream.endConnection();
        reply(WireMarks.reply(why.mark()));
    }

    void requestBroke(Throwable cause) {
        stream.abort(cause);
    }

    /** Whether the last filter works on the request. */
    boolean hasCall() {
        return requestFlow.reachedEnd();
    }

    /** How many exchanges there are on the connection, this one included. */
    int streamsBeside() {
        return connection.underWay();
    }

    /** Whether the whole answer went out. */
    boolean isAnswered() {
        return responseFlow.isEnded();
    }

    void requestTookTooLong() {
        if (!requestFlow.isDone()) {
            timedOut("request timeout", "request_overall_timeout", null);
        }
    }

    void wasIdleTooLong() {
        addFlag(ResponseFlag.SI);
        timedOut("stream timeout", "stream_idle_timeout", null);
    }

    void lastedTooLong() {
        timedOut("downstream duration timeout", "max_duration_timeout", GRPC_DEADLINE_EXCEEDED);
    }

    private void timedOut(String text, String why, @Nullable Integer grpcStatus) {
        if (responseFlow.headers() != null) {
            resetResponse(why);
        } else {
            int status = requestFlow.isDone() ? 504 : 408;
            reply(new LocalReply(status, text, HttpHeaders.of(), Set.of(), why, grpcStatus));
        }
    }

    private boolean isHead() {
        return HttpMethod.HEAD.name().equals(request.get(HttpHeaderNames.METHOD));
    }

    /** The headers as they go out. */
    ResponseHeaders finish(ResponseHeadersBuilder headers, boolean end) {
        int status = headers.status().code();
        if (http1
                && status != SWITCHING_PROTOCOLS
                && (!requestFlow.isDone()
                        || connection.isDraining()
                        || parts.overload().endsConnections())) {
            stream.endConnection(); // nobody waits for the rest of a request that is answered
        }
        if (http1 && end && !isHead() && status >= 200 && status != 204 && status != NOT_MODIFIED) {
            headers.set(HttpHeaderNames.CONTENT_LENGTH, headers.get(HttpHeaderNames.CONTENT_LENGTH, "0"));
        }
        if (manager.http1().properCase()) {
            stream.useProperCase();
        }
        ExitRules.apply(manager, headers, parts.date());
        if (status == SWITCHING_PROTOCOLS && !request.contains(HttpHeaderNames.UPGRADE)) {
            headers.remove(HttpHeaderNames.CONNECTION);
            headers.remove(HttpHeaderNames.UPGRADE);
        }
        if (manager.alwaysSetRequestId()) {
            headers.set(REQUEST_ID, requestId());
        }
        return headers.build();
    }

    // --- as the last filter asks

    @Override
    public void requestMore() {
        requestFlow.more();
    }

    @Override
    public void resumeRequest(int place) {
        requestFlow.goOn(place);
    }

    @Override
    public void resumeResponse(int place) {
        responseFlow.goOn(place);
    }

    @Override
    public void addRequestData(HttpData data) {
        requestFlow.add(data);
    }

    @Override
    public void addResponseData(HttpData data) {
        responseFlow.add(data);
    }

    @Override
    public void injectResponseData(int place, HttpData data, boolean end) {
        responseFlow.inject(place, data, end);
    }

    @Override
    public void limitRequestBuffer(long bytes) {
        requestFlow.limitBuffer(bytes);
    }

    @Override
    public void reply(LocalReply reply) {
        if (ended) {
            return;
        }
        reply.flags().forEach(this::addFlag);
        if (responseFlow.headers() != null) {
            resetResponse(reply.details());
            return;
        }
        requestFlow.stop();
        if (http1 && reply.status() == BAD_REQUEST && !manager.outlivesBadRequests()) {
            stream.endConnection();
        }
        if (!filters.areCreated()) {
            filters.create(this);
        }
        ResponseHeadersBuilder headers =
                ResponseHeaders.builder(HttpStatus.valueOf(reply.status())).add(reply.headers());
        mutate(headers, reply.mutations());
        details = reply.details();
        LocalReplies.Said said = shaped(headers, reply);
        boolean head = isHead();
        HttpData content = HttpData.empty();
        if (grpc) {
            LocalAnswer.grpc(headers, said.text(), reply.grpcStatus(), head);
        } else {
            HttpData body = LocalAnswer.plain(headers, said);
            content = head ? content : body;
        }
        if (responseFlow.hasBegun()) {
            responseFlow.direct(headers, content);
            return;
        }
        responseFlow.head(headers, content.isEmpty());
        if (!content.isEmpty()) {
            responseFlow.data(content, true);
        }
    }

    /** As the connection manager wants its local replies. */
    private LocalReplies.Said shaped(ResponseHeadersBuilder headers, LocalReply reply) {
        forming = headers;
        LocalReplies.Said said = manager.localReplies().apply(headers, reply.body(), text -> {
            replyText = text;
            return this;
        });
        forming = null;
        replyText = null;
        return said;
    }

    private void mutate(ResponseHeadersBuilder headers, HeaderMutations mutations) {
        if (!mutations.levels().isEmpty()) {
            forming = headers;
            mutations.apply(headers, this);
            forming = null;
        }
    }

    @Override
    public void respond(ResponseHeadersBuilder headers, HeaderMutations mutations, boolean end, String why) {
        if (ended || responseFlow.hasBegun()) {
            return;
        }
        details = why;
        mutate(headers, mutations);
        responseFlow.head(headers, end);
    }

    @Override
    public void respondInterim(ResponseHeaders headers) {
        if (manager.proxiesContinue() && !ended && responseFlow.headers() == null) {
            stream.interim(headers);
        }
    }

    @Override
    public void respondData(HttpData data, boolean end) {
        responseFlow.data(data, end);
    }

    @Override
    public void respondTrailers(HttpHeaders trailers) {
        responseFlow.trailers(trailers);
    }

    @Override
    public void resetResponse(String why) {
        if (ended) {
            return;
        }
        details = why;
        cutByUs = true;
        requestFlow.stop();
        stream.reset();
    }

    // --- the end

    /** The caller's connection is gone. */
    void disconnected() {
        if (!ended) {
            end(responseFlow.isEnded() ? null : ClosedSessionException.get());
            stream.abort(null);
        }
    }

    private void end(@Nullable Throwable cause) {
        if (ended) {
            return;
        }
        ended = true;
        endNanos = System.nanoTime();
        connection.ends(this);
        if (http1 && request.contains(HttpHeaderNames.UPGRADE)) {
            connection.closeBehindWrites();
        }
        if (cause != null
                && !cutByUs
                && !responseFlow.isEnded()
                && flags.isEmpty()
                && !details.startsWith("upstream_reset")) {
            addFlag(ResponseFlag.DC);
            details = details.isEmpty() || responseFlow.headers() != null ? "downstream_remote_disconnect" : details;
        }
        timers.cancel();
        requestFlow.end();
        responseFlow.drop();
        filters.complete(this);
        if (!trace.equals(ListenerParts.UNTRACED)) {
            trace.end(facts());
        }
        for (AccessLog log : manager.accessLogs()) {
            log.log(this);
        }
        parts.meters().ends(responseCode(), endNanos - startNanos);
    }

    private RequestTrace.Facts facts() {
        return new RequestTrace.Facts(
                request.get(HttpHeaderNames.METHOD, ""),
                (tls ? "https" : "http") + "://" + request.get(HttpHeaderNames.AUTHORITY, "") + path,
                protocol(),
                responseCode(),
                routeName(),
                upstream.cluster,
                flags.stream().map(Enum::name).collect(Collectors.joining(",")),
                requestId(),
                bytesReceived(),
                bytesSent(),
                NetUtil.toAddressString(remote.getAddress()));
    }

    // --- as filters see it

    @Override
    public EventLoop eventLoop() {
        return stream.eventLoop();
    }

    @Override
    public RequestHeadersBuilder request() {
        return request;
    }

    @Override
    public @Nullable Route route() {
        return route;
    }

    @Override
    public void refreshRoute() {
        matched(asked());
    }

    @Override
    public RouteAction.ClusterChoice.@Nullable Share share() {
        return share;
    }

    @Override
    public @Nullable Object routeConfig(int place) {
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
    public void addFlag(ResponseFlag flag) {
        if (flags.isEmpty()) {
            flags = new LinkedHashSet<>(2);
        }
        flags.add(flag);
    }

    @Override
    public Map<String, @Nullable Object> metadata(String namespace) {
        if (metadata == null) {
            metadata = new HashMap<>();
        }
        return metadata.computeIfAbsent(namespace, name -> new HashMap<>());
    }

    @Override
    public void markHealthCheck() {
        healthCheck = true;
    }

    @Override
    public boolean isHealthCheck() {
        return healthCheck;
    }

    @Override
    public long streamId() {
        return streamId;
    }

    @Override
    public boolean isEnded() {
        return ended;
    }

    @Override
    public boolean isTls() {
        return tls;
    }

    @Override
    public RequestTrace trace() {
        return trace;
    }

    @Override
    public UpstreamInfo upstream() {
        return upstream;
    }

    // --- as logs and formatters see it

    @Override
    public long startMicros() {
        return startMicros;
    }

    @Override
    public long startNanos() {
        return startNanos;
    }

    @Override
    public long requestEndNanos() {
        return requestFlow.endNanos();
    }

    @Override
    public long upstreamFirstRequestByteNanos() {
        return upstream.firstRequestByteNanos;
    }

    @Override
    public long upstreamLastRequestByteNanos() {
        return upstream.lastRequestByteNanos;
    }

    @Override
    public long upstreamFirstResponseByteNanos() {
        return upstream.firstResponseByteNanos;
    }

    @Override
    public long upstreamLastResponseByteNanos() {
        return upstream.lastResponseByteNanos;
    }

    @Override
    public long responseFirstByteNanos() {
        return responseFlow.firstByteNanos();
    }

    @Override
    public long endNanos() {
        return endNanos;
    }

    @Override
    public RequestHeaders requestHeaders() {
        return request.build();
    }

    @Override
    public @Nullable ResponseHeaders responseHeaders() {
        ResponseHeadersBuilder now = formingNow();
        return now == null ? responseFlow.headers() : now.build();
    }

    /** The headers as they stand, while they are not out. */
    private @Nullable ResponseHeadersBuilder formingNow() {
        return forming == null ? responseFlow.forming() : forming;
    }

    @Override
    public @Nullable HttpHeaders responseTrailers() {
        return responseFlow.trailers();
    }

    @Override
    public String protocol() {
        return stream.protocol();
    }

    @Override
    public int responseCode() {
        ResponseHeadersBuilder now = formingNow();
        if (now != null) {
            return now.status().code();
        }
        ResponseHeaders sent = responseFlow.headers();
        return sent == null ? 0 : sent.status().code();
    }

    @Override
    public String responseCodeDetails() {
        return details;
    }

    @Override
    public Set<ResponseFlag> responseFlags() {
        return Collections.unmodifiableSet(flags);
    }

    @Override
    public long bytesReceived() {
        return requestFlow.bytes();
    }

    @Override
    public long bytesSent() {
        return responseFlow.bytes();
    }

    @Override
    public InetSocketAddress downstreamLocalAddress() {
        return connection.localAddress();
    }

    @Override
    public InetSocketAddress downstreamDirectRemoteAddress() {
        return connection.directRemoteAddress();
    }

    @Override
    public InetSocketAddress downstreamRemoteAddress() {
        return remote;
    }

    @Override
    public @Nullable InetSocketAddress upstreamAddress() {
        return upstream.address;
    }

    @Override
    public @Nullable InetSocketAddress upstreamLocalAddress() {
        return upstream.localAddress;
    }

    @Override
    public String upstreamCluster() {
        return upstream.cluster;
    }

    @Override
    public String upstreamTransportFailureReason() {
        return upstream.transportFailure;
    }

    @Override
    public String upstreamProtocol() {
        return upstream.protocol;
    }

    @Override
    public int attempts() {
        return upstream.attempts;
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
    public String virtualClusterName() {
        return virtualCluster;
    }

    @Override
    public String requestId() {
        return request.get(REQUEST_ID, "");
    }

    @Override
    public String traceId() {
        return trace.traceId();
    }

    @Override
    public String requestedServerName() {
        return session == null ? "" : session.serverName();
    }

    @Override
    public @Nullable TlsSession tls() {
        return session;
    }

    @Override
    public Map<String, @Nullable Object> dynamicMetadata(String filter) {
        return metadata == null ? Map.of() : metadata.getOrDefault(filter, Map.of());
    }

    @Override
    public @Nullable String localReplyBody() {
        return replyText;
    }
}
