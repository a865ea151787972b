package io.sluice.xdsserver.admin;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.sync.model.Catalog;
import io.sluice.sync.model.Certificate;
import io.sluice.sync.model.Instance;
import io.sluice.sync.model.ListenerRule;
import io.sluice.sync.model.RouteRule;
import io.sluice.sync.model.Service;
import io.sluice.xdsserver.secret.CertificateFacts;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** What was read: listeners, routes with the place where each is written, services with the health and weight of each instance. */
final class CatalogPage {
    private static final ObjectMapper JSON = new ObjectMapper();

    private CatalogPage() {}

    static String render(Catalog catalog) {
        ObjectNode root = JSON.createObjectNode();
        ArrayNode listeners = root.putArray("listeners");
        catalog.listeners().forEach(listener -> add(listeners.addObject(), listener));
        ArrayNode routes = root.putArray("routes");
        catalog.routes().forEach(route -> add(routes.addObject(), route));
        ArrayNode services = root.putArray("services");
        catalog.services().forEach(service -> add(services.addObject(), service));
        ArrayNode certificates = root.putArray("certificates");
        catalog.certificates().forEach(certificate -> add(certificates.addObject(), certificate));
        return root.toPrettyString() + "\n";
    }

    /** What it says of itself; never a key. */
    private static void add(ObjectNode node, Certificate certificate) {
        node.put("name", certificate.name())
                .put("origin", certificate.origin())
                .put("kind", certificate.content() instanceof Certificate.Content.Own ? "own" : "authorities");
        ArrayNode chain = node.putArray("chain");
        for (CertificateFacts facts : CertificateFacts.of(certificate)) {
            ObjectNode one = chain.addObject()
                    .put("subject", facts.subject())
                    .put("serial", facts.serial())
                    .put("from", facts.from().toString())
                    .put("end", facts.end().toString());
            facts.names().forEach(one.putArray("names")::add);
        }
    }

    private static void add(ObjectNode node, ListenerRule listener) {
        node.put("name", listener.name())
                .put("address", listener.address())
                .put("port", listener.port())
                .put("nodes", listener.nodes().name().toLowerCase(Locale.ROOT));
        listener.region().ifPresent(region -> node.put("region", region));
    }

    private static void add(ObjectNode node, RouteRule route) {
        node.put("name", route.name()).put("origin", route.origin());
        route.listeners().forEach(node.putArray("listeners")::add);
        route.hosts().forEach(node.putArray("hosts")::add);
        node.put("match", match(route.match())).put("to", leadsTo(route.action()));
        ArrayNode policies = node.putArray("policies");
        route.auth().ifPresent(auth -> policies.add("token of " + auth.provider()));
        route.limits()
                .forEach(limit -> policies.add("limit " + limit.requests() + " per "
                        + limit.unit().toString().substring(2).toLowerCase(Locale.ROOT)));
        route.retry().ifPresent(retry -> policies.add("retry " + retry.times()));
        route.timeout().ifPresent(timeout -> policies.add("timeout " + timeout.toMillis() + "ms"));
    }

    private static void add(ObjectNode node, Service service) {
        node.put("name", service.name());
        ArrayNode instances = node.putArray("instances");
        for (Instance instance : service.instances()) {
            instances
                    .addObject()
                    .put("id", instance.id())
                    .put("address", instance.address())
                    .put("port", instance.port())
                    .put("health", instance.health().name().toLowerCase(Locale.ROOT))
                    .put("weight", instance.weight())
                    .put("region", instance.region())
                    .put("zone", instance.zone());
        }
    }

    /** As it would be written. */
    private static String match(RouteRule.Match match) {
        List<String> parts = new ArrayList<>();
        if (!match.methods().isEmpty()) {
            parts.add(String.join("|", match.methods()));
        }
        parts.add(
                switch (match.path()) {
                    case RouteRule.Path.Exact exact -> exact.value();
                    case RouteRule.Path.Prefix prefix -> prefix.value() + "*";
                    case RouteRule.Path.SegmentPrefix segments ->
                        (segments.value().equals("/") ? "" : segments.value()) + "/**";
                    case RouteRule.Path.Regex regex -> "~" + regex.value();
                });
        match.headers().forEach(header -> parts.add("header " + value(header)));
        match.query().forEach(parameter -> parts.add("query " + value(parameter)));
        return String.join(" ", parts);
    }

    private static String value(RouteRule.Value value) {
        return (value.invert() ? "not " : "")
                + switch (value.kind()) {
                    case PRESENT -> value.name();
                    case EXACT -> value.name() + "=" + value.value();
                    case PREFIX, SUFFIX, CONTAINS, REGEX ->
                        value.name() + " " + value.kind().name().toLowerCase(Locale.ROOT) + " " + value.value();
                };
    }

    private static String leadsTo(RouteRule.Action action) {
        return switch (action) {
            case RouteRule.Action.Forward forward
            when forward.targets().size() == 1 -> forward.targets().get(0).service();
            case RouteRule.Action.Forward forward ->
                forward.targets().stream()
                        .map(target -> target.service() + " " + target.weight())
                        .collect(Collectors.joining(", "));
            case RouteRule.Action.Redirect redirect -> "redirect " + redirect.status();
            case RouteRule.Action.Direct direct -> "answer " + direct.status();
        };
    }
}
