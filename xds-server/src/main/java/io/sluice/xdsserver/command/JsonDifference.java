package io.sluice.xdsserver.command;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** Which fields of two JSON documents differ, as people read it: {@code route.timeout: "5s" -> "2s"}. */
final class JsonDifference {
    private JsonDifference() {}

    static void of(JsonNode before, JsonNode after, List<String> lines) {
        compare("", before, after, lines);
    }

    private static void compare(String path, JsonNode before, JsonNode after, List<String> lines) {
        if (before.equals(after)) {
            return;
        }
        if (before.isObject() && after.isObject()) {
            Set<String> names = new TreeSet<>();
            before.fieldNames().forEachRemaining(names::add);
            after.fieldNames().forEachRemaining(names::add);
            for (String name : names) {
                compare(path.isEmpty() ? name : path + "." + name, before.path(name), after.path(name), lines);
            }
        } else if (before.isArray() && after.isArray()) {
            for (int i = 0; i < Math.max(before.size(), after.size()); i++) {
                compare(path + "[" + i + "]", before.path(i), after.path(i), lines);
            }
        } else if (before.isMissingNode()) {
            lines.add(path + ": + " + after);
        } else if (after.isMissingNode()) {
            lines.add(path + ": - " + before);
        } else {
            lines.add(path + ": " + before + " -> " + after);
        }
    }
}
