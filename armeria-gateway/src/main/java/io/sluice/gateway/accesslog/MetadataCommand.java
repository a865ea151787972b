package io.sluice.gateway.accesslog;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import com.google.common.base.Ascii;
import io.sluice.gateway.xds.Problems;
import java.math.BigDecimal;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** {@code %DYNAMIC_METADATA(filter:key:key):length%}: a text as it is, anything else as JSON. */
final class MetadataCommand {
    private MetadataCommand() {}

    static Optional<Command> parse(@Nullable String argument, int max, Problems problems) {
        if (argument == null || argument.isEmpty()) {
            return problems.expected("argument", "nothing", "(FILTER:KEY:...)");
        }
        List<String> path = List.of(argument.split(":", -1));
        return Optional.of(info -> {
            Object found = info.dynamicMetadata(path.getFirst());
            for (String key : path.subList(1, path.size())) {
                found = found instanceof Map<?, ?> members ? members.get(key) : null;
            }
            if (found == null || (found instanceof Map<?, ?> members && members.isEmpty())) {
                return null;
            }
            String text = found instanceof String plain ? plain : json(found);
            return Ascii.truncate(text, max, "");
        });
    }

    private static String json(Object value) {
        StringBuilder out = new StringBuilder();
        write(value, out);
        return out.toString();
    }

    private static void write(@Nullable Object value, StringBuilder out) {
        switch (value) {
            case null -> out.append("null");
            case String text -> quote(text, out);
            case Boolean truth -> out.append(truth);
            case Number number ->
                out.append(
                        new BigDecimal(number.toString()).stripTrailingZeros().toPlainString());
            case List<?> items -> {
                String comma = "[";
                for (Object item : items) {
                    out.append(comma);
                    write(item, out);
                    comma = ",";
                }
                out.append(items.isEmpty() ? "[]" : "]");
            }
            case Map<?, ?> members -> {
                Map<String, @Nullable Object> sorted = new TreeMap<>();
                members.forEach((key, member) -> sorted.put(String.valueOf(key), member));
                String comma = "{";
                for (Map.Entry<String, @Nullable Object> member :
                        Collections.unmodifiableMap(sorted).entrySet()) {
                    out.append(comma);
                    quote(member.getKey(), out);
                    out.append(':');
                    write(member.getValue(), out);
                    comma = ",";
                }
                out.append(sorted.isEmpty() ? "{}" : "}");
            }
            default -> quote(value.toString(), out);
        }
    }

    private static void quote(String text, StringBuilder out) {
        out.append('"');
        JsonStringEncoder.getInstance().quoteAsString(text, out);
        out.append('"');
    }
}
