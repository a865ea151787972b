package io.sluice.loadtests.same;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import org.yaml.snakeyaml.DumperOptions;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;
import org.yaml.snakeyaml.nodes.Tag;
import org.yaml.snakeyaml.representer.Representer;
import org.yaml.snakeyaml.resolver.Resolver;

/** Trees of YAML. */
final class Yaml {
    private static final YAMLMapper MAPPER = new YAMLMapper();

    private Yaml() {}

    static ObjectNode object() {
        return JsonNodeFactory.instance.objectNode();
    }

    /**
     * Reads a document with its anchors and aliases.
     *
     * @throws RowException with the line, when it is not YAML
     */
    static JsonNode read(String where, String text) {
        LoaderOptions options = new LoaderOptions();
        options.setMaxAliasesForCollections(1_000);
        DumperOptions dumping = new DumperOptions();
        var yaml = new org.yaml.snakeyaml.Yaml(
                new SafeConstructor(options), new Representer(dumping), dumping, options, new CoreSchema());
        try {
            return MAPPER.valueToTree(yaml.load(text));
        } catch (MarkedYAMLException e) {
            throw new RowException(where + ":" + (e.getProblemMark().getLine() + 1), "no YAML: " + e.getProblem());
        }
    }

    /** The lines, from 1, on which the items of a top-level list begin; empty where there is no such list. */
    static List<Integer> lines(String key, String text) {
        LoaderOptions options = new LoaderOptions();
        options.setMaxAliasesForCollections(1_000);
        Node root = new org.yaml.snakeyaml.Yaml(options).compose(new StringReader(text));
        List<Integer> lines = new ArrayList<>();
        if (root instanceof MappingNode map) {
            for (NodeTuple entry : map.getValue()) {
                boolean named = entry.getKeyNode() instanceof ScalarNode name
                        && name.getValue().equals(key);
                if (named && entry.getValueNode() instanceof SequenceNode list) {
                    list.getValue()
                            .forEach(item -> lines.add(item.getStartMark().getLine() + 1));
                }
            }
        }
        return lines;
    }

    static String write(JsonNode node) {
        try {
            return MAPPER.writeValueAsString(node);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    /** A copy of {@code base} in which maps of {@code over} are merged, and everything else of it replaces. {@code null} takes away. */
    static ObjectNode merged(ObjectNode base, ObjectNode over) {
        ObjectNode out = base.deepCopy();
        over.properties().forEach(entry -> {
            JsonNode old = out.get(entry.getKey());
            if (entry.getValue().isNull()) {
                out.remove(entry.getKey());
            } else if (old instanceof ObjectNode oldMap && entry.getValue() instanceof ObjectNode newMap) {
                out.set(entry.getKey(), merged(oldMap, newMap));
            } else {
                out.set(entry.getKey(), entry.getValue().deepCopy());
            }
        });
        return out;
    }

    /** A copy with each text replaced; a text that becomes all digits where it was not becomes a number. */
    static JsonNode texts(JsonNode node, UnaryOperator<String> change) {
        if (node.isObject()) {
            ObjectNode out = object();
            node.properties().forEach(entry -> out.set(change.apply(entry.getKey()), texts(entry.getValue(), change)));
            return out;
        }
        if (node.isArray()) {
            var out = JsonNodeFactory.instance.arrayNode();
            node.forEach(item -> out.add(texts(item, change)));
            return out;
        }
        if (!node.isTextual()) {
            return node;
        }
        String text = change.apply(node.asText());
        boolean number = !text.equals(node.asText()) && text.matches("\\d{1,5}");
        return number
                ? JsonNodeFactory.instance.numberNode(Integer.parseInt(text))
                : JsonNodeFactory.instance.textNode(text);
    }

    /** YAML 1.2's scalars, which are Envoy's: {@code yes} is a text. */
    private static final class CoreSchema extends Resolver {
        @Override
        protected void addImplicitResolvers() {
            addImplicitResolver(Tag.BOOL, Pattern.compile("true|false"), "tf");
            addImplicitResolver(Tag.INT, Pattern.compile("[-+]?[0-9]+"), "-+0123456789");
            addImplicitResolver(Tag.FLOAT, Pattern.compile("[-+]?[0-9]+\\.[0-9]+"), "-+0123456789");
            addImplicitResolver(Tag.NULL, Pattern.compile("~|null|"), "~n\0");
            addImplicitResolver(Tag.MERGE, MERGE, "<");
        }
    }
}
