package io.sluice.loadtests.same;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.loadtests.harness.Home;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * A field that the gateway claims to obey is set in some row that asks for something. What no row can set, since it is of the process and not of a
 * listener, stands in a file with the test that shows it; what is left stands in a list that only gets shorter.
 */
class SupportedFieldsTest {
    private static final Path RESOURCES = Path.of("loadtests/src/test/resources/same");
    private static final Path SUPPORT = Path.of("armeria-gateway/src/main/resources/support");
    private static final Pattern ELSEWHERE = Pattern.compile("(\\S+) (\\S+) (\\S+): .+");
    private static final Map<String, String> PARTS =
            Map.of("cluster.yaml", "CLUSTERS", "bootstrap.yaml", "BOOTSTRAP"); // the others are of listeners

    private final Path root = Home.find().root();

    @Test
    void everySupportedFieldIsSetInARowOrShownElsewhere() throws IOException {
        Set<String> inRows = fieldsInRows();
        Set<String> elsewhere = shownElsewhere();
        Set<String> without = new TreeSet<>();
        Set<String> supported = new TreeSet<>();
        try (Stream<Path> files = Files.list(root.resolve(SUPPORT))) {
            for (Path file : files.sorted().toList()) {
                String part = PARTS.getOrDefault(file.getFileName().toString(), "LISTENERS");
                JsonNode messages = Yaml.read(file.toString(), Files.readString(file, UTF_8));
                messages.properties()
                        .forEach(message -> message.getValue()
                                .path("supported")
                                .forEach(field -> supported.add(part + " " + message.getKey() + " " + field.asText())));
            }
        }
        for (String field : supported) {
            String ofMessage = field.substring(field.indexOf(' ') + 1);
            if (!inRows.contains(field) && !elsewhere.contains(ofMessage)) {
                without.add(field);
            }
        }
        System.out.printf(
                "supported fields: %d, in rows: %d, shown elsewhere: %d, without: %d%n",
                supported.size(),
                supported.stream().filter(inRows::contains).count(),
                elsewhere.size(),
                without.size());
        Path list = root.resolve(RESOURCES).resolve("supported-without-row.txt");
        if (System.getProperty("golden.update") != null) {
            Files.writeString(list, without.isEmpty() ? "" : String.join("\n", without) + "\n");
        }
        assertThat(without)
                .as("a supported field without a row: write one, or refuse the field; one that has a row now"
                        + " leaves the list")
                .isSubsetOf(Files.readAllLines(list, UTF_8));
    }

    /** Lines {@code MESSAGE FIELD TEST: reason}. */
    private Set<String> shownElsewhere() throws IOException {
        Set<String> fields = new TreeSet<>();
        for (String line : Files.readAllLines(root.resolve(RESOURCES).resolve("supported-elsewhere.txt"), UTF_8)) {
            Matcher matcher = ELSEWHERE.matcher(line);
            assertThat(matcher.matches()).as(line).isTrue();
            try (Stream<Path> files = Files.walk(root)) {
                assertThat(files.anyMatch(file -> file.endsWith(matcher.group(3) + ".java")))
                        .as("the test of " + line)
                        .isTrue();
            }
            fields.add(matcher.group(1) + " " + matcher.group(2));
        }
        return fields;
    }

    private Set<String> fieldsInRows() throws IOException {
        Walk walk = new Walk(types());
        for (RowFile file : RowFiles.all()) {
            for (Row row : file.rows()) {
                if (!row.onlyValidated()) {
                    resources(row, walk);
                }
            }
        }
        return walk.found;
    }

    private static void resources(Row row, Walk walk) {
        BootstrapTemplate template = BootstrapTemplate.of("row", row.config());
        Map<String, String> values = new HashMap<>(Map.of("port", "1", "log", "log", BootstrapTemplate.REFUSED, "1"));
        template.upstreams().keySet().forEach(upstream -> values.put(upstream, "1"));
        ArrayNode listeners = JsonNodeFactory.instance.arrayNode();
        ArrayNode clusters = JsonNodeFactory.instance.arrayNode();
        template.addTo(listeners, clusters, values);
        listeners.forEach(listener -> walk.into("LISTENERS", "envoy.config.listener.v3.Listener", listener));
        clusters.forEach(cluster -> walk.into("CLUSTERS", "envoy.config.cluster.v3.Cluster", cluster));
        ArrayNode secrets = JsonNodeFactory.instance.arrayNode();
        template.addSecretsTo(secrets, values);
        secrets.forEach(secret -> walk.into("LISTENERS", "envoy.extensions.transport_sockets.tls.v3.Secret", secret));
    }

    /** By part and message, the types of its fields. */
    private Map<String, Map<String, String>> types() throws IOException {
        Map<String, Map<String, String>> types = new HashMap<>();
        for (String line : Files.readAllLines(root.resolve(RESOURCES).resolve("field-types.txt"), UTF_8)) {
            List<String> words = List.of(line.split(" "));
            Map<String, String> fields = new HashMap<>();
            for (String word : words.subList(2, words.size())) {
                fields.put(word.substring(0, word.indexOf(':')), word.substring(word.indexOf(':') + 1));
            }
            types.put(words.get(0) + " " + words.get(1), fields);
        }
        return types;
    }

    /** Through resources, noting which fields of which messages are set. */
    private static final class Walk {
        private static final String ANY = "google.protobuf.Any";
        private static final String MAP = "map:";
        private static final String ASSIGNMENT = "envoy.config.endpoint.v3.ClusterLoadAssignment";

        private final Map<String, Map<String, String>> types;
        private final Set<String> found = new TreeSet<>();

        Walk(Map<String, Map<String, String>> types) {
            this.types = types;
        }

        void into(String part, String type, JsonNode node) {
            if (node.isArray()) {
                node.forEach(item -> into(part, type, item));
                return;
            }
            if (!(node instanceof ObjectNode message)) {
                return;
            }
            String packed = message.path("@type").asText();
            if (type.equals(ANY)) {
                into(part, packed.substring(packed.lastIndexOf('/') + 1), withoutType(message));
                return;
            }
            Map<String, String> fields = types.getOrDefault(part + " " + type, Map.of());
            message.properties().forEach(entry -> {
                found.add(part + " " + type + " " + entry.getKey());
                field(part, fields.get(entry.getKey()), entry.getValue());
            });
        }

        private void field(String part, @Nullable String type, JsonNode value) {
            if (type == null) {
                return;
            }
            if (type.startsWith(MAP)) {
                value.forEach(one -> into(part, type.substring(MAP.length()), one));
            } else if (type.equals(ASSIGNMENT)) {
                into("CLUSTERS", type, value);
            } else {
                into(part, type, value);
            }
        }

        private static ObjectNode withoutType(ObjectNode message) {
            ObjectNode bare = message.deepCopy();
            bare.remove("@type");
            return bare;
        }
    }
}
