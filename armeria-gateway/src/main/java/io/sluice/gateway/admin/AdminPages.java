package io.sluice.gateway.admin;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.netty.util.NetUtil;
import io.sluice.gateway.cluster.Cluster;
import io.sluice.gateway.cluster.ClusterSet;
import io.sluice.gateway.cluster.LiveEndpoint;
import io.sluice.gateway.cluster.breaker.Thresholds;
import io.sluice.gateway.endpoint.Endpoint;
import io.sluice.gateway.listener.Listeners;
import io.sluice.gateway.listener.Question;
import io.sluice.gateway.listener.RequestExplainer;
import io.sluice.gateway.xds.AdminMessages;
import io.sluice.gateway.xds.AdsClient;
import io.sluice.gateway.xds.BootstrapParser;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** What the admin pages say, under Envoy's names and in Envoy's formats. Any thread. */
public final class AdminPages {
    private static final String VERSION = Optional.ofNullable(
                    AdminPages.class.getPackage().getImplementationVersion())
            .map(version -> "sluice/" + version)
            .orElse("sluice/dev");

    private final AdminMessages messages;
    private final Supplier<Stream<Cluster>> clusters;
    private final Supplier<SortedMap<String, InetSocketAddress>> listeners;
    private final Supplier<String> overload;
    private final BooleanSupplier staticsLive;
    private final Optional<Supplier<AdsClient.View>> ads;
    private final java.util.function.Predicate<String> isStatic;
    private final ExplainPage explain;
    private final Instant started = Instant.now();

    /**
     * @param staticsLive whether what the bootstrap says is in force, its ports open
     * @param ads empty where all configuration is static
     */
    public AdminPages(
            BootstrapParser.Start start,
            ClusterSet clusters,
            Listeners listeners,
            BooleanSupplier staticsLive,
            Optional<Supplier<AdsClient.View>> ads) {
        messages = new AdminMessages(start, started);
        this.clusters = () -> clusters.all().stream().sorted(Comparator.comparing(Cluster::name));
        this.listeners = listeners::addresses;
        overload = listeners::overload;
        this.staticsLive = staticsLive;
        this.ads = ads;
        isStatic = start::isStaticCluster;
        explain = new ExplainPage(new RequestExplainer(listeners::compiled, clusters));
    }

    private AdminPages(BootstrapParser.Start nothing) {
        messages = new AdminMessages(nothing, started);
        clusters = Stream::empty;
        listeners = TreeMap::new;
        overload = () -> "";
        staticsLive = () -> true;
        ads = Optional.empty();
        isStatic = name -> false;
        explain = new ExplainPage(new RequestExplainer(List::of, name -> null));
    }

    /** Of a process without clusters and listeners. */
    public static AdminPages ofLimitServer() {
        return new AdminPages(BootstrapParser.Start.NOTHING);
    }

    /** Whether the first configuration is live. */
    boolean configured() {
        return staticsLive.getAsBoolean() && (ads.isEmpty() || ads.get().get().configured());
    }

    String configDump() {
        return messages.configDump(ads.map(Supplier::get));
    }

    String serverInfo(boolean draining) {
        return messages.serverInfo(VERSION, draining, configured(), Duration.between(started, Instant.now()));
    }

    /** @throws IllegalArgumentException where the question names a listener that is not there */
    String explain(Question question) {
        return explain.explain(question).toPrettyString() + "\n";
    }

    /** {@code level::none}, and what leads to it. */
    String overload() {
        return overload.get();
    }

    /** {@code edge::127.0.0.1:8080} */
    String listeners() {
        StringBuilder out = new StringBuilder();
        listeners
                .get()
                .forEach((name, address) -> out.append(name)
                        .append("::")
                        .append(NetUtil.toSocketAddressString(address))
                        .append('\n'));
        return out.toString();
    }

    /** A line per fact. */
    String clusters() {
        StringBuilder out = new StringBuilder();
        clusters.get().forEach(cluster -> {
            String of = cluster.name() + "::";
            line(out, of, "observability_name", cluster.name());
            thresholds(out, of + "default_priority::", cluster.spec().defaultThresholds());
            thresholds(out, of + "high_priority::", cluster.spec().highThresholds());
            line(out, of, "added_via_api", !isStatic.test(cluster.name()));
            endpoints(cluster).forEach(endpoint -> {
                String at = of + endpoint.key() + "::";
                Endpoint known = endpoint.endpoint();
                line(out, at, "cx_active", endpoint.connections());
                line(out, at, "cx_connect_fail", endpoint.failedConnections());
                line(out, at, "cx_total", endpoint.allConnections());
                line(out, at, "rq_active", endpoint.active());
                line(out, at, "rq_error", endpoint.errors());
                line(out, at, "rq_total", endpoint.requests());
                line(out, at, "hostname", known.hostname());
                line(out, at, "health_flags", flags(endpoint));
                line(out, at, "weight", known.weight());
                line(out, at, "region", known.locality().region());
                line(out, at, "zone", known.locality().zone());
                line(out, at, "sub_zone", known.locality().subZone());
                line(out, at, "canary", known.traits().canary());
                line(out, at, "priority", known.priority());
                line(out, at, "success_rate", rate(endpoint.successRate()));
                line(out, at, "local_origin_success_rate", rate(endpoint.localOriginSuccessRate()));
            });
        });
        return out.toString();
    }

    private static void thresholds(StringBuilder out, String of, Thresholds thresholds) {
        line(out, of, "max_connections", thresholds.maxConnections());
        line(out, of, "max_pending_requests", thresholds.maxPendingRequests());
        line(out, of, "max_requests", thresholds.maxRequests());
        line(out, of, "max_retries", thresholds.maxRetries());
    }

    private static void line(StringBuilder out, String of, String fact, Object value) {
        out.append(of).append(fact).append("::").append(value).append('\n');
    }

    /** {@code envoy.admin.v3.Clusters} */
    String clustersJson() {
        ObjectNode root = JsonNodeFactory.instance.objectNode();
        ArrayNode all = root.putArray("cluster_statuses");
        clusters.get().forEach(cluster -> {
            ObjectNode status = all.addObject().put("name", cluster.name());
            status.put("added_via_api", !isStatic.test(cluster.name()));
            ArrayNode hosts = status.putArray("host_statuses");
            endpoints(cluster).forEach(endpoint -> host(hosts.addObject(), endpoint));
        });
        return root.toPrettyString() + "\n";
    }

    private static void host(ObjectNode host, LiveEndpoint endpoint) {
        Endpoint known = endpoint.endpoint();
        int colon = endpoint.key().lastIndexOf(':');
        host.putObject("address")
                .putObject("socket_address")
                .put("address", endpoint.key().substring(0, colon).replaceAll("[\\[\\]]", ""))
                .put("port_value", Integer.parseInt(endpoint.key().substring(colon + 1)));
        ArrayNode stats = host.putArray("stats");
        stat(stats, "COUNTER", "rq_error", endpoint.errors());
        stat(stats, "COUNTER", "rq_total", endpoint.requests());
        stat(stats, "GAUGE", "rq_active", endpoint.active());
        ObjectNode health = host.putObject("health_status").put("eds_health_status", edsHealth(known));
        if (endpoint.failedActiveCheck()) {
            health.put("failed_active_health_check", true);
        }
        if (endpoint.isEjected()) {
            health.put("failed_outlier_check", true);
        }
        if (endpoint.isPending()) {
            health.put("pending_active_hc", true);
        }
        if (endpoint.isCheckedDegraded()) {
            health.put("failed_active_degraded_check", true);
        }
        if (endpoint.successRate() >= 0) {
            host.putObject("success_rate").put("value", endpoint.successRate());
        }
        if (endpoint.localOriginSuccessRate() >= 0) {
            host.putObject("local_origin_success_rate").put("value", endpoint.localOriginSuccessRate());
        }
        host.put("hostname", known.hostname());
        host.put("weight", known.weight()).put("priority", known.priority());
        host.putObject("locality")
                .put("region", known.locality().region())
                .put("zone", known.locality().zone())
                .put("sub_zone", known.locality().subZone());
    }

    private static void stat(ArrayNode stats, String type, String name, long value) {
        stats.addObject().put("type", type).put("name", name).put("value", String.valueOf(value));
    }

    private static Stream<LiveEndpoint> endpoints(Cluster cluster) {
        return cluster.endpoints().stream().sorted(Comparator.comparing(LiveEndpoint::key));
    }

    private static String edsHealth(Endpoint endpoint) {
        return switch (endpoint.health()) {
            case HEALTHY -> "HEALTHY";
            case DEGRADED -> "DEGRADED";
            case UNHEALTHY -> "UNHEALTHY";
        };
    }

    /** -1 where there were no requests in the last interval of outlier detection. */
    private static String rate(double percent) {
        return percent == Math.rint(percent) ? String.valueOf((long) percent) : String.valueOf(percent);
    }

    /** In Envoy's words and order. */
    static String flags(LiveEndpoint endpoint) {
        StringBuilder flags = new StringBuilder();
        if (endpoint.failedActiveCheck() || endpoint.isPending()) {
            flags.append("/failed_active_hc");
        }
        if (endpoint.isEjected()) {
            flags.append("/failed_outlier_check");
        }
        switch (endpoint.endpoint().health()) {
            case HEALTHY, DEGRADED -> {}
            case UNHEALTHY -> flags.append("/failed_eds_health");
        }
        if (endpoint.isCheckedDegraded()) {
            flags.append("/degraded_active_hc");
        }
        if (endpoint.endpoint().health() == Endpoint.HealthStatus.DEGRADED) {
            flags.append("/degraded_eds_health");
        }
        if (endpoint.isExcluded()) {
            flags.append("/pending_active_hc");
        }
        return flags.isEmpty() ? "healthy" : flags.toString();
    }
}
