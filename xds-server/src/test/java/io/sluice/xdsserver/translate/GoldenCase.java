package io.sluice.xdsserver.translate;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLGenerator;
import com.google.protobuf.Any;
import com.google.protobuf.Message;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.sluice.sync.CatalogSources;
import io.sluice.sync.model.Catalog;
import io.sluice.sync.source.CatalogSource;
import io.sluice.xdsserver.snapshot.ResourceJson;
import io.sluice.xdsserver.snapshot.ResourceType;
import io.sluice.xdsserver.snapshot.Snapshot;
import io.sluice.xdsserver.snapshot.SnapshotPublisher;
import io.sluice.xdsserver.snapshot.VersionedResource;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A folder: {@code catalog.yaml} as users write it, {@code settings.yaml} where it matters ({@code rate-limit}, {@code zipkin-url}, {@code access-log}, and the {@code
 * groups}), and what must come out: {@code snapshot.yaml} with one document per group, {@code problems.txt} with what was refused.
 */
record GoldenCase(Path folder) {
    private static final Path ROOT = Path.of("src/test/resources/translate");
    private static final boolean UPDATE = System.getProperty("golden.update") != null;
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final ObjectMapper YAML = new ObjectMapper(YAMLFactory.builder()
            .enable(YAMLGenerator.Feature.MINIMIZE_QUOTES)
            .disable(YAMLGenerator.Feature.SPLIT_LINES)
            .build());

    static Stream<GoldenCase> all() {
        try (Stream<Path> folders = Files.list(ROOT)) {
            return folders.filter(Files::isDirectory).sorted().map(GoldenCase::new).toList().stream();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Catalog catalog() {
        CompletableFuture<Catalog> first = new CompletableFuture<>();
        try (CatalogSource source = CatalogSources.create("file:" + folder.resolve("catalog.yaml"))) {
            var unused = source.start(first::complete);
            return first.get(10, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new IllegalStateException(folder.toString(), e);
        }
    }

    Translation translate(Catalog catalog, NodeGroup group) {
        return new CatalogTranslator(shared(), group).translate(catalog);
    }

    private NodeSettings shared() {
        JsonNode settings = settings();
        return new NodeSettings(
                Optional.ofNullable(settings.get("rate-limit"))
                        .map(service -> service.asText().split(":"))
                        .map(parts -> InetSocketAddress.createUnresolved(parts[0], Integer.parseInt(parts[1]))),
                Optional.ofNullable(settings.get("zipkin-url")).map(url -> URI.create(url.asText())),
                settings.path("access-log").asText().equals("stdout"),
                settings.path("keys").asBoolean(true));
    }

    List<NodeGroup> groups() {
        JsonNode names = settings().path("groups");
        return (names.isEmpty()
                        ? Stream.of("gateway/eu", "envoy/us")
                        : names.valueStream().map(JsonNode::asText))
                .map(GoldenCase::group)
                .toList();
    }

    private static NodeGroup group(String name) {
        String[] parts = name.split("/");
        return new NodeGroup(
                NodeGroup.Kind.valueOf(parts[0].toUpperCase(Locale.ROOT)), parts[1].equals("-") ? "" : parts[1]);
    }

    private JsonNode settings() {
        Path file = folder.resolve("settings.yaml");
        try {
            return Files.exists(file) ? YAML.readTree(file.toFile()) : JSON.createObjectNode();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    void assertMatches(Catalog catalog) {
        StringBuilder snapshot = new StringBuilder();
        List<String> problems = Stream.concat(
                        catalog.problems().stream().map(Object::toString),
                        groups().stream()
                                .flatMap(group -> translate(catalog, group).problems().stream())
                                .map(problem -> problem.source() + ": " + problem))
                .toList();
        for (NodeGroup group : groups()) {
            snapshot.append(render(catalog, group));
        }
        golden("snapshot.yaml", snapshot.toString());
        golden("problems.txt", problems.stream().map(problem -> problem + "\n").collect(Collectors.joining()));
    }

    /** Through the publisher, so that what would not be published does not pass here either. */
    private String render(Catalog catalog, NodeGroup group) {
        SnapshotPublisher publisher = new SnapshotPublisher(
                name -> new CatalogTranslator(shared(), name)::translate,
                Runnable::run,
                InstantSource.system(),
                new SimpleMeterRegistry());
        publisher.publish(catalog);
        publisher.watch(group, () -> {});
        Snapshot snapshot = publisher
                .current(group)
                .orElseThrow(() -> new AssertionError(
                        "not published: " + publisher.groups().get(0).refusal()));
        ObjectNode root = JSON.createObjectNode().put("group", group.toString());
        ObjectNode versions = root.putObject("versions");
        for (ResourceType type : ResourceType.values()) {
            String name = type.name().toLowerCase(Locale.ROOT);
            versions.put(name, snapshot.version(type));
            ArrayNode resources = root.putArray(name + "s");
            snapshot.of(type).values().forEach(resource -> resources.add(json(resource)));
        }
        try {
            return YAML.writeValueAsString(root);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static ObjectNode json(ResourceType type, Message message) {
        return json(new VersionedResource(type, "", "", Any.pack(message)));
    }

    /** As {@code /snapshots} shows it. */
    private static ObjectNode json(VersionedResource resource) {
        try {
            ObjectNode json = (ObjectNode) JSON.readTree(ResourceJson.print(resource));
            json.remove("@type");
            return json;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void golden(String name, String actual) {
        Path file = folder.resolve(name);
        try {
            if (UPDATE) {
                if (actual.isEmpty()) {
                    Files.deleteIfExists(file);
                } else {
                    Files.writeString(file, actual);
                }
            }
            assertThat(actual)
                    .as("%s (rewrite with -Dgolden.update, then read the diff)", file)
                    .isEqualTo(Files.exists(file) ? Files.readString(file) : "");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public String toString() {
        return folder.getFileName().toString();
    }
}
