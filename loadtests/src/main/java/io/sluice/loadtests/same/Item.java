package io.sluice.loadtests.same;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.loadtests.harness.Headers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A YAML value and the way to it. Every reading method throws a {@link RowException} that names the place. */
record Item(String where, JsonNode node) {
    private static final Pattern DURATION = Pattern.compile("(\\d+)(ms|s)");

    /** @throws RowException when this is not a map, or holds a key that is not listed */
    Item only(Set<String> keys) {
        if (!node.isObject()) {
            throw wrong("a map with " + new TreeSet<>(keys));
        }
        for (var key : node.properties()) {
            if (!keys.contains(key.getKey())) {
                throw new RowException(
                        where + " > " + key.getKey(), "unknown (expected: one of " + new TreeSet<>(keys) + ")");
            }
        }
        return this;
    }

    Optional<Item> get(String key) {
        return Optional.ofNullable(node.get(key)).map(value -> new Item(where + " > " + key, value));
    }

    Item need(String key) {
        return get(key).orElseThrow(() -> new RowException(where + " > " + key, "missing"));
    }

    String text() {
        if (!node.isValueNode()) {
            throw wrong("a text");
        }
        return node.asText();
    }

    int number() {
        if (!node.isIntegralNumber()) {
            throw wrong("a number");
        }
        return node.asInt();
    }

    boolean truth() {
        if (!node.isBoolean()) {
            throw wrong("true or false");
        }
        return node.asBoolean();
    }

    Duration duration() {
        Matcher matcher = DURATION.matcher(text());
        if (!matcher.matches()) {
            throw wrong("a duration such as 200ms or 2s");
        }
        long count = Long.parseLong(matcher.group(1));
        return matcher.group(2).equals("s") ? Duration.ofSeconds(count) : Duration.ofMillis(count);
    }

    /** A list's items; anything else stands for a list of itself. */
    List<Item> items() {
        if (!node.isArray()) {
            return List.of(this);
        }
        List<Item> items = new ArrayList<>();
        for (int i = 0; i < node.size(); i++) {
            items.add(new Item(where + "[" + i + "]", node.get(i)));
        }
        return items;
    }

    List<String> texts() {
        return items().stream().map(Item::text).toList();
    }

    Map<String, Item> entries() {
        if (!node.isObject()) {
            throw wrong("a map");
        }
        Map<String, Item> entries = new LinkedHashMap<>();
        node.properties().forEach(e -> entries.put(e.getKey(), new Item(where + " > " + e.getKey(), e.getValue())));
        return entries;
    }

    /** A map of names to a value or a list of values. */
    Headers headers() {
        List<Headers.Field> fields = new ArrayList<>();
        entries().forEach((name, item) -> item.texts().forEach(value -> fields.add(new Headers.Field(name, value))));
        return new Headers(fields);
    }

    ObjectNode object() {
        if (node instanceof ObjectNode object) {
            return object;
        }
        throw wrong("a map");
    }

    RowException wrong(String expected) {
        return new RowException(where, node + " (expected: " + expected + ")");
    }
}
