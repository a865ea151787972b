package io.sluice.xdsserver.command;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.xdsserver.secret.CertificateFiles;
import io.sluice.xdsserver.settings.SettingsException;
import io.sluice.xdsserver.snapshot.GroupStatus;
import io.sluice.xdsserver.snapshot.Snapshot;
import io.sluice.xdsserver.snapshot.StaticBootstrap;
import io.sluice.xdsserver.translate.NodeGroup;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Whom a question about requests is for: a source, of which a gateway program is told what its nodes would be, or a node that runs. Knows where
 * routes are written.
 *
 * @param origins by the routes' names; empty where they are not known
 * @param notes what should be known with an answer
 */
record Asked(GatewayAsk gateway, Map<String, String> origins, List<String> notes) {
    /** Options of every word that asks; the rest are settings of the server. */
    static final List<String> OPTIONS = List.of("--node", "--admin", "--region", "--nodes");

    static final String HELP = """
        SOURCE is FILE, DIR or consul[://HOST:PORT], as its nodes would be told of it (--region R, --nodes gateway|envoy; settings of the server).
        Without SOURCE a gateway that runs is asked: --node HOST:PORT of its admin pages, 127.0.0.1:19000 where not given; where routes are
        written is then asked of the control plane: --admin HOST:PORT, 127.0.0.1:18001 where not given.
        """;

    /** @throws SettingsException where it cannot be read or is not there */
    static Asked of(Optional<String> source, Words words, Map<String, String> environment) {
        return source.isPresent() ? source(source.get(), words, environment) : node(words);
    }

    private static Asked source(String place, Words words, Map<String, String> environment) {
        if (words.has("--node")) {
            throw new SettingsException("--node: beside " + place + " (expected: one of them)");
        }
        NodeGroup group = new NodeGroup(kind(words), words.option("--region").orElse(""));
        Offline offline = Offline.read(place, words.settings(), environment, Set.of(group), CertificateFiles::locate);
        GroupStatus status = offline.groups().get(0);
        Snapshot snapshot = status.serving()
                .orElseThrow(() -> new SettingsException(group + ": nothing can be served: "
                        + status.refusal()
                                .map(refusal -> refusal.reasons().toString())
                                .orElse("")
                        + " (expected: a source that check finds nothing wrong with)"));
        List<String> notes = new ArrayList<>();
        int problems =
                offline.catalog().problems().size() + offline.groupProblems().size();
        if (problems > 0) {
            notes.add(problems + " of its items are refused and left out: ./sluice check " + place);
        }
        Map<String, String> origins = new HashMap<>();
        offline.catalog().routes().forEach(route -> origins.put(route.name(), route.origin()));
        return new Asked(GatewayAsk.program(StaticBootstrap.json(snapshot, true), environment), origins, notes);
    }

    private static NodeGroup.Kind kind(Words words) {
        String kind = words.option("--nodes").orElse("gateway");
        return switch (kind) {
            case "gateway" -> NodeGroup.Kind.GATEWAY;
            case "envoy" -> NodeGroup.Kind.ENVOY;
            default -> throw new SettingsException("--nodes: '" + kind + "' (expected: gateway or envoy)");
        };
    }

    private static Asked node(Words words) {
        if (!words.settings().isEmpty() || words.has("--region") || words.has("--nodes")) {
            throw new SettingsException("settings " + words.settings()
                    + " or a group of nodes without a source (expected: FILE, DIR or consul before them)");
        }
        Map<String, String> origins = new HashMap<>();
        List<String> notes = new ArrayList<>();
        try {
            JsonNode catalog = new AdminPages(words.option("--admin").orElse("127.0.0.1:18001")).get("/catalog");
            catalog.path("routes")
                    .forEach(route -> origins.put(
                            route.path("name").asText(), route.path("origin").asText()));
        } catch (SettingsException e) {
            if (words.has("--admin")) {
                throw e;
            }
            notes.add("where routes are written is not known: " + e.getMessage());
        }
        return new Asked(GatewayAsk.node(words.option("--node").orElse("127.0.0.1:19000")), origins, notes);
    }

    /** The gateway's answers, with the {@code item} in which each route is written where that is known. */
    List<JsonNode> answers(List<GatewayAsk.Question> questions) {
        List<JsonNode> answers = gateway.ask(questions);
        for (JsonNode answer : answers) {
            for (JsonNode listener : answer.path("listeners")) {
                locate(listener.path("route"));
                listener.path("skipped").forEach(this::locate);
                listener.path("later").forEach(this::locate);
            }
        }
        return answers;
    }

    private void locate(JsonNode route) {
        String origin = origins.get(route.path("name").asText());
        if (origin != null && route instanceof ObjectNode object) {
            object.put("item", origin);
        }
    }

    /** {@code GET http://shop.example/}, the method in capitals. */
    static GatewayAsk.Question question(
            String method, String url, List<String> headers, Optional<String> from, Optional<String> listener) {
        return new GatewayAsk.Question(method.toUpperCase(Locale.ROOT), url, headers, from, listener);
    }
}
