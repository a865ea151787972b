package io.sluice.gateway.accesslog;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** One JSON object per line, keys sorted: numbers where a command has one, {@code null} where it has nothing. */
final class JsonFormat {
    /** A value: an object, a list, a format, or a fixed number, boolean or null. */
    sealed interface Node {}

    record Members(Map<String, Node> members) implements Node {
        Members {
            members = new TreeMap<>(members);
        }
    }

    record Items(List<Node> items) implements Node {
        Items {
            items = List.copyOf(items);
        }
    }

    record Leaf(Format format) implements Node {}

    record Fixed(String json) implements Node {}

    private final Members root;
    private final boolean omitEmpty;

    JsonFormat(Members root, boolean omitEmpty) {
        this.root = root;
        this.omitEmpty = omitEmpty;
    }

    void append(StreamInfo info, StringBuilder out) {
        append(root, info, out);
        out.append('\n');
    }

    /** @return whether it holds anything; where empty values are left out, what holds nothing is not written */
    private boolean append(Node node, StreamInfo info, StringBuilder out) {
        return switch (node) {
            case Members object -> members(object, info, out);
            case Items list -> items(list, info, out);
            case Leaf leaf -> value(leaf.format().typedValue(info, omitEmpty ? "" : "-"), out);
            case Fixed fixed -> {
                out.append(fixed.json());
                yield !fixed.json().equals("null");
            }
        };
    }

    private boolean members(Members object, StreamInfo info, StringBuilder out) {
        out.append('{');
        String comma = "";
        for (Map.Entry<String, Node> member : object.members().entrySet()) {
            int before = out.length();
            out.append(comma);
            quote(member.getKey(), out);
            out.append(':');
            if (append(member.getValue(), info, out) || !omitEmpty) {
                comma = ",";
            } else {
                out.setLength(before);
            }
        }
        out.append('}');
        return !comma.isEmpty();
    }

    /** A list stays though nothing is left in it, as in Envoy. */
    private boolean items(Items list, StreamInfo info, StringBuilder out) {
        out.append('[');
        String comma = "";
        for (Node item : list.items()) {
            int before = out.length();
            out.append(comma);
            if (append(item, info, out) || !omitEmpty) {
                comma = ",";
            } else {
                out.setLength(before);
            }
        }
        out.append(']');
        return true;
    }

    private static boolean value(@Nullable Object value, StringBuilder out) {
        if (value instanceof String text) {
            quote(text, out);
        } else {
            out.append(value);
        }
        return value != null;
    }

    private static void quote(String text, StringBuilder out) {
        out.append('"');
        JsonStringEncoder.getInstance().quoteAsString(text, out);
        out.append('"');
    }
}
