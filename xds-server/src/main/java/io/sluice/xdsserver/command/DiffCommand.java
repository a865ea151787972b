package io.sluice.xdsserver.command;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.xdsserver.secret.CertificateFiles;
import io.sluice.xdsserver.settings.SettingsException;
import io.sluice.xdsserver.snapshot.GroupStatus;
import io.sluice.xdsserver.snapshot.ResourceJson;
import io.sluice.xdsserver.snapshot.ResourceType;
import io.sluice.xdsserver.snapshot.Snapshot;
import io.sluice.xdsserver.snapshot.VersionedResource;
import io.sluice.xdsserver.translate.NodeGroup;
import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** What a running server would serve differently if this were its source. */
final class DiffCommand {
    private static final ObjectMapper JSON = new ObjectMapper();

    private static final String HELP = """
        usage: diff FILE|DIR|consul[://HOST:PORT] [--admin HOST:PORT] [--json] [settings of the server]
        Compares what is served now (--admin, 127.0.0.1:18001 where not given) with what would be, for each node group that is connected:
        + would come, - would go, ~ would be another, with the fields that differ.
        exit code: 0 nothing would change, 1 something would, 2 it could not be told
        """;

    private DiffCommand() {}

    /** One resource that would not stay as it is. */
    private record Change(NodeGroup group, ResourceType type, String name, Kind kind, List<String> fields) {}

    private enum Kind {
        COMES("+"),
        GOES("-"),
        CHANGES("~");

        private final String sign;

        Kind(String sign) {
            this.sign = sign;
        }
    }

    static int run(List<String> given, Map<String, String> environment, PrintStream out) {
        Words words = Words.of(given, List.of("--json", "--help"), List.of("--admin"));
        if (words.has("--help")) {
            out.print(HELP);
            return Commands.YES;
        }
        if (words.alone().size() != 1) {
            throw new SettingsException("diff: " + words.alone() + " (expected: one of FILE, DIR, consul://HOST:PORT)");
        }
        AdminPages admin = new AdminPages(words.option("--admin").orElse("127.0.0.1:18001"));
        JsonNode live = admin.get("/snapshots?verbose");
        Map<NodeGroup, JsonNode> served = new LinkedHashMap<>();
        for (JsonNode group : live.path("groups")) {
            served.put(group(group.path("group").asText()), group);
        }
        List<Change> changes = new ArrayList<>();
        if (!served.isEmpty()) {
            Offline offline = Offline.read(
                    words.alone().get(0), words.settings(), environment, served.keySet(), CertificateFiles::resolve);
            for (GroupStatus group : offline.groups()) {
                JsonNode now = served.getOrDefault(group.group(), JSON.createObjectNode());
                compare(group.group(), now, group.serving(), changes);
            }
        }
        if (words.has("--json")) {
            out.println(json(changes));
        } else {
            print(changes, served.size(), out);
        }
        return changes.isEmpty() ? Commands.YES : Commands.NO;
    }

    private static NodeGroup group(String text) {
        int slash = text.indexOf('/');
        String region = text.substring(slash + 1);
        return new NodeGroup(
                NodeGroup.Kind.valueOf(text.substring(0, slash).toUpperCase(Locale.ROOT)),
                region.equals("-") ? "" : region);
    }

    private static void compare(NodeGroup group, JsonNode now, Optional<Snapshot> then, List<Change> changes) {
        for (ResourceType type : ResourceType.values()) {
            SortedMap<String, JsonNode> before = new TreeMap<>();
            for (JsonNode each : now.path("types")) {
                if (each.path("type").asText().equals(word(type))) {
                    each.path("resources")
                            .forEach(one -> before.put(one.path("name").asText(), one));
                }
            }
            SortedMap<String, VersionedResource> after =
                    then.map(snapshot -> snapshot.of(type)).orElseGet(TreeMap::new);
            after.forEach((name, resource) -> {
                JsonNode known = before.remove(name);
                if (known == null) {
                    changes.add(new Change(group, type, name, Kind.COMES, List.of()));
                } else if (!known.path("version").asText().equals(resource.version())) {
                    List<String> fields = new ArrayList<>();
                    JsonDifference.of(known.path("resource"), json(resource), fields);
                    changes.add(new Change(group, type, name, Kind.CHANGES, fields));
                }
            });
            before.keySet().forEach(name -> changes.add(new Change(group, type, name, Kind.GOES, List.of())));
        }
    }

    private static JsonNode json(VersionedResource resource) {
        try {
            return JSON.readTree(ResourceJson.print(resource));
        } catch (IOException e) {
            throw new IllegalStateException(resource.type() + " '" + resource.name() + "': not JSON", e);
        }
    }

    private static void print(List<Change> changes, int groups, PrintStream out) {
        NodeGroup shown = null;
        for (Change change : changes) {
            if (!change.group.equals(shown)) {
                shown = change.group;
                out.println(shown);
            }
            out.printf("  %s %s %s%n", change.kind.sign, word(change.type), change.name);
            change.fields.forEach(field -> out.println("      " + field));
        }
        out.printf(
                "%d node groups connected; %s%n",
                groups, changes.isEmpty() ? "nothing would change" : changes.size() + " resources would change");
    }

    private static String json(List<Change> changes) {
        ObjectNode root = JSON.createObjectNode();
        ArrayNode all = root.putArray("changes");
        for (Change change : changes) {
            ArrayNode fields = all.addObject()
                    .put("group", change.group.toString())
                    .put("type", word(change.type))
                    .put("name", change.name)
                    .put("change", change.kind.name().toLowerCase(Locale.ROOT))
                    .putArray("fields");
            change.fields.forEach(fields::add);
        }
        return root.toPrettyString();
    }

    private static String word(ResourceType type) {
        return type.name().toLowerCase(Locale.ROOT);
    }
}
