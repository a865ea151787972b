package io.sluice.xdsserver.admin;

import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.MediaType;
import com.linecorp.armeria.common.metric.NoopMeterRegistry;
import com.linecorp.armeria.server.HttpService;
import com.linecorp.armeria.server.Server;
import com.linecorp.armeria.server.ServerBuilder;
import com.linecorp.armeria.server.ServiceRequestContext;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.sluice.sync.model.Catalog;
import io.sluice.xdsserver.settings.HostPort;
import io.sluice.xdsserver.settings.SettingsException;
import io.sluice.xdsserver.stream.Clients;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;

/** Pages for probes, scrapers and people, on an address of their own. Rendered on threads that may block, never on an event loop. */
public final class AdminServer implements AutoCloseable {
    private static final MediaType PROMETHEUS = MediaType.parse("text/plain; version=0.0.4; charset=utf-8");

    private final HostPort wanted;
    private final Server server;

    public AdminServer(HostPort address, PrometheusMeterRegistry metrics, Status status, Clients clients) {
        wanted = address;
        StatusMeters.register(metrics, status);
        ReadyPage ready = new ReadyPage(status);
        SnapshotsPage snapshots = new SnapshotsPage(status);
        LandingPage landing = new LandingPage(status, ready, clients);
        ServerBuilder builder = Server.builder()
                .http(address.resolved())
                .meterRegistry(NoopMeterRegistry.get())
                .gracefulShutdownTimeoutMillis(0, 0);
        page(builder, "/", context -> text(HttpStatus.OK, MediaType.HTML_UTF_8, landing.render()));
        page(builder, "/ready", context -> {
            HttpStatus code = ready.isReady() ? HttpStatus.OK : HttpStatus.SERVICE_UNAVAILABLE;
            return text(code, MediaType.PLAIN_TEXT_UTF_8, ready.render(context.queryParam("verbose") != null));
        });
        page(builder, "/metrics", context -> text(HttpStatus.OK, PROMETHEUS, metrics.scrape()));
        page(
                builder,
                "/snapshots",
                context -> json(snapshots.render(
                        context.queryParam("group"),
                        context.queryParam("type"),
                        context.queryParam("name"),
                        context.queryParam("verbose") != null)));
        page(
                builder,
                "/catalog",
                context -> json(CatalogPage.render(status.catalog().orElse(Catalog.EMPTY))));
        builder.route()
                .path("/clients")
                .methods(HttpMethod.GET, HttpMethod.HEAD)
                .build((context, request) -> later(clients.list()
                        .thenApplyAsync(
                                all -> json(ClientsPage.render(all, context.queryParam("node"), status.catalog())),
                                context.blockingTaskExecutor())));
        server = builder.build();
    }

    /** @throws SettingsException where the port cannot be had */
    public void start() {
        try {
            server.start().join();
        } catch (CompletionException e) {
            throw SettingsException.cannotListen("admin-port", wanted, e);
        }
    }

    /** Where it listens; once started, the port it was given for 0. */
    public HostPort address() {
        return server.activePort() == null ? wanted : new HostPort(wanted.host(), server.activeLocalPort());
    }

    private static void page(ServerBuilder builder, String path, Function<ServiceRequestContext, HttpResponse> page) {
        HttpService service = (context, request) ->
                later(CompletableFuture.supplyAsync(() -> page.apply(context), context.blockingTaskExecutor()));
        builder.route().path(path).methods(HttpMethod.GET, HttpMethod.HEAD).build(service);
    }

    private static HttpResponse later(CompletionStage<HttpResponse> response) {
        return HttpResponse.of(response);
    }

    private static HttpResponse json(String body) {
        return text(HttpStatus.OK, MediaType.JSON_UTF_8, body);
    }

    private static HttpResponse text(HttpStatus status, MediaType type, String body) {
        return HttpResponse.of(status, type, HttpData.ofUtf8(body));
    }

    @Override
    public void close() {
        server.stop().join();
    }
}
