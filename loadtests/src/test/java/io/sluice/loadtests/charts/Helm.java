package io.sluice.loadtests.charts;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLParser;
import io.sluice.loadtests.harness.Home;
import io.sluice.loadtests.harness.Part;
import io.sluice.loadtests.harness.ProgramProcess;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The real helm on our charts. */
final class Helm {
    /** A key written twice is a mistake; YAML readers take the last. */
    static final ObjectMapper YAML = new ObjectMapper(YAMLFactory.builder().build())
            .enable(com.fasterxml.jackson.core.JsonParser.Feature.STRICT_DUPLICATE_DETECTION);

    private static final Path CHARTS = Home.find().root().resolve("charts");

    record Ended(int code, String output) {}

    private Helm() {}

    static Path chart(String name) {
        return CHARTS.resolve(name);
    }

    static Ended run(String... words) {
        List<String> command = new ArrayList<>(List.of(Part.HELM.need().toString()));
        command.addAll(List.of(words));
        ProgramProcess process = ProgramProcess.start("helm", command, Map.of(), CHARTS);
        return new Ended(process.awaitExit(Duration.ofSeconds(60)), process.output());
    }

    /** Everything that a chart makes of values, one resource after the other; {@code set} as helm's {@code --set} takes it. */
    static List<ObjectNode> render(String chart, String... set) throws IOException {
        List<String> words =
                new ArrayList<>(List.of("template", "site", chart(chart).toString()));
        for (String value : set) {
            words.add(value.contains("={") || value.contains("=[") ? "--set-json" : "--set");
            words.add(value);
        }
        Ended ended = run(words.toArray(String[]::new));
        assertThat(ended.code()).as(ended.output()).isZero();
        List<ObjectNode> resources = new ArrayList<>();
        try (YAMLParser parser = (YAMLParser) YAML.getFactory().createParser(ended.output());
                MappingIterator<JsonNode> documents = YAML.readValues(parser, JsonNode.class)) {
            while (documents.hasNext()) {
                if (documents.next() instanceof ObjectNode resource) {
                    resources.add(resource);
                }
            }
        }
        return resources;
    }
}
