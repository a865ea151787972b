package io.sluice.gateway.listener;

import com.linecorp.armeria.common.ClosedSessionException;
import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.HttpHeaders;
import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.HttpObject;
import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.HttpResponseWriter;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.RequestHeaders;
import com.linecorp.armeria.common.RequestHeadersBuilder;
import com.linecorp.armeria.common.ResponseHeaders;
import com.linecorp.armeria.common.ResponseHeadersBuilder;
import com.linecorp.armeria.common.stream.ClosedStreamException;
import com.linecorp.armeria.common.stream.SubscriptionOption;
import com.linecorp.armeria.server.ServiceRequestContext;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import io.sluice.gateway.accesslog.AccessLog;
import io.sluice.gateway.accesslog.ResponseFlag;
import io.sluice.gateway.compile.HttpConnectionManager;
import io.sluice.gateway.filter.Exchange;
import io.sluice.gateway.filter.GrpcReply;
import io.sluice.gateway.filter.HeaderMutations;
import io.sluice.gateway.filter.HttpFilter;
import io.sluice.gateway.filter.HttpFilterFactory;
import io.sluice.gateway.filter.LocalReply;
import io.sluice.gateway.filter.Route;
import io.sluice.gateway.filter.RouteAction;
import io.sluice.gateway.filter.TerminalFilter;
import io.sluice.gateway.filter.UpstreamInfo;
import io.sluice.gateway.route.VirtualHost;
import io.sluice.gateway.tracing.RequestTrace;
import io.sluice.gateway.wire.WireMarks;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscriber;
import org.reactivestreams.Subscription;

/**
 * One request on its way through the chain, and its answer on the way back. Everything happens on the event loop of its connection. The request
 * body is asked for piece by piece, as the last filter wants it; the response is held back while the caller does not read.
 */
final class ServerExchange implements Exchange, Subscriber<HttpObject> {
    private static final int UNREAD_BYTES = 128 * 1024;

    private final ServiceRequestContext ctx;
    private final DownstreamConnection connection;
    private final EventLoop loop;
    private final HttpRequest source;
    private final HttpResponseWriter writer;
    private final HttpConnectionManager manager;
    private final ListenerParts parts;
    private final RequestHeadersBuilder request;
    private final String path;
    private final List<HttpFilterFactory> factories;
    private final @Nullable HttpFilter[] filters;
    private final Set<ResponseFlag> flags = new LinkedHashSet<>(2);
    private final UpstreamInfo upstream = new UpstreamInfo();
    private final long streamId = ThreadLocalRandom.current().nextLong() >>> 1;
    private final long startMicros = System.currentTimeMillis() * 1000;
    private final long startNanos = System.nanoTime();
    private final Deque<Object> heldResponse = new ArrayDeque<>(0);
    private @Nullable Map<String, Map<String, Object>> metadata;
    private @Nullable TerminalFilter terminal;
    private @Nullable Subscription body;
    private @Nullable Route route;
    private @Nullable ResponseHeaders response;
    private @Nullable ResponseHeadersBuilder forming;
    private @Nullable HttpHeaders responseTrailers;
    private @Nullable Future<?> idleCheck;
    private @Nullable Future<?> requestCheck;
    private RequestTrace trace = ListenerParts.UNTRACED;
    private InetSocketAddress remote;
    private boolean tls;
    private boolean emptyRequest;
    private boolean terminalStarted;
    private int requestAt;
    private boolean requestPaused;
    private @Nullable Object heldRequest;
    private boolean asked;
    private boolean requestDone;
    private boolean answered;
    private boolean responsePaused;
    private int responseAt;
    private boolean responseEnded;
    private boolean upstreamPaused;
    private boolean ended;
    private long unread;
    private long lastActivityNanos = startNanos;
    private long requestEndNanos;
    private long responseFirstByteNanos;
    private long endNanos;
    private long bytesReceived;
    private long bytesSent;
    private String details = "";

    ServerExchange(
            ServiceRequestContext ctx,
            DownstreamConnection connection,
            HttpRequest source,
            HttpResponseWriter writer,
            HttpConnectionManager manager,
            ListenerParts parts) {
        this.ctx = ctx;
        this.connection = connection;
        this.source = source;
        this.writer = writer;
        this.manager = manager;
        this.parts = parts;
        loop = ctx.eventLoop().withoutContext();
        request = source.headers().toBuilder();
        path = request.get(WireMarks.PATH, "");
        request.path(path).remove(WireMarks.PATH);
        hostAsAuthority(request);
        factories = manager.chain().filters();
        filters = new HttpFilter[factories.size()];
        remote = ctx.remoteAddress();
        tls = ctx.sessionProtocol().isTls();
    }

    /** Armeria leaves HTTP/1's Host where it stood; everything behind us knows one name for it. */
    private static void hostAsAuthority(RequestHeadersBuilder request) {
        String host = request.get(HttpHeaderNames.HOST);
        if (host != null) {
            request.remove(HttpHeaderNames.HOST);
            if (!request.contains(HttpHeaderNames.AUTHORITY)) {
                request.authority(host);
            }
        }
    }

    void start() {
        parts.meters().begins();
        connection.begins(this);
        writer.whenComplete().handle((done, cause) -> {
            if (loop.inEventLoop()) {
                end(cause);
            } else {
                loop.execute(() -> end(cause));
            }
            return null;
        });
        emptyRequest = !source.isOpen() && source.isEmpty();
        if (emptyRequest) {
            requestEndNanos = startNanos;
            requestDone = true;
        }
        String refusal = refusal();
        EntryRules.Outcome entry = EntryRules.apply(manager, request, remote, tls);
        remote = entry.remote();
        tls = entry.tls();
        if (refusal != null) {
            int space = refusal.indexOf(' ');
            refuse(LocalReply.of(Integer.parseInt(refusal, 0, space, 10), "", refusal.substring(space + 1)));
            return;
        }
        if (entry.refusal() != null) {
            refuse(entry.refusal());
            return;
        }
        refreshRoute();
        startTimers();
        trace = parts.tracing().start(source.headers(), manager.tracing());
        if (needsTls()) {
            ResponseHeadersBuilder redirect = ResponseHeaders.builder(HttpStatus.MOVED_PERMANENTLY)
                    .set(
                            HttpHeaderNames.LOCATION,
                            "https://" + request.get(HttpHeaderNames.AUTHORITY, "") + request.path());
            respond(redirect, HeaderMutations.NONE, true, "direct_response");
            return;
        }
        if (request.contains(HttpHeaderNames.UPGRADE) && !mayUpgrade()) {
            reply(LocalReply.of(403, "", "upgrade_failed"));
            return;
        }
        for (int i = 0; i < filters.length; i++) {
            if (route == null || !Route.DISABLED.equals(route.configs().get(i))) {
                filters[i] = factories.get(i).create(this, i);
            }
        }
        terminal = manager.chain().terminal().create(this);
        runRequestHeaders();
    }

    private @Nullable String refusal() {
        String refusal = request.get(WireMarks.REFUSAL);
        if (refusal == null) {
            return null;
        }
        request.remove(WireMarks.REFUSAL);
        return refusal.startsWith("426") && manager.acceptHttp10() ? null : refusal;
    }

    /** Envoy answers a request that it does not let in before it has read its end, and closes an HTTP/1 connection then. */
    private void refuse(LocalReply reply) {
        if (!ctx.sessionProtocol().isMultiplex()) {
            ctx.initiateConnectionShutdown();
        }
        reply(reply);
    }

    private boolean needsTls() {
        if (tls) {
            return false;
        }
        VirtualHost<Route> host = manager.routes().virtualHost(new MatchRequest(request, streamId, false));
        return host != null
                && (host.tls() == VirtualHost.TlsRequirement.ALL
                        || (host.tls() == VirtualHost.TlsRequirement.EXTERNAL_ONLY
                                && !request.contains("x-envoy-internal")));
    }

    private boolean mayUpgrade() {
        return route == null
                ? manager.webSocket()
                : route.action() instanceof RouteAction.Forward forward && forward.webSocket();
    }

    private void startTimers() {
        Duration idle =
                route != null && route.idleTimeout() != null ? route.idleTimeout() : manager.streamIdleTimeout();
        if (!idle.isZero()) {
            scheduleIdleCheck(idle.toNanos(), idle.toNanos());
        }
        if (!manager.requestTimeout().isZero() && !requestDone) {
            requestCheck = loop.schedule(
                    () -> {
                        if (!requestDone && !ended) {
                            timedOut("request timeout", "request_overall_timeout");
                        }
                    },
                    manager.requestTimeout().toNanos(),
                    TimeUnit.NANOSECONDS);
        }
    }

    private void scheduleIdleCheck(long delayNanos, long limitNanos) {
        idleCheck = loop.schedule(
                () -> {
                    long quiet = System.nanoTime() - lastActivityNanos;
                    if (ended) {
                        return;
                    }
                    if (quiet >= limitNanos) {
                        addFlag(ResponseFlag.SI);
                        timedOut("stream timeout", "stream_idle_timeout");
                    } else {
                        scheduleIdleCheck(limitNanos - quiet, limitNanos);
                    }
                },
                delayNanos,
                TimeUnit.NANOSECONDS);
    }

    private void timedOut(String text, String why) {
        if (response != null) {
            resetResponse(why);
        } else {
            reply(LocalReply.of(requestDone ? 504 : 408, text, why));
        }
    }

    // --- the request, filter by filter

    private void runRequestHeaders() {
        while (requestAt < filters.length) {
            HttpFilter filter = filters[requestAt++];
            if (filter == null
                    || !factories.get(requestAt - 1).phases().contains(HttpFilterFactory.Phase.REQUEST_HEADERS)) {
                continue;
            }
            HttpFilter.Next next = filter.onRequestHeaders(this, request, emptyRequest);
            if (answered || ended) {
                return;
            }
            if (next == HttpFilter.Next.PAUSE) {
                requestPaused = true;
                return;
            }
        }
        terminalStarted = true;
        terminal().request(emptyRequest);
        if (!answered && !ended && !emptyRequest) {
            source.subscribe(
                    this, loop, SubscriptionOption.WITH_POOLED_OBJECTS, SubscriptionOption.NOTIFY_CANCELLATION);
        }
    }

    private TerminalFilter terminal() {
        TerminalFilter last = terminal;
        if (last == null) {
            throw new IllegalStateException("the chain has not begun");
        }
        return last;
    }

    @Override
    public void onSubscribe(Subscription subscription) {
        body = subscription;
        if (answered || ended) {
            subscription.cancel();
        } else {
            requestMore();
        }
    }

    @Override
    public void requestMore() {
        if (body != null
                && !asked
                && !requestPaused
                && !requestDone
                && terminal().isWritable()) {
            asked = true;
            body.request(1);
        }
    }

    @Override
    public void onNext(HttpObject part) {
        asked = false;
        lastActivityNanos = System.nanoTime();
        if (ended || answered || responseEnded) {
            if (part instanceof HttpData data) {
                data.close();
            }
            return;
        }
        if (part instanceof HttpData data) {
            bytesReceived += data.length();
        }
        requestAt = 0;
        heldRequest = part;
        runRequestPart();
    }

    private void runRequestPart() {
        Object part = heldRequest;
        if (part == null) {
            return;
        }
        HttpFilterFactory.Phase phase = part instanceof HttpData
                ? HttpFilterFactory.Phase.REQUEST_DATA
                : HttpFilterFactory.Phase.REQUEST_TRAILERS;
        while (requestAt < filters.length) {
            HttpFilter filter = filters[requestAt++];
            if (filter == null || !factories.get(requestAt - 1).phases().contains(phase)) {
                continue;
            }
            HttpFilter.Next next = part instanceof HttpData data
                    ? filter.onRequestData(this, data, false)
                    : filter.onRequestTrailers(this, (HttpHeaders) part);
            if (answered || ended) {
                dropHeldRequest();
                return;
            }
            if (next == HttpFilter.Next.PAUSE) {
                requestPaused = true;
                return;
            }
        }
        heldRequest = null;
        if (part instanceof HttpData data) {
            terminal().requestData(data, false);
            requestMore();
        } else {
            requestDone();
            if (ctx.sessionProtocol().isMultiplex()) {
                terminal().requestTrailers((HttpHeaders) part);
            } else {
                terminal().requestData(HttpData.empty(), true); // Envoy drops HTTP/1's trailers
            }
        }
    }

    private void dropHeldRequest() {
        if (heldRequest instanceof HttpData data) {
            data.close();
        }
        heldRequest = null;
    }

    private void requestDone() {
        requestDone = true;
        requestEndNanos = System.nanoTime();
        if (requestCheck != null) {
            requestCheck.cancel(false);
        }
    }

    @Override
    public void onComplete() {
        if (!requestDone && !ended) {
            requestDone();
            if (!answered) {
                terminal().requestData(HttpData.empty(), true);
            }
        }
    }

    @Override
    public void onError(Throwable cause) {
        // the response's completion tells the end; a request cancelled by us is no event
        if (!answered && !ended) {
            writer.abort(cause);
        }
    }

    @Override
    public void resumeRequest() {
        if (!requestPaused || answered || ended) {
            return;
        }
        requestPaused = false;
        if (heldRequest != null) {
            runRequestPart();
        } else if (!terminalStarted) {
            runRequestHeaders();
        } else {
            requestMore();
        }
    }

    // --- the response, filter by filter

    @Override
    public void reply(LocalReply reply) {
        if (ended) {
            return;
        }
        reply.flags().forEach(flags::add);
        if (response != null) {
            resetResponse(reply.details());
            return;
        }
        stopRequest();
        ResponseHeadersBuilder headers =
                ResponseHeaders.builder(HttpStatus.valueOf(reply.status())).add(reply.headers());
        mutate(headers, reply.mutations());
        boolean head = request.method() == HttpMethod.HEAD;
        if (isGrpc()) {
            grpc(headers, reply, head);
            respond(headers, HeaderMutations.NONE, true, reply.details());
            return;
        }
        HttpData content = HttpData.ofUtf8(reply.body());
        if (content.isEmpty()) {
            headers.remove(HttpHeaderNames.CONTENT_LENGTH);
            headers.remove(HttpHeaderNames.CONTENT_TYPE);
        } else {
            headers.set(HttpHeaderNames.CONTENT_LENGTH, String.valueOf(content.length()));
            if (!headers.contains(HttpHeaderNames.CONTENT_TYPE)) {
                headers.set(HttpHeaderNames.CONTENT_TYPE, "text/plain");
            }
        }
        boolean bare = content.isEmpty() || head;
        respond(headers, HeaderMutations.NONE, bare, reply.details());
        if (!bare) {
            respondData(content, true);
        }
    }

    private static void grpc(ResponseHeadersBuilder headers, LocalReply reply, boolean head) {
        int status = reply.grpcStatus() == null ? GrpcReply.status(reply.status()) : reply.grpcStatus();
        headers.status(HttpStatus.OK);
        headers.set(HttpHeaderNames.CONTENT_TYPE, "application/grpc");
        headers.remove(HttpHeaderNames.CONTENT_LENGTH);
        if (!headers.contains("grpc-status")) {
            headers.set("grpc-status", String.valueOf(status));
        }
        if (!reply.body().isEmpty() && !head && !headers.contains("grpc-message")) {
            headers.set("grpc-message", GrpcReply.message(reply.body()));
        }
    }

    private void mutate(ResponseHeadersBuilder headers, HeaderMutations mutations) {
        if (!mutations.levels().isEmpty()) {
            forming = headers;
            mutations.apply(headers, this);
            forming = null;
        }
    }

    private boolean isGrpc() {
        return request.get(HttpHeaderNames.CONTENT_TYPE, "").startsWith("application/grpc");
    }

    private void stopRequest() {
        answered = true;
        dropHeldRequest();
        if (terminalStarted) {
            terminal().cancel();
        }
    }

    @Override
    public void respondInformational(ResponseHeaders headers) {
        if (response == null && !ended && headers.status().code() != 100) {
            send(headers);
        }
    }

    @Override
    public void respond(ResponseHeadersBuilder headers, HeaderMutations mutations, boolean end, String why) {
        if (ended || response != null) {
            return;
        }
        details = why;
        mutate(headers, mutations);
        passResponse(new Head(headers, end));
    }

    /** Response headers on their way through the filters. */
    private record Head(ResponseHeadersBuilder headers, boolean end) {}

    /** A piece of the response body on its way. */
    private record Piece(HttpData data, boolean end) {}

    @Override
    public void respondData(HttpData data, boolean end) {
        passResponse(new Piece(data, end));
    }

    @Override
    public void respondTrailers(HttpHeaders trailers) {
        passResponse(trailers);
    }

    private void passResponse(Object part) {
        lastActivityNanos = System.nanoTime();
        if (ended) {
            if (part instanceof Piece piece) {
                piece.data().close();
            }
            return;
        }
        if (responsePaused || !heldResponse.isEmpty()) {
            heldResponse.add(part);
            return;
        }
        responseAt = filters.length - 1;
        heldResponse.add(part);
        runResponse();
    }

    private void runResponse() {
        while (!heldResponse.isEmpty() && !responsePaused) {
            Object part = heldResponse.peek();
            while (responseAt >= 0) {
                int at = responseAt--;
                if (filters[at] != null && phase(at, part) == HttpFilter.Next.PAUSE) {
                    responsePaused = true;
                    return;
                }
                if (ended) {
                    return;
                }
            }
            heldResponse.remove();
            responseAt = filters.length - 1;
            write(part);
        }
    }

    private HttpFilter.Next phase(int at, Object part) {
        HttpFilter filter = java.util.Objects.requireNonNull(filters[at]);
        Set<HttpFilterFactory.Phase> phases = factories.get(at).phases();
        return switch (part) {
            case Head head
            when phases.contains(HttpFilterFactory.Phase.RESPONSE_HEADERS) ->
                filter.onResponseHeaders(this, head.headers(), head.end());
            case Piece piece
            when phases.contains(HttpFilterFactory.Phase.RESPONSE_DATA) ->
                filter.onResponseData(this, piece.data(), piece.end());
            case HttpHeaders trailers
            when phases.contains(HttpFilterFactory.Phase.RESPONSE_TRAILERS) ->
                filter.onResponseTrailers(this, trailers);
            default -> HttpFilter.Next.CONTINUE;
        };
    }

    @Override
    public void resumeResponse() {
        if (responsePaused && !ended) {
            responsePaused = false;
            runResponse();
        }
    }

    private void write(Object part) {
        switch (part) {
            case Head head -> {
                ResponseHeaders headers = finished(head.headers().endOfStream(head.end()), head.end());
                response = headers;
                responseFirstByteNanos = System.nanoTime();
                responseEnded = head.end();
                send(headers);
                if (head.end()) {
                    writer.close();
                }
            }
            case Piece piece -> {
                int length = piece.data().length();
                bytesSent += length;
                responseEnded = piece.end();
                if (length > 0) {
                    send(piece.end() ? piece.data().withEndOfStream() : piece.data());
                } else {
                    piece.data().close();
                }
                if (piece.end()) {
                    writer.close();
                } else {
                    holdBack(length);
                }
            }
            case HttpHeaders trailers -> {
                responseTrailers = trailers;
                responseEnded = true;
                if (ctx.sessionProtocol().isMultiplex()) {
                    send(trailers); // Envoy drops HTTP/1's
                }
                writer.close();
            }
            default -> throw new IllegalStateException("neither headers nor data nor trailers");
        }
    }

    @SuppressWarnings("CheckReturnValue") // a writer that takes nothing any more has told its end already
    private void send(HttpObject part) {
        writer.tryWrite(part);
    }

    /** Stops reading upstream while the caller is behind. */
    private void holdBack(int length) {
        unread += length;
        if (unread < UNREAD_BYTES || upstreamPaused || !terminalStarted) {
            return;
        }
        upstreamPaused = true;
        terminal().pauseResponse();
        writer.whenConsumed().thenRun(() -> {
            if (loop.inEventLoop()) {
                caughtUp();
            } else {
                loop.execute(this::caughtUp);
            }
        });
    }

    private void caughtUp() {
        lastActivityNanos = System.nanoTime();
        unread = 0;
        upstreamPaused = false;
        if (!ended && !responseEnded) {
            terminal().resumeResponse();
        }
    }

    private ResponseHeaders finished(ResponseHeadersBuilder headers, boolean end) {
        int status = headers.status().code();
        boolean http1 = !ctx.sessionProtocol().isMultiplex();
        if (http1 && status != 101 && (!requestDone || connection.isDraining())) {
            ctx.initiateConnectionShutdown(); // nobody waits for the rest of a request that is answered
        }
        if (http1 && end && request.method() != HttpMethod.HEAD && status >= 200 && status != 204) {
            headers.set(HttpHeaderNames.CONTENT_LENGTH, headers.get(HttpHeaderNames.CONTENT_LENGTH, "0"));
        }
        if (headers.status().code() != 101) {
            headers.remove(HttpHeaderNames.CONNECTION);
            headers.remove(HttpHeaderNames.UPGRADE);
        }
        headers.remove("keep-alive");
        headers.remove("proxy-connection");
        headers.remove(HttpHeaderNames.TRANSFER_ENCODING);
        boolean has = headers.contains(HttpHeaderNames.SERVER);
        switch (manager.serverHeader()) {
            case OVERWRITE -> headers.set(HttpHeaderNames.SERVER, manager.serverName());
            case APPEND_IF_ABSENT -> {
                if (!has) {
                    headers.set(HttpHeaderNames.SERVER, manager.serverName());
                }
            }
            case PASS_THROUGH -> {}
        }
        if (!headers.contains(HttpHeaderNames.DATE)) {
            headers.set(HttpHeaderNames.DATE, parts.date().now());
        }
        if (manager.via() != null) {
            String before = headers.get(HttpHeaderNames.VIA);
            headers.set(HttpHeaderNames.VIA, before == null ? manager.via() : before + "," + manager.via());
        }
        if (manager.alwaysSetRequestId()) {
            headers.set("x-request-id", requestId());
        }
        return headers.build();
    }

    @Override
    public void resetResponse(String why) {
        if (ended) {
            return;
        }
        details = why;
        stopRequest();
        writer.close(ClosedStreamException.get());
    }

    // --- the end

    /** The caller's connection is gone. */
    void disconnected() {
        if (!ended) {
            end(responseEnded ? null : ClosedSessionException.get());
            writer.abort();
        }
    }

    private void end(@Nullable Throwable cause) {
        if (ended) {
            return;
        }
        ended = true;
        endNanos = System.nanoTime();
        connection.ends(this);
        if (request.contains(HttpHeaderNames.UPGRADE)) {
            connection.closeBehindWrites(); // Armeria would wait for three seconds
        }
        if (cause != null && !responseEnded && flags.isEmpty() && !details.startsWith("upstream_reset")) {
            flags.add(ResponseFlag.DC);
            details = details.isEmpty() || response != null ? "downstream_remote_disconnect" : details;
        }
        if (idleCheck != null) {
            idleCheck.cancel(false);
        }
        if (requestCheck != null) {
            requestCheck.cancel(false);
        }
        if (terminalStarted) {
            terminal().cancel();
        }
        if (body != null && !requestDone) {
            body.cancel();
        }
        dropHeldRequest();
        for (Object part : heldResponse) {
            if (part instanceof Piece piece) {
                piece.data().close();
            }
        }
        heldResponse.clear();
        for (HttpFilter filter : filters) {
            if (filter != null) {
                filter.onComplete(this);
            }
        }
        trace.end(new RequestTrace.Facts(
                request.method().name(),
                (tls ? "https" : "http") + "://" + request.get(HttpHeaderNames.AUTHORITY, "") + path,
                protocol(),
                responseCode(),
                routeName(),
                upstream.cluster,
                flags.stream().map(Enum::name).collect(Collectors.joining(",")),
                requestId(),
                bytesReceived,
                bytesSent,
                remote.getAddress().getHostAddress()));
        for (AccessLog log : manager.accessLogs()) {
            log.log(this);
        }
        parts.meters().ends(responseCode(), endNanos - startNanos);
    }

    // --- as filters see it

    @Override
    public EventLoop eventLoop() {
        return loop;
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
        route = manager.routes().match(new MatchRequest(request, streamId, tls));
    }

    @Override
    public @Nullable Object routeConfig(int place) {
        return route == null ? null : route.configs().get(place);
    }

    @Override
    public @Nullable Object routeFields(int place) {
        return route == null ? null : route.fields().get(place);
    }

    @Override
    public void addFlag(ResponseFlag flag) {
        flags.add(flag);
    }

    @Override
    public Map<String, Object> metadata(String namespace) {
        if (metadata == null) {
            metadata = new HashMap<>();
        }
        return metadata.computeIfAbsent(namespace, name -> new HashMap<>());
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
        return requestEndNanos;
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
        return responseFirstByteNanos;
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
        return forming == null ? response : forming.build();
    }

    @Override
    public @Nullable HttpHeaders responseTrailers() {
        return responseTrailers;
    }

    @Override
    public String protocol() {
        return ctx.sessionProtocol().isMultiplex() ? "HTTP/2" : "HTTP/1.1";
    }

    @Override
    public int responseCode() {
        return forming != null
                ? forming.status().code()
                : response == null ? 0 : response.status().code();
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
        return bytesReceived;
    }

    @Override
    public long bytesSent() {
        return bytesSent;
    }

    @Override
    public InetSocketAddress downstreamLocalAddress() {
        return ctx.localAddress();
    }

    @Override
    public InetSocketAddress downstreamDirectRemoteAddress() {
        return ctx.remoteAddress();
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
    public String requestId() {
        return request.get("x-request-id", "");
    }

    @Override
    public String traceId() {
        return trace.traceId();
    }

    @Override
    public String requestedServerName() {
        return "";
    }
}
