package io.sluice.gateway.admin;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.MediaType;
import com.linecorp.armeria.server.Server;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.sluice.gateway.cluster.Cluster;
import io.sluice.gateway.cluster.ClusterSet;
import io.sluice.gateway.cluster.LiveEndpoint;
import io.sluice.gateway.settings.GatewaySettings.HostPort;
import io.sluice.gateway.xds.AdsClient;
import io.sluice.gateway.xds.ResourceKey;
import java.net.InetSocketAddress;
import java.util.Comparator;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Pages for probes, scrapers and people, on an address of their own: {@code /ready}, {@code /metrics}, {@code /config_dump}, {@code /clusters} and
 * {@code POST /drain}.
 */
public final class AdminServer implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final HostPort address;
    private final ClusterSet clusters;
    private final Optional<Supplier<AdsClient.View>> ads;
    private final Server server;
    private volatile boolean draining;

    /**
     * @param ads empty where all configuration is static
     * @param drain called once for {@code POST /drain}; must not block
     */
    public AdminServer(
            HostPort address,
            PrometheusMeterRegistry metrics,
            ClusterSet clusters,
            Optional<Supplier<AdsClient.View>> ads,
            Runnable drain) {
        this.address = address;
        this.clusters = clusters;
        this.ads = ads;
        server = Server.builder()
                .http(new InetSocketAddress(address.host(), address.port()))
                .service("/ready", (ctx, request) -> ready())
                .service(
                        "/metrics",
                        (ctx, request) -> HttpResponse.of(
                                HttpStatus.OK,
                                MediaType.parse("text/plain; version=0.0.4; charset=utf-8"),
                                metrics.scrape()))
                .service("/config_dump", (ctx, request) -> configDump())
                .service(
                        "/clusters",
                        (ctx, request) -> "json".equals(ctx.queryParam("format")) ? clustersJson() : clusters())
                .service("/drain", (ctx, request) -> {
                    if (request.method() != HttpMethod.POST) {
                        return HttpResponse.of(HttpStatus.METHOD_NOT_ALLOWED);
                    }
                    boolean first = !draining;
                    draining();
                    if (first) {
                        drain.run();
                    }
                    return HttpResponse.of(HttpStatus.OK, MediaType.PLAIN_TEXT_UTF_8, "OK\n");
                })
                .gracefulShutdownTimeoutMillis(0, 0)
                .build();
    }

    public HostPort address() {
        return address;
    }

    /** @throws java.util.concurrent.CompletionException where the port cannot be had */
    public void start() {
        server.start().join();
    }

    /** From now on the node is not ready. */
    public void draining() {
        draining = true;
    }

    private HttpResponse ready() {
        if (draining) {
            return HttpResponse.of(HttpStatus.SERVICE_UNAVAILABLE, MediaType.PLAIN_TEXT_UTF_8, "DRAINING\n");
        }
        if (ads.isPresent() && !ads.get().get().configured()) {
            return HttpResponse.of(
                    HttpStatus.SERVICE_UNAVAILABLE,
                    MediaType.PLAIN_TEXT_UTF_8,
                    "INITIALIZING: waiting for a first configuration from the xDS server\n");
        }
        return HttpResponse.of(HttpStatus.OK, MediaType.PLAIN_TEXT_UTF_8, "LIVE\n");
    }

    private HttpResponse configDump() {
        ObjectNode root = JSON.createObjectNode();
        ArrayNode accepted = root.putArray("accepted");
        ArrayNode refused = root.putArray("refused");
        ads.map(Supplier::get).ifPresent(view -> {
            view.accepted().entrySet().stream()
                    .sorted(Map.Entry.comparingByKey(byName()))
                    .forEach(entry -> named(accepted.addObject(), entry.getKey())
                            .put("version", entry.getValue().version())
                            .put("last_updated", entry.getValue().since().toString())
                            .put("resource", entry.getValue().message().toString()));
            view.refused().stream()
                    .sorted(Map.Entry.comparingByKey(byName()))
                    .forEach(entry -> named(refused.addObject(), entry.getKey())
                            .put("version", entry.getValue().version())
                            .put("since", entry.getValue().since().toString())
                            .put("reason", entry.getValue().reason()));
            if (view.lostSince() != null) {
                root.put("xds_lost_since", view.lostSince().toString());
            }
        });
        return json(root);
    }

    private static Comparator<ResourceKey> byName() {
        return Comparator.comparing(ResourceKey::toString);
    }

    private static ObjectNode named(ObjectNode node, ResourceKey key) {
        return node.put("type", key.kind().word()).put("name", key.name());
    }

    /** A line per fact and endpoint, as Envoy's page of that name. */
    private HttpResponse clusters() {
        StringBuilder out = new StringBuilder();
        sorted(clusters).forEach(cluster -> {
            for (LiveEndpoint endpoint : cluster.endpoints()) {
                String at = cluster.name() + "::" + endpoint.key() + "::";
                out.append(at).append("rq_active::").append(endpoint.active()).append('\n');
                out.append(at).append("rq_total::").append(endpoint.requests()).append('\n');
                out.append(at).append("rq_error::").append(endpoint.errors()).append('\n');
                out.append(at)
                        .append("weight::")
                        .append(endpoint.endpoint().weight())
                        .append('\n');
                out.append(at)
                        .append("priority::")
                        .append(endpoint.endpoint().priority())
                        .append('\n');
                out.append(at)
                        .append("region::")
                        .append(endpoint.endpoint().locality().region())
                        .append('\n');
                out.append(at).append("health_flags::").append(flags(endpoint)).append('\n');
            }
        });
        return HttpResponse.of(HttpStatus.OK, MediaType.PLAIN_TEXT_UTF_8, out.toString());
    }

    private HttpResponse clustersJson() {
        ObjectNode root = JSON.createObjectNode();
        ArrayNode all = root.putArray("cluster_statuses");
        sorted(clusters).forEach(cluster -> {
            ArrayNode hosts = all.addObject().put("name", cluster.name()).putArray("host_statuses");
            for (LiveEndpoint endpoint : cluster.endpoints()) {
                hosts.addObject()
                        .put("address", endpoint.key())
                        .put("weight", endpoint.endpoint().weight())
                        .put("priority", endpoint.endpoint().priority())
                        .put("region", endpoint.endpoint().locality().region())
                        .put("health_flags", flags(endpoint))
                        .put("rq_active", endpoint.active())
                        .put("rq_total", endpoint.requests())
                        .put("rq_error", endpoint.errors());
            }
        });
        return json(root);
    }

    private static java.util.stream.Stream<Cluster> sorted(ClusterSet clusters) {
        return clusters.all().stream().sorted(Comparator.comparing(Cluster::name));
    }

    private static String flags(LiveEndpoint endpoint) {
        StringBuilder flags = new StringBuilder();
        if (endpoint.failedActiveCheck()) {
            flags.append("/failed_active_hc");
        }
        if (endpoint.isEjected()) {
            flags.append("/failed_outlier_check");
        }
        return switch (endpoint.endpoint().health()) {
            case HEALTHY -> flags.isEmpty() ? "healthy" : flags.toString();
            case DEGRADED -> flags.append("/degraded_eds_health").toString();
            case UNHEALTHY -> flags.append("/failed_eds_health").toString();
        };
    }

    private static HttpResponse json(ObjectNode node) {
        return HttpResponse.of(HttpStatus.OK, MediaType.JSON_UTF_8, HttpData.ofUtf8(node.toPrettyString() + "\n"));
    }

    @Override
    public void close() {
        server.stop().join();
    }
}
