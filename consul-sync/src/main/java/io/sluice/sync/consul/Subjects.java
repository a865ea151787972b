package io.sluice.sync.consul;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.sluice.sync.consul.HealthParser.Instances;
import io.sluice.sync.consul.Watch.Subject;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** What there is to be read from Consul. */
final class Subjects {
    /** Under which routes, policies and listeners stand in the KV store. */
    static final String KV_PREFIX = "sluice/";

    private Subjects() {}

    /** The names of all services. */
    static Subject<Set<String>> catalog() {
        return new Subject<>("catalog", "/v1/catalog/services", Subjects::names, Subjects::neverDoubted);
    }

    /** The ids of Consul's own servers: where all are others than before, it is another Consul. */
    static Subject<Set<String>> servers() {
        return new Subject<>("servers", "/v1/catalog/service/consul", Subjects::ids, Subjects::neverDoubted);
    }

    /** The text of each key. */
    static Subject<Map<String, String>> keys() {
        return new Subject<>("kv " + KV_PREFIX, "/v1/kv/" + KV_PREFIX + "?recurse=true", Subjects::texts, Map::size);
    }

    /** All instances, whatever their health. */
    static Subject<Instances> service(String source, String name) {
        return new Subject<>(
                "service " + name,
                "/v1/health/service/"
                        + URLEncoder.encode(name, StandardCharsets.UTF_8).replace("+", "%20"),
                new HealthParser(source, name)::parse,
                Instances::entries);
    }

    /** Something that is another thing whenever the health of anything changes. */
    static Subject<Long> anyHealth() {
        return new Subject<>(
                "health", "/v1/health/state/any", answer -> (long) answer.hashCode(), Subjects::neverDoubted);
    }

    /** The size of answers that are evidence themselves. */
    private static int neverDoubted(Object answer) {
        return 1;
    }

    private static Set<String> names(JsonNode answer) {
        expect(answer.isObject(), "services by name", answer);
        Set<String> names = new TreeSet<>();
        answer.fieldNames().forEachRemaining(names::add);
        return Collections.unmodifiableSet(names);
    }

    private static Set<String> ids(JsonNode answer) {
        expect(answer.isArray(), "list of servers", answer);
        Set<String> ids = new TreeSet<>();
        answer.forEach(server -> ids.add(server.path("ID").asText()));
        return Collections.unmodifiableSet(ids);
    }

    private static Map<String, String> texts(JsonNode answer) {
        expect(answer.isArray() || answer.isMissingNode(), "list of keys", answer);
        Map<String, String> texts = new TreeMap<>();
        for (JsonNode entry : answer) {
            String key = entry.path("Key").asText();
            if (!key.endsWith("/")) {
                texts.put(key, text(key, entry.path("Value")));
            }
        }
        return Collections.unmodifiableMap(texts);
    }

    private static void expect(boolean right, String expected, JsonNode answer) {
        if (!right) {
            throw new ConsulException("no " + expected + ", but " + answer.getNodeType());
        }
    }

    private static String text(String key, JsonNode base64) {
        if (base64.isNull()) {
            return "";
        }
        try {
            return new String(TextNode.valueOf(base64.asText()).binaryValue(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new ConsulException("key " + key + " is no base64");
        }
    }
}
