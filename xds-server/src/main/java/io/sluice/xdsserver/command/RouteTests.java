package io.sluice.xdsserver.command;

import io.sluice.xdsserver.settings.SettingsException;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;

/** Reads a table of requests and where they should go, each with the line on which it stands. */
final class RouteTests {
    private static final List<String> KEYS = List.of("request", "headers", "from", "listener", "expect");
    static final List<String> EXPECTED = List.of("route", "item", "cluster", "answer", "host");

    private final Path file;

    private RouteTests(Path file) {
        this.file = file;
    }

    /** @param expected by what of the answer: of {@link #EXPECTED} */
    record Row(int line, GatewayAsk.Question question, Map<String, String> expected) {
        @Override
        public String toString() {
            return question.method() + " " + question.url();
        }
    }

    /** @throws SettingsException naming file and line */
    static List<Row> read(Path file) {
        return new RouteTests(file).rows();
    }

    private List<Row> rows() {
        Node root = compose();
        if (!(root instanceof SequenceNode list) || list.getValue().isEmpty()) {
            throw new SettingsException(
                    file + ":1: no list (expected: - {request: GET http://..., expect: {route: ...}})");
        }
        return list.getValue().stream().map(this::row).toList();
    }

    private Node compose() {
        try (Reader reader = Files.newBufferedReader(file)) {
            return new Yaml(new LoaderOptions()).compose(reader);
        } catch (MarkedYAMLException e) {
            int line = e.getProblemMark() == null ? 0 : e.getProblemMark().getLine() + 1;
            throw new SettingsException(file + ":" + line + ": not YAML: " + e.getProblem());
        } catch (NoSuchFileException e) {
            throw new SettingsException(file + ": not there (expected: a table of requests)");
        } catch (IOException | YAMLException e) {
            throw new SettingsException(file + ": not readable: " + e.getMessage());
        }
    }

    private Row row(Node node) {
        Map<String, Node> fields = mapping(node, KEYS);
        Node request = fields.get("request");
        String[] words = request == null ? new String[0] : text(request).strip().split(" +", -1);
        if (words.length != 2) {
            throw wrong(
                    node,
                    "request: " + (request == null ? "not given" : "'" + text(request) + "'"),
                    "GET http://HOST/PATH");
        }
        List<String> headers = new ArrayList<>();
        Node given = fields.get("headers");
        if (given != null) {
            mapping(given, List.of()).forEach((name, value) -> headers.add(name + ":" + text(value)));
        }
        Node expect = fields.get("expect");
        Map<String, String> expected = new LinkedHashMap<>();
        if (expect != null) {
            mapping(expect, EXPECTED).forEach((name, value) -> expected.put(name, text(value)));
        }
        if (expected.isEmpty()) {
            throw wrong(node, "expect: nothing", "some of " + EXPECTED);
        }
        return new Row(
                line(node),
                Asked.question(
                        words[0], words[1], headers, optional(fields.get("from")), optional(fields.get("listener"))),
                expected);
    }

    private Optional<String> optional(@Nullable Node node) {
        return Optional.ofNullable(node).map(this::text);
    }

    /** @param known keys; empty for any */
    private Map<String, Node> mapping(Node node, List<String> known) {
        if (!(node instanceof MappingNode mapping)) {
            throw wrong(node, "no mapping", known.isEmpty() ? "name: value" : "some of " + known);
        }
        Map<String, Node> fields = new LinkedHashMap<>();
        for (NodeTuple tuple : mapping.getValue()) {
            String name = text(tuple.getKeyNode());
            if (!known.isEmpty() && !known.contains(name)) {
                throw wrong(tuple.getKeyNode(), "'" + name + "'", "one of " + known);
            }
            if (fields.put(name, tuple.getValueNode()) != null) {
                throw wrong(tuple.getKeyNode(), "'" + name + "' twice", "once");
            }
        }
        return fields;
    }

    private String text(Node node) {
        if (node instanceof ScalarNode scalar) {
            return scalar.getValue();
        }
        throw wrong(node, "no text", "one value");
    }

    private SettingsException wrong(Node node, String what, String expected) {
        return new SettingsException(file + ":" + line(node) + ": " + what + " (expected: " + expected + ")");
    }

    private static int line(Node node) {
        return node.getStartMark().getLine() + 1;
    }
}
