package io.sluice.gateway.admin;

import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.MediaType;
import com.linecorp.armeria.common.QueryParams;
import com.linecorp.armeria.common.ResponseHeaders;
import com.linecorp.armeria.server.Server;
import com.linecorp.armeria.server.ServerBuilder;
import com.linecorp.armeria.server.ServiceRequestContext;
import io.micrometer.core.instrument.composite.CompositeMeterRegistry;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.sluice.gateway.listener.Question;
import io.sluice.gateway.settings.GatewaySettings.HostPort;
import java.net.InetSocketAddress;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Pages for probes, scrapers and people, on an address of their own; {@code GET /} lists them. */
public final class AdminServer implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(AdminServer.class);
    private static final MediaType PROMETHEUS = MediaType.parse("text/plain; version=0.0.4; charset=utf-8");

    private final HostPort address;
    private final AdminPages pages;
    private final Server server;
    private final SortedMap<String, String> index = new TreeMap<>();
    private final AtomicBoolean draining = new AtomicBoolean();

    /** @param drain called once, by the first {@code POST /drain}; must not block */
    public AdminServer(HostPort address, PrometheusMeterRegistry metrics, AdminPages pages, Runnable drain) {
        this.address = address;
        this.pages = pages;
        ServerBuilder builder = Server.builder()
                .http(new InetSocketAddress(address.host(), address.port()))
                .meterRegistry(new CompositeMeterRegistry()) // nobody asks for its own
                .disableServerHeader()
                .gracefulShutdownTimeoutMillis(0, 0);
        page(builder, "/ready", "200 LIVE, else 503 INITIALIZING or DRAINING", ctx -> ready());
        page(builder, "/metrics", "Prometheus' text", ctx -> text(PROMETHEUS, metrics.scrape()));
        page(
                builder,
                "/config_dump",
                "what is in force, and what was refused and why",
                ctx -> text(MediaType.JSON_UTF_8, pages.configDump()));
        page(
                builder,
                "/clusters",
                "endpoints and their health; ?format=json",
                ctx -> "json".equals(ctx.queryParam("format"))
                        ? text(MediaType.JSON_UTF_8, pages.clustersJson())
                        : text(MediaType.PLAIN_TEXT_UTF_8, pages.clusters()));
        page(
                builder,
                "/explain",
                "what would become of a request: ?url=, and method=, header=name:value, from=, listener=",
                ctx -> HttpResponse.of(
                        CompletableFuture.supplyAsync(() -> explain(ctx.queryParams()), ctx.blockingTaskExecutor())));
        page(builder, "/listeners", "open ports", ctx -> text(MediaType.PLAIN_TEXT_UTF_8, pages.listeners()));
        page(
                builder,
                "/overload",
                "how near the process is to turning requests away",
                ctx -> text(MediaType.PLAIN_TEXT_UTF_8, pages.overload()));
        page(
                builder,
                "/server_info",
                "version, state, node",
                ctx -> text(MediaType.JSON_UTF_8, pages.serverInfo(draining.get())));
        index.put("/drain", "POST: closes the ports, lets what is under way finish");
        builder.service("/drain", (ctx, request) -> drain(request, drain));
        page(builder, "/", "this page", ctx -> index());
        builder.serviceUnder(
                "/",
                (ctx, request) -> HttpResponse.of(
                        HttpStatus.NOT_FOUND, MediaType.PLAIN_TEXT_UTF_8, "no such page; GET / lists them\n"));
        server = builder.build();
    }

    private void page(
            ServerBuilder builder, String path, String what, Function<ServiceRequestContext, HttpResponse> content) {
        index.put(path, what);
        builder.service(
                path,
                (ctx, request) -> request.method() == HttpMethod.GET || request.method() == HttpMethod.HEAD
                        ? content.apply(ctx)
                        : notAllowed("GET"));
    }

    public HostPort address() {
        return address;
    }

    /** @throws java.util.concurrent.CompletionException where the port cannot be had */
    public void start() {
        server.start().join();
        log.info("admin pages open address={}:{}", address.host(), port());
    }

    /** The port it has; what it was given where that is not 0. */
    int port() {
        return server.activeLocalPort();
    }

    /** From now on the node is not ready. */
    public void draining() {
        draining.set(true);
    }

    private HttpResponse drain(HttpRequest request, Runnable drain) {
        if (request.method() != HttpMethod.POST) {
            return notAllowed("POST");
        }
        if (!draining.getAndSet(true)) {
            drain.run();
        }
        return text(MediaType.PLAIN_TEXT_UTF_8, "OK\n");
    }

    private HttpResponse explain(QueryParams asked) {
        try {
            Question question = Question.of(
                    asked.get("method", "GET"),
                    asked.get("url", ""),
                    asked.getAll("header"),
                    asked.get("from"),
                    Optional.ofNullable(asked.get("listener")));
            return text(MediaType.JSON_UTF_8, pages.explain(question));
        } catch (IllegalArgumentException e) {
            return HttpResponse.of(HttpStatus.BAD_REQUEST, MediaType.PLAIN_TEXT_UTF_8, e.getMessage() + "\n");
        }
    }

    private HttpResponse ready() {
        if (draining.get()) {
            return HttpResponse.of(HttpStatus.SERVICE_UNAVAILABLE, MediaType.PLAIN_TEXT_UTF_8, "DRAINING\n");
        }
        return pages.configured()
                ? text(MediaType.PLAIN_TEXT_UTF_8, "LIVE\n")
                : HttpResponse.of(HttpStatus.SERVICE_UNAVAILABLE, MediaType.PLAIN_TEXT_UTF_8, "INITIALIZING\n");
    }

    private HttpResponse index() {
        StringBuilder out = new StringBuilder();
        index.forEach((path, what) -> out.append(path).append(": ").append(what).append('\n'));
        return text(MediaType.PLAIN_TEXT_UTF_8, out.toString());
    }

    private static HttpResponse text(MediaType type, String content) {
        return HttpResponse.of(HttpStatus.OK, type, content);
    }

    private static HttpResponse notAllowed(String allowed) {
        return HttpResponse.of(ResponseHeaders.of(HttpStatus.METHOD_NOT_ALLOWED, "allow", allowed));
    }

    /** Does not wait: Netty takes two to fifteen seconds for it, and the process ends anyway. */
    @Override
    public void close() {
        server.stop();
    }
}
