package io.sluice.xdsserver.admin;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.sync.model.Problem;
import io.sluice.xdsserver.snapshot.GroupStatus;
import io.sluice.xdsserver.snapshot.ResourceJson;
import io.sluice.xdsserver.snapshot.ResourceType;
import io.sluice.xdsserver.snapshot.Snapshot;
import io.sluice.xdsserver.snapshot.VersionedResource;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** What each group is served, and what was refused. */
final class SnapshotsPage {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Status status;

    SnapshotsPage(Status status) {
        this.status = status;
    }

    /**
     * @param group only this one; likewise {@code type} and {@code name}
     * @param bodies whether each resource is shown whole
     */
    String render(@Nullable String group, @Nullable String type, @Nullable String name, boolean bodies) {
        ObjectNode root = JSON.createObjectNode();
        ArrayNode groups = root.putArray("groups");
        for (GroupStatus each : status.groups()) {
            if (group == null || group.equals(each.group().toString())) {
                ObjectNode node = groups.addObject().put("group", each.group().toString());
                each.refusal().ifPresent(refusal -> {
                    ObjectNode refused = node.putObject("refused");
                    refused.put("since", refusal.since().toString());
                    refusal.reasons().forEach(refused.withArray("reasons")::add);
                    refused.put("still_serving", each.serving().isPresent());
                });
                each.serving().ifPresent(snapshot -> {
                    node.put("version", snapshot.version());
                    addTypes(node.putArray("types"), snapshot, type, name, bodies);
                });
            }
        }
        ArrayNode problems = root.putArray("problems");
        for (Problem problem : status.problems()) {
            problems.addObject()
                    .put("source", problem.source())
                    .put("where", problem.where())
                    .put("reason", problem.reason())
                    .put("expected", problem.expected());
        }
        return root.toPrettyString() + "\n";
    }

    private static void addTypes(
            ArrayNode types, Snapshot snapshot, @Nullable String only, @Nullable String name, boolean bodies) {
        for (ResourceType type : ResourceType.values()) {
            if (only == null || only.equals(word(type))) {
                ObjectNode node = types.addObject().put("type", word(type)).put("version", snapshot.version(type));
                ArrayNode resources = node.putArray("resources");
                for (VersionedResource resource : snapshot.of(type).values()) {
                    if (name == null || name.equals(resource.name())) {
                        ObjectNode shown = resources
                                .addObject()
                                .put("name", resource.name())
                                .put("version", resource.version());
                        if (bodies) {
                            addBody(shown, resource);
                        }
                    }
                }
            }
        }
    }

    private static void addBody(ObjectNode shown, VersionedResource resource) {
        try {
            shown.set("resource", JSON.readTree(ResourceJson.print(resource)));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(resource.type() + " '" + resource.name() + "': not JSON", e);
        }
    }

    static String word(ResourceType type) {
        return type.name().toLowerCase(Locale.ROOT);
    }
}
