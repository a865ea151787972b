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
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * A field that the gateway claims to obey is set in some row that asks for something, or stands in a list that only gets shorter. Fields are known
 * by their names here, not by their messages: two of the same name pass for one.
 */
class SupportedFieldsTest {
    private static final Path SUPPORT = Path.of("armeria-gateway/src/main/resources/support");
    private static final Path WITHOUT_ROW = Path.of("loadtests/src/test/resources/same/supported-without-row.txt");

    @Test
    void everySupportedFieldIsSetInARowOrListed() throws IOException {
        Path root = Home.find().root();
        Set<String> inRows = namesInRows();
        Set<String> without = new TreeSet<>();
        try (Stream<Path> files = Files.list(root.resolve(SUPPORT))) {
            for (Path file : files.sorted().toList()) {
                JsonNode messages = Yaml.read(file.toString(), Files.readString(file, UTF_8));
                messages.properties()
                        .forEach(message -> message.getValue().path("supported").forEach(field -> {
                            if (!inRows.contains(field.asText())) {
                                without.add(message.getKey() + " " + field.asText());
                            }
                        }));
            }
        }
        Path list = root.resolve(WITHOUT_ROW);
        if (System.getProperty("golden.update") != null) {
            Files.writeString(list, String.join("\n", without) + "\n");
        }
        assertThat(without)
                .as("a supported field without a row: write one, or refuse the field; one that has a row now"
                        + " leaves the list")
                .containsExactlyElementsOf(Files.readAllLines(list, UTF_8));
    }

    private static Set<String> namesInRows() {
        Set<String> names = new TreeSet<>();
        for (RowFile file : RowFiles.all()) {
            for (Row row : file.rows()) {
                if (!row.onlyValidated()) {
                    names(resources(row), names);
                }
            }
        }
        return names;
    }

    private static List<JsonNode> resources(Row row) {
        BootstrapTemplate template = BootstrapTemplate.of("row", row.config());
        Map<String, String> values = new HashMap<>(Map.of("port", "1", "log", "log", BootstrapTemplate.REFUSED, "1"));
        template.upstreams().keySet().forEach(upstream -> values.put(upstream, "1"));
        ArrayNode listeners = JsonNodeFactory.instance.arrayNode();
        ArrayNode clusters = JsonNodeFactory.instance.arrayNode();
        template.addTo(listeners, clusters, values);
        ObjectNode bootstrap = BootstrapTemplate.empty(1);
        template.addTo(bootstrap);
        List<JsonNode> all = new ArrayList<>();
        listeners.forEach(all::add);
        clusters.forEach(all::add);
        all.add(bootstrap);
        return all;
    }

    private static void names(Iterable<JsonNode> nodes, Set<String> names) {
        for (JsonNode node : nodes) {
            node.properties().forEach(entry -> names.add(entry.getKey()));
            names(node, names);
        }
    }
}
