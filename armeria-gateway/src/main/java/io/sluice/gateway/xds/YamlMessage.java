package io.sluice.gateway.xds;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.EnumDescriptor;
import com.google.protobuf.Descriptors.EnumValueDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.ListValue;
import com.google.protobuf.Message;
import com.google.protobuf.NullValue;
import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import com.google.protobuf.util.Durations;
import com.google.protobuf.util.Timestamps;
import io.sluice.gateway.settings.Nearest;
import java.io.StringReader;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.text.ParseException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.DumperOptions.ScalarStyle;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;
import org.yaml.snakeyaml.nodes.Tag;

/**
 * Reads a message from YAML or JSON by the proto3 JSON mapping, as Envoy does. Everything wrong is reported at once, each with its line and whole
 * path; the line of every field stays known for what is found wrong later.
 */
final class YamlMessage {
    private static final int MAX_CODE_POINTS = 64 * 1024 * 1024;
    private static final int MAX_ALIASES = 10_000;
    private static final int MAX_DEPTH = 100;
    private static final int NAMES_SHOWN = 12;
    private static final BigInteger UNSIGNED_32 = BigInteger.ONE.shiftLeft(32).subtract(BigInteger.ONE);
    private static final BigInteger UNSIGNED_64 = BigInteger.ONE.shiftLeft(64).subtract(BigInteger.ONE);

    private final Map<String, Integer> lines = new HashMap<>();
    private int depth;

    /** The line on which a place stands, or the nearest one around it; 0 where nothing is known. */
    int lineOf(String path) {
        for (String place = path; !place.isEmpty(); ) {
            Integer line = lines.get(place);
            if (line != null) {
                return line;
            }
            int up = place.lastIndexOf(" > ");
            place = up < 0 ? "" : place.substring(0, up);
        }
        return 0;
    }

    /** Merges the text into a message; what is wrong is reported and left out. */
    void read(String text, Message.Builder into, Problems problems) {
        LoaderOptions options = new LoaderOptions();
        options.setCodePointLimit(MAX_CODE_POINTS);
        options.setMaxAliasesForCollections(MAX_ALIASES);
        Node root;
        try {
            root = new org.yaml.snakeyaml.Yaml(options).compose(new StringReader(text));
        } catch (MarkedYAMLException e) {
            int line = e.getProblemMark() == null ? 0 : e.getProblemMark().getLine() + 1;
            problems.wrong("line " + line, "not YAML: " + e.getProblem());
            return;
        } catch (org.yaml.snakeyaml.error.YAMLException e) {
            problems.wrong("line 0", "not YAML: " + e.getMessage());
            return;
        }
        if (root == null) {
            problems.wrong("line 1", "empty (expected: a mapping)");
            return;
        }
        message(root, into, problems);
    }

    private void message(Node node, Message.Builder into, Problems at) {
        lines.putIfAbsent(at.path(), line(node));
        if (++depth > MAX_DEPTH) {
            at.wrong("depth", "deeper than " + MAX_DEPTH + " levels");
        } else if (!wellKnown(node, into, at)) {
            fields(node, into, at, "");
        }
        depth--;
    }

    /** @param skipped a key that is no field: {@code @type} */
    private void fields(Node node, Message.Builder into, Problems at, String skipped) {
        if (!(node instanceof MappingNode mapping)) {
            at.wrong("line " + line(node), shown(node) + " (expected: a mapping)");
            return;
        }
        Descriptor type = into.getDescriptorForType();
        Set<String> seen = new HashSet<>();
        for (NodeTuple tuple : mapping.getValue()) {
            String name = key(tuple);
            if (name.equals(skipped)) {
                continue;
            }
            FieldDescriptor field = field(type, name);
            Node value = tuple.getValueNode();
            if (field == null) {
                at.wrong(name, "unknown field, line " + line(tuple.getKeyNode()) + nearest(type, name));
            } else if (!seen.add(field.getName())) {
                at.wrong(name, "twice, line " + line(tuple.getKeyNode()));
            } else if (!isNull(value) || isValue(field)) {
                FieldDescriptor beside = field.getRealContainingOneof() == null
                        ? null
                        : into.getOneofFieldDescriptor(field.getRealContainingOneof());
                if (beside == null) {
                    lines.putIfAbsent(at.path() + " > " + field.getName(), line(tuple.getKeyNode()));
                    set(field, value, into, at);
                } else {
                    at.wrong(
                            name,
                            "beside '" + beside.getName() + "', which excludes it, line " + line(tuple.getKeyNode()));
                }
            }
        }
    }

    private static @Nullable FieldDescriptor field(Descriptor type, String name) {
        FieldDescriptor field = type.findFieldByName(name);
        if (field != null) {
            return field;
        }
        return type.getFields().stream()
                .filter(each -> each.getJsonName().equals(name))
                .findFirst()
                .orElse(null);
    }

    private static boolean isValue(FieldDescriptor field) {
        return field.getJavaType() == FieldDescriptor.JavaType.MESSAGE
                && !field.isRepeated()
                && field.getMessageType().getFullName().equals("google.protobuf.Value");
    }

    private void set(FieldDescriptor field, Node value, Message.Builder into, Problems at) {
        if (field.isMapField()) {
            entries(field, value, into, at);
        } else if (field.isRepeated()) {
            if (!(value instanceof SequenceNode items)) {
                at.wrong(field.getName(), shown(value) + ", line " + line(value) + " (expected: a list)");
                return;
            }
            for (int i = 0; i < items.getValue().size(); i++) {
                String place = field.getName() + "[" + i + "]";
                one(field, items.getValue().get(i), into, at, place)
                        .ifPresent(item -> into.addRepeatedField(field, item));
            }
        } else {
            one(field, value, into, at, field.getName()).ifPresent(item -> into.setField(field, item));
        }
    }

    private void entries(FieldDescriptor field, Node value, Message.Builder into, Problems at) {
        if (!(value instanceof MappingNode mapping)) {
            at.wrong(field.getName(), shown(value) + ", line " + line(value) + " (expected: a mapping)");
            return;
        }
        FieldDescriptor keyField = field.getMessageType().findFieldByName("key");
        FieldDescriptor valueField = field.getMessageType().findFieldByName("value");
        for (NodeTuple tuple : mapping.getValue()) {
            Message.Builder entry = into.newBuilderForField(field);
            String place = field.getName() + "['" + key(tuple) + "']";
            lines.putIfAbsent(at.path() + " > " + place, line(tuple.getKeyNode()));
            Optional<?> key = scalar(keyField, tuple.getKeyNode(), at, place);
            Optional<?> item = one(valueField, tuple.getValueNode(), entry, at, place);
            if (key.isPresent() && item.isPresent()) {
                into.addRepeatedField(
                        field,
                        entry.setField(keyField, key.get())
                                .setField(valueField, item.get())
                                .build());
            }
        }
    }

    private Optional<?> one(FieldDescriptor field, Node value, Message.Builder into, Problems at, String place) {
        if (field.getJavaType() != FieldDescriptor.JavaType.MESSAGE) {
            return scalar(field, value, at, place);
        }
        Message.Builder inner = into.newBuilderForField(field);
        message(value, inner, at.at(place));
        return Optional.of(inner.build());
    }

    // --- types with a form of their own

    private boolean wellKnown(Node node, Message.Builder into, Problems at) {
        switch (into.getDescriptorForType().getFullName()) {
            case "google.protobuf.Any" -> any(node, (Any.Builder) into, at);
            case "google.protobuf.Struct" -> into.mergeFrom(struct(node, at));
            case "google.protobuf.Value" -> into.mergeFrom(value(node, at));
            case "google.protobuf.ListValue" -> into.mergeFrom(list(node, at));
            case "google.protobuf.Duration" ->
                text(node, into, at, "a number of seconds with 's': 1.5s", Durations::parse);
            case "google.protobuf.Timestamp" -> text(node, into, at, "a time: 2030-01-01T00:00:00Z", Timestamps::parse);
            case "google.protobuf.DoubleValue",
                    "google.protobuf.FloatValue",
                    "google.protobuf.Int64Value",
                    "google.protobuf.UInt64Value",
                    "google.protobuf.Int32Value",
                    "google.protobuf.UInt32Value",
                    "google.protobuf.BoolValue",
                    "google.protobuf.StringValue",
                    "google.protobuf.BytesValue" -> {
                FieldDescriptor wrapped = into.getDescriptorForType().findFieldByName("value");
                scalar(wrapped, node, at, "").ifPresent(item -> into.setField(wrapped, item));
            }
            default -> {
                return false;
            }
        }
        return true;
    }

    private interface TextForm {
        Message parse(String text) throws ParseException;
    }

    private static void text(Node node, Message.Builder into, Problems at, String expected, TextForm form) {
        String text = node instanceof ScalarNode scalar ? scalar.getValue() : shown(node);
        try {
            into.mergeFrom(form.parse(text));
        } catch (ParseException e) {
            at.wrong("line " + line(node), "'" + text + "' (expected: " + expected + ")");
        }
    }

    private void any(Node node, Any.Builder into, Problems at) {
        if (!(node instanceof MappingNode mapping)) {
            at.wrong("line " + line(node), shown(node) + " (expected: a mapping with '@type')");
            return;
        }
        if (mapping.getValue().isEmpty()) {
            return; // says that something is there, as an empty FilterConfig.config does
        }
        String url = mapping.getValue().stream()
                .filter(tuple -> key(tuple).equals("@type"))
                .map(tuple -> tuple.getValueNode() instanceof ScalarNode scalar ? scalar.getValue() : "")
                .findFirst()
                .orElse("");
        if (url.isEmpty()) {
            at.wrong("line " + line(node), "no '@type' (expected: the message's type)");
            return;
        }
        Optional<Message> type = EnvoyTypes.known(url);
        if (type.isEmpty()) {
            into.setTypeUrl(url); // whether it may be there is the support matrix's to say
            return;
        }
        Message.Builder inner = type.get().newBuilderForType();
        if (inner.getDescriptorForType().getFullName().startsWith("google.protobuf.")) {
            for (NodeTuple tuple : mapping.getValue()) {
                if (key(tuple).equals("value")) {
                    message(tuple.getValueNode(), inner, at.at("value"));
                } else if (!key(tuple).equals("@type")) {
                    at.wrong(key(tuple), "unknown field, line " + line(tuple.getKeyNode()) + " (nearest: value)");
                }
            }
        } else {
            fields(node, inner, at, "@type");
        }
        into.setTypeUrl(url).setValue(inner.build().toByteString());
    }

    private Struct struct(Node node, Problems at) {
        Struct.Builder struct = Struct.newBuilder();
        if (node instanceof MappingNode mapping) {
            mapping.getValue()
                    .forEach(tuple -> struct.putFields(key(tuple), value(tuple.getValueNode(), at.at(key(tuple)))));
        } else {
            at.wrong("line " + line(node), shown(node) + " (expected: a mapping)");
        }
        return struct.build();
    }

    private ListValue list(Node node, Problems at) {
        ListValue.Builder list = ListValue.newBuilder();
        if (node instanceof SequenceNode items) {
            items.getValue().forEach(item -> list.addValues(value(item, at)));
        } else {
            at.wrong("line " + line(node), shown(node) + " (expected: a list)");
        }
        return list.build();
    }

    private Value value(Node node, Problems at) {
        Value.Builder value = Value.newBuilder();
        if (++depth > MAX_DEPTH) {
            at.wrong("depth", "deeper than " + MAX_DEPTH + " levels");
        } else if (node instanceof MappingNode) {
            value.setStructValue(struct(node, at));
        } else if (node instanceof SequenceNode) {
            value.setListValue(list(node, at));
        } else if (node instanceof ScalarNode scalar) {
            Optional<Boolean> bool = isPlain(scalar) ? bool(scalar.getValue()) : Optional.empty();
            Optional<BigDecimal> number = isPlain(scalar) ? number(scalar.getValue()) : Optional.empty();
            if (isNull(node)) {
                value.setNullValue(NullValue.NULL_VALUE);
            } else if (bool.isPresent()) {
                value.setBoolValue(bool.get());
            } else if (number.isPresent()) {
                value.setNumberValue(number.get().doubleValue());
            } else {
                value.setStringValue(scalar.getValue());
            }
        }
        depth--;
        return value.build();
    }

    // --- scalars

    private Optional<?> scalar(FieldDescriptor field, Node node, Problems at, String place) {
        if (!(node instanceof ScalarNode scalar)) {
            return wrong(at, place, node, shown(node), kind(field));
        }
        String text = scalar.getValue();
        Optional<?> value = switch (field.getType()) {
            case STRING -> Optional.of(text);
            case BOOL -> isPlain(scalar) ? bool(text) : bool(text).filter(is -> text.matches("true|false"));
            case INT32, SINT32, SFIXED32 ->
                whole(text, BigInteger.valueOf(Integer.MIN_VALUE), BigInteger.valueOf(Integer.MAX_VALUE))
                        .map(BigInteger::intValue);
            case INT64, SINT64, SFIXED64 ->
                whole(text, BigInteger.valueOf(Long.MIN_VALUE), BigInteger.valueOf(Long.MAX_VALUE))
                        .map(BigInteger::longValue);
            case UINT32, FIXED32 -> whole(text, BigInteger.ZERO, UNSIGNED_32).map(BigInteger::intValue);
            case UINT64, FIXED64 -> whole(text, BigInteger.ZERO, UNSIGNED_64).map(BigInteger::longValue);
            case DOUBLE -> decimal(text);
            case FLOAT -> decimal(text).map(Double::floatValue);
            case ENUM -> enumeration(field.getEnumType(), text);
            case BYTES -> bytes(text);
            case MESSAGE, GROUP -> Optional.empty();
        };
        return value.isPresent() ? value : wrong(at, place, node, "'" + text + "'", kind(field));
    }

    private static <T> Optional<T> wrong(Problems at, String place, Node node, String was, String expected) {
        String reason = was + " (expected: " + expected + ")";
        return place.isEmpty()
                ? at.wrong("line " + line(node), reason)
                : at.wrong(place, reason + ", line " + line(node));
    }

    private static String kind(FieldDescriptor field) {
        return switch (field.getType()) {
            case STRING -> "a text";
            case BOOL -> "true or false";
            case INT32, SINT32, SFIXED32, INT64, SINT64, SFIXED64 -> "a whole number";
            case UINT32, FIXED32, UINT64, FIXED64 -> "a whole number, not negative";
            case DOUBLE, FLOAT -> "a number";
            case ENUM -> "one of " + names(field.getEnumType());
            case BYTES -> "bytes in base64";
            case MESSAGE, GROUP -> "a mapping";
        };
    }

    private static String names(EnumDescriptor type) {
        List<String> names = new ArrayList<>();
        type.getValues().stream().limit(NAMES_SHOWN).forEach(value -> names.add(value.getName()));
        return String.join(", ", names) + (type.getValues().size() > NAMES_SHOWN ? ", ..." : "");
    }

    private static Optional<Boolean> bool(String text) {
        return switch (text.toLowerCase(Locale.ROOT)) {
            case "true", "yes", "on", "y" -> Optional.of(true);
            case "false", "no", "off", "n" -> Optional.of(false);
            default -> Optional.empty();
        };
    }

    private static Optional<BigDecimal> number(String text) {
        try {
            return text.length() > 64 ? Optional.empty() : Optional.of(new BigDecimal(text));
        } catch (NumberFormatException e) {
            return Optional.empty();
        }
    }

    private static Optional<BigInteger> whole(String text, BigInteger least, BigInteger most) {
        try {
            return number(text)
                    .filter(number -> Math.abs(number.scale()) < 64)
                    .map(BigDecimal::toBigIntegerExact)
                    .filter(number -> number.compareTo(least) >= 0 && number.compareTo(most) <= 0);
        } catch (ArithmeticException e) {
            return Optional.empty();
        }
    }

    private static Optional<Double> decimal(String text) {
        return switch (text) {
            case "NaN" -> Optional.of(Double.NaN);
            case "Infinity" -> Optional.of(Double.POSITIVE_INFINITY);
            case "-Infinity" -> Optional.of(Double.NEGATIVE_INFINITY);
            default -> number(text).map(BigDecimal::doubleValue).filter(Double::isFinite);
        };
    }

    private static Optional<EnumValueDescriptor> enumeration(EnumDescriptor type, String text) {
        EnumValueDescriptor named = type.findValueByName(text);
        if (named != null) {
            return Optional.of(named);
        }
        return whole(text, BigInteger.valueOf(Integer.MIN_VALUE), BigInteger.valueOf(Integer.MAX_VALUE))
                .map(number -> type.findValueByNumberCreatingIfUnknown(number.intValue()));
    }

    private static Optional<ByteString> bytes(String text) {
        try {
            String standard = text.replace('-', '+').replace('_', '/');
            return Optional.of(ByteString.copyFrom(Base64.getDecoder().decode(standard)));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    // --- nodes

    private static String key(NodeTuple tuple) {
        return tuple.getKeyNode() instanceof ScalarNode scalar ? scalar.getValue() : "?";
    }

    private static boolean isPlain(ScalarNode node) {
        return node.getScalarStyle() == ScalarStyle.PLAIN;
    }

    private static boolean isNull(Node node) {
        return node.getTag().equals(Tag.NULL);
    }

    private static int line(Node node) {
        return node.getStartMark().getLine() + 1;
    }

    private static String shown(Node node) {
        return switch (node) {
            case ScalarNode scalar -> "'" + scalar.getValue() + "'";
            case SequenceNode list -> "a list";
            default -> "a mapping";
        };
    }

    private static String nearest(Descriptor type, String name) {
        return Nearest.of(name, type.getFields().stream().map(FieldDescriptor::getName))
                .map(field -> " (nearest: " + field + ")")
                .orElse("");
    }
}
