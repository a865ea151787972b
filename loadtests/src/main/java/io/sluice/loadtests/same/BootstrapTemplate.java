package io.sluice.loadtests.same;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.loadtests.harness.TlsPeer;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * Makes the listener and the clusters of one row from the short form that rows use:
 *
 * <ul>
 *   <li>{@code listener, hcm, route_config, virtual_host, routes}: merged over {@code same-template.yaml}; {@code virtual_hosts} stands for the
 *       last two
 *   <li>{@code filters}: HTTP filters before the router, whose own entry is {@code router}
 *   <li>{@code tls}: where it is there, callers of the listener speak TLS; merged over the template's context
 *   <li>{@code chains}: filter chains, each {@code {match, tls, hcm, routes, connect_timeout}} over what the row says beside; {@code default_chain} is one too
 *   <li>{@code secrets}: of the bootstrap
 *   <li>{@code clusters}: by name, each over {@code cluster}; {@code hosts} in it names its upstreams (a list in the list is a priority) and
 *       is the cluster's own name when left out, {@code h2: true} has it speak HTTP/2, {@code tls: NAME} has its upstreams speak TLS with that
 *       certificate of {@link Identities}, and the cluster too where it has no transport socket of its own
 * </ul>
 *
 * <p>{@code local_cluster} names the one of which this node is an endpoint, in zone {@code here}; it holds for all rows of the file.
 *
 * <p>Placeholders: <code>${port}</code> and <code>${log}</code> of the row's listener, <code>${NAME}</code> the port of an upstream,
 * <code>${refused}</code> a port on which nothing listens, <code>${cluster.NAME}</code> the name of a cluster in the merged bootstrap.
 */
record BootstrapTemplate(String key, ObjectNode config) {
    static final Set<String> KEYS = Set.of(
            "listener",
            "hcm",
            "filters",
            "router",
            "route_config",
            "virtual_host",
            "virtual_hosts",
            "routes",
            "tls",
            "chains",
            "default_chain",
            "secrets",
            "cluster",
            "clusters",
            "h2",
            "local_cluster");
    static final String REFUSED = "refused";
    private static final Set<String> CLUSTER_REFERENCES = Set.of("cluster", "cluster_name", "collector_cluster");
    private static final ObjectNode DEFAULTS = defaults();

    /** @param key unlike that of any other row in the bootstrap: its listener's name, and the first part of its clusters' names */
    static BootstrapTemplate of(String key, ObjectNode config) {
        return new BootstrapTemplate(key, Yaml.merged(DEFAULTS, config));
    }

    /** What an upstream speaks. */
    record Speech(boolean http2, Optional<TlsPeer> tls) {}

    /** The upstreams that the clusters need, by name. */
    Map<String, Speech> upstreams() {
        Map<String, Speech> found = new LinkedHashMap<>();
        clusters().forEach((name, cluster) -> {
            Speech speech = new Speech(cluster.path("h2").asBoolean(), speech(name, cluster));
            for (List<String> priority : hosts(name, cluster)) {
                priority.forEach(host -> found.put(host, speech));
            }
        });
        found.remove(REFUSED);
        return found;
    }

    /** {@code tls: NAME}, or {@code {cert, alpn, versions, ciphers, asks}}. */
    private static Optional<TlsPeer> speech(String name, ObjectNode cluster) {
        JsonNode tls = cluster.get("tls");
        if (tls == null) {
            return Optional.empty();
        }
        Item item = new Item("cluster " + name + " > tls", tls);
        String alpn = cluster.path("h2").asBoolean() ? "h2" : "http/1.1";
        if (tls.isTextual()) {
            return Optional.of(TlsPeer.server(Identities.named(item), alpn));
        }
        item.only(Set.of("cert", "alpn", "versions", "ciphers", "asks"));
        return Optional.of(new TlsPeer(
                Optional.empty(),
                item.get("alpn").map(Item::texts).orElse(List.of(alpn)),
                Optional.of(Identities.named(item.need("cert"))),
                item.get("asks").map(Item::truth).orElse(true),
                item.get("versions").map(Item::texts).orElse(List.of()),
                item.get("ciphers").map(Item::texts).orElse(List.of())));
    }

    String clusterName(String name) {
        return key + "-" + name;
    }

    /** Adds the row to a bootstrap. @param values of the placeholders */
    void addTo(ArrayNode listeners, ArrayNode clusterList, Map<String, String> values) {
        Placeholders placeholders = new Placeholders(values, key);
        listeners.add(Yaml.texts(references(listener()), placeholders::fill));
        clusters().forEach((name, cluster) -> clusterList.add(Yaml.texts(cluster(name, cluster), placeholders::fill)));
    }

    /** What holds for the whole process. */
    void addTo(ObjectNode bootstrap) {
        JsonNode local = config.get("local_cluster");
        if (local != null) {
            bootstrap.putObject("cluster_manager").put("local_cluster_name", clusterName(local.asText()));
            ((ObjectNode) bootstrap.get("node")).putObject("locality").put("zone", "here");
        }
    }

    /** Adds the secrets of the row, whose names are as they stand there. */
    void addSecretsTo(ArrayNode secrets, Map<String, String> values) {
        Placeholders placeholders = new Placeholders(values, key);
        config.path("secrets").forEach(secret -> secrets.add(Yaml.texts(secret, placeholders::fill)));
    }

    /** A bootstrap with nothing in it but the port of its admin pages. */
    static ObjectNode empty(int adminPort) {
        ObjectNode bootstrap = Yaml.object();
        bootstrap.putObject("node").put("id", "same").put("cluster", "same");
        bootstrap
                .putObject("admin")
                .putObject("address")
                .putObject("socket_address")
                .put("address", "127.0.0.1")
                .put("port_value", adminPort);
        ObjectNode resources = bootstrap.putObject("static_resources");
        resources.putArray("listeners");
        resources.putArray("clusters");
        resources.putArray("secrets");
        return bootstrap;
    }

    private ObjectNode listener() {
        ObjectNode listener = Yaml.object().put("name", key);
        ArrayNode chains = listener.putArray("filter_chains");
        if (config.has("chains")) {
            config.get("chains").forEach(own -> chains.add(chain((ObjectNode) own)));
        } else {
            chains.add(chain(Yaml.object()));
        }
        if (config.has("default_chain")) {
            listener.set("default_filter_chain", chain(map("default_chain")));
        }
        return Yaml.merged(listener, map("listener"));
    }

    private ObjectNode chain(ObjectNode own) {
        new Item("chain", own).only(Set.of("match", "tls", "hcm", "routes", "connect_timeout"));
        ObjectNode chain = Yaml.object();
        if (own.has("match")) {
            chain.set("filter_chain_match", own.get("match"));
        }
        if (own.has("connect_timeout")) {
            chain.set("transport_socket_connect_timeout", own.get("connect_timeout"));
        }
        chain.set("filters", list(network(own)));
        JsonNode tls = own.has("tls") ? own.get("tls") : config.get("tls");
        if (tls != null && !tls.isNull()) {
            ObjectNode socket = chain.putObject("transport_socket").put("name", "envoy.transport_sockets.tls");
            socket.set("typed_config", Yaml.merged(map("tls_default"), (ObjectNode) tls));
        }
        return chain;
    }

    private ObjectNode network(ObjectNode own) {
        ObjectNode virtualHost = map("virtual_host").deepCopy();
        virtualHost.set("routes", own.has("routes") ? own.get("routes") : config.get("routes"));
        ObjectNode routeConfig = map("route_config").deepCopy();
        JsonNode hosts = config.get("virtual_hosts");
        routeConfig.set("virtual_hosts", hosts == null ? list(virtualHost) : hosts);

        ObjectNode hcm = own.has("hcm")
                ? Yaml.merged(map("hcm"), (ObjectNode) own.get("hcm"))
                : map("hcm").deepCopy();
        hcm.set("route_config", routeConfig);
        ArrayNode filters = hcm.putArray("http_filters");
        config.path("filters").forEach(filters::add);
        filters.add(config.get("router"));

        ObjectNode network = Yaml.object().put("name", "envoy.filters.network.http_connection_manager");
        network.set("typed_config", hcm);
        return network;
    }

    private ObjectNode cluster(String name, ObjectNode own) {
        ObjectNode shape = own.path("h2").asBoolean() ? Yaml.merged(map("cluster"), map("h2")) : map("cluster");
        ObjectNode cluster = Yaml.merged(shape, own);
        if (own.has("tls") && !own.has("transport_socket") && !own.has("transport_socket_matches")) {
            cluster.set("transport_socket", map("upstream_tls"));
        }
        cluster.remove(List.of("hosts", "h2", "tls"));
        cluster.put("name", clusterName(name));
        if (!cluster.has("load_assignment")) {
            ObjectNode assignment = cluster.putObject("load_assignment").put("cluster_name", clusterName(name));
            ArrayNode localities = assignment.putArray("endpoints");
            List<List<String>> priorities = hosts(name, own);
            for (int priority = 0; priority < priorities.size(); priority++) {
                ArrayNode endpoints =
                        localities.addObject().put("priority", priority).putArray("lb_endpoints");
                for (String host : priorities.get(priority)) {
                    endpoints
                            .addObject()
                            .putObject("endpoint")
                            .putObject("address")
                            .putObject("socket_address")
                            .put("address", "127.0.0.1")
                            .put("port_value", "${" + host + "}");
                }
            }
        }
        return cluster;
    }

    private static List<List<String>> hosts(String name, ObjectNode cluster) {
        JsonNode hosts = cluster.get("hosts");
        if (hosts == null) {
            return List.of(List.of(name));
        }
        List<List<String>> priorities = new ArrayList<>();
        List<String> first = new ArrayList<>();
        hosts.forEach(host -> {
            if (host.isArray()) {
                List<String> priority = new ArrayList<>();
                host.forEach(one -> priority.add(one.asText()));
                priorities.add(priority);
            } else {
                first.add(host.asText());
            }
        });
        if (priorities.isEmpty()) {
            priorities.add(first);
        }
        return priorities;
    }

    /** A copy in which each reference to a cluster of this row has its name in the merged bootstrap; unknown ones stay unknown. */
    private JsonNode references(JsonNode node) {
        if (node.isArray()) {
            ArrayNode out = JsonNodeFactory.instance.arrayNode();
            node.forEach(item -> out.add(references(item)));
            return out;
        }
        if (!(node instanceof ObjectNode object)) {
            return node;
        }
        ObjectNode out = Yaml.object();
        object.properties().forEach(entry -> {
            boolean weighted = entry.getKey().equals("name") && object.has("weight");
            boolean reference = weighted || CLUSTER_REFERENCES.contains(entry.getKey());
            boolean known = clusters().containsKey(entry.getValue().asText());
            out.set(
                    entry.getKey(),
                    reference && known
                            ? JsonNodeFactory.instance.textNode(
                                    clusterName(entry.getValue().asText()))
                            : references(entry.getValue()));
        });
        return out;
    }

    private Map<String, ObjectNode> clusters() {
        Map<String, ObjectNode> clusters = new LinkedHashMap<>();
        map("clusters").properties().forEach(entry -> clusters.put(entry.getKey(), (ObjectNode) entry.getValue()));
        return clusters;
    }

    private ObjectNode map(String name) {
        return (ObjectNode) config.get(name);
    }

    private static ArrayNode list(JsonNode only) {
        return JsonNodeFactory.instance.arrayNode().add(only);
    }

    private static ObjectNode defaults() {
        String name = "/same-template.yaml";
        try (InputStream in = Objects.requireNonNull(BootstrapTemplate.class.getResourceAsStream(name), name)) {
            return (ObjectNode) Yaml.read(name, new String(in.readAllBytes(), UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
