package io.sluice.gateway.xds;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.EnumValueDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.OneofDescriptor;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.re2j.Pattern;
import io.envoyproxy.pgv.validate.Validate;
import io.envoyproxy.pgv.validate.Validate.FieldRules;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Holds messages against the validation rules in their descriptors ({@code validate.rules}), as Envoy's generated validators do. Rules that do not
 * occur in the messages we support are not looked at.
 */
public final class PgvCheck {
    /** A century, of which the nanoseconds can be counted; Envoy takes no negative time either. */
    private static final long MOST_SECONDS = 3_155_760_000L;

    private final Map<String, Pattern> patterns = new ConcurrentHashMap<>();

    /** Reports every rule that is broken, at any depth, messages packed in others too. */
    public void check(Message message, Problems problems) {
        if (message instanceof Any any) {
            packed(any, problems);
            return;
        }
        for (OneofDescriptor choice : message.getDescriptorForType().getRealOneofs()) {
            if (choice.getOptions().getExtension(Validate.required)
                    && message.getOneofFieldDescriptor(choice) == null) {
                problems.expected(choice.getName(), "nothing", "one of " + names(choice));
            }
        }
        for (FieldDescriptor field : message.getDescriptorForType().getFields()) {
            FieldRules rules = field.getOptions().getExtension(Validate.rules);
            if (field.isRepeated()) {
                repeated(message, field, rules, problems);
            } else if (field.getJavaType() == FieldDescriptor.JavaType.MESSAGE) {
                single(message, field, rules, problems);
            } else if (field.getContainingOneof() == null || message.hasField(field)) {
                scalar(field.getName(), message.getField(field), rules, problems);
            }
        }
    }

    private static List<String> names(OneofDescriptor choice) {
        return choice.getFields().stream().map(FieldDescriptor::getName).toList();
    }

    private void packed(Any any, Problems problems) {
        try {
            Optional<Message> message = EnvoyTypes.unpack(any);
            message.ifPresent(known -> check(known, problems));
        } catch (InvalidProtocolBufferException e) {
            problems.wrong("value", String.valueOf(e.getMessage()));
        }
    }

    private void single(Message message, FieldDescriptor field, FieldRules rules, Problems problems) {
        if (!message.hasField(field)) {
            boolean required = field.getContainingOneof() == null
                    && (rules.getMessage().getRequired()
                            || rules.getAny().getRequired()
                            || rules.getDuration().getRequired());
            if (required) {
                problems.expected(field.getName(), "nothing", "a value");
            }
            return;
        }
        Message value = (Message) message.getField(field);
        if (value instanceof com.google.protobuf.Duration duration) {
            duration(field.getName(), duration, rules.getDuration(), problems);
            return;
        }
        if (isWrapper(value)) {
            scalar(
                    field.getName(),
                    value.getField(value.getDescriptorForType().findFieldByName("value")),
                    rules,
                    problems);
            return;
        }
        if (!rules.getMessage().getSkip()) {
            check(value, problems.at(field.getName()));
        }
    }

    private static boolean isWrapper(Message message) {
        return message.getDescriptorForType().getFile().getFullName().equals("google/protobuf/wrappers.proto");
    }

    private void repeated(Message message, FieldDescriptor field, FieldRules rules, Problems problems) {
        int count = message.getRepeatedFieldCount(field);
        Validate.RepeatedRules list = rules.getRepeated();
        if (list.hasMinItems() && count < list.getMinItems()) {
            problems.expected(field.getName(), count + " of them", "at least " + list.getMinItems());
        }
        if (list.hasMaxItems() && count > list.getMaxItems()) {
            problems.expected(field.getName(), count + " of them", "at most " + list.getMaxItems());
        }
        if (list.getUnique() && new HashSet<>((List<?>) message.getField(field)).size() < count) {
            problems.expected(field.getName(), "an item twice", "each item once");
        }
        for (int i = 0; i < count; i++) {
            Object item = message.getRepeatedField(field, i);
            if (item instanceof Message each) {
                if (field.isMapField() && rules.getMap().hasKeys()) {
                    Object key = each.getField(each.getDescriptorForType().findFieldByName("key"));
                    scalar(
                            field.getName() + "['" + key + "']",
                            key,
                            rules.getMap().getKeys(),
                            problems);
                }
                Object inner = field.isMapField()
                        ? each.getField(each.getDescriptorForType().findFieldByName("value"))
                        : each;
                if (inner instanceof Message nested) {
                    check(nested, problems.at(field.getName() + "[" + i + "]"));
                }
            } else {
                scalar(field.getName() + "[" + i + "]", item, list.getItems(), problems);
            }
        }
    }

    private void scalar(String name, Object value, FieldRules rules, Problems problems) {
        switch (rules.getTypeCase()) {
            case BYTES -> bytes(name, (ByteString) value, rules.getBytes(), problems);
            case STRING -> string(name, (String) value, rules.getString(), problems);
            case ENUM -> enumeration(name, value, rules.getEnum(), problems);
            case BOOL -> {
                if (rules.getBool().hasConst() && !value.equals(rules.getBool().getConst())) {
                    problems.expected(
                            name, value, String.valueOf(rules.getBool().getConst()));
                }
            }
            case UINT32, UINT64, INT32, INT64, DOUBLE, FLOAT -> number(name, value, rules, problems);
            default -> {
                // other kinds do not occur in what we support
            }
        }
    }

    private void string(String name, String value, Validate.StringRules rules, Problems problems) {
        int length = value.codePointCount(0, value.length());
        if (rules.getIgnoreEmpty() && value.isEmpty()) {
            return;
        }
        if (rules.hasMinLen() && length < rules.getMinLen()) {
            problems.expected(name, "'" + value + "'", "at least " + rules.getMinLen() + " characters");
        }
        if (rules.hasMaxLen() && length > rules.getMaxLen()) {
            problems.expected(name, length + " characters", "at most " + rules.getMaxLen());
        }
        if (rules.hasMinBytes() && value.getBytes(StandardCharsets.UTF_8).length < rules.getMinBytes()) {
            problems.expected(name, "'" + value + "'", "at least " + rules.getMinBytes() + " bytes");
        }
        if (rules.hasMaxBytes() && value.getBytes(StandardCharsets.UTF_8).length > rules.getMaxBytes()) {
            problems.expected(
                    name, value.getBytes(StandardCharsets.UTF_8).length + " bytes", "at most " + rules.getMaxBytes());
        }
        if (rules.hasSuffix() && !value.endsWith(rules.getSuffix())) {
            problems.expected(name, "'" + value + "'", "'..." + rules.getSuffix() + "'");
        }
        if (rules.hasPrefix() && !value.startsWith(rules.getPrefix())) {
            problems.expected(name, "'" + value + "'", "'" + rules.getPrefix() + "...'");
        }
        if (rules.hasPattern()
                && !patterns.computeIfAbsent(rules.getPattern(), Pattern::compile)
                        .matcher(value)
                        .find()) {
            problems.expected(name, "'" + value + "'", "a match of " + rules.getPattern());
        }
        if (rules.getInCount() > 0 && !rules.getInList().contains(value)) {
            problems.expected(name, "'" + value + "'", "one of " + rules.getInList());
        }
        if ((rules.getWellKnownRegex() == Validate.KnownRegex.HTTP_HEADER_NAME
                        || rules.getWellKnownRegex() == Validate.KnownRegex.HTTP_HEADER_VALUE)
                && value.chars().anyMatch(c -> c == '\r' || c == '\n' || c == 0)) {
            problems.expected(name, "a line break or NUL", "none");
        }
    }

    private static void bytes(String name, ByteString value, Validate.BytesRules rules, Problems problems) {
        if (rules.hasMinLen() && value.size() < rules.getMinLen()) {
            problems.expected(name, value.size() + " bytes", "at least " + rules.getMinLen());
        }
        if (rules.hasMaxLen() && value.size() > rules.getMaxLen()) {
            problems.expected(name, value.size() + " bytes", "at most " + rules.getMaxLen());
        }
    }

    private static void enumeration(String name, Object value, Validate.EnumRules rules, Problems problems) {
        int number = ((EnumValueDescriptor) value).getNumber();
        if (rules.getDefinedOnly() && ((EnumValueDescriptor) value).getIndex() < 0) {
            problems.expected(name, number, "a value of the enumeration");
        }
        if (rules.getInCount() > 0 && !rules.getInList().contains(number)) {
            problems.expected(name, value, "one of " + rules.getInList());
        }
        if (rules.getNotInList().contains(number)) {
            problems.expected(name, value, "none of " + rules.getNotInList());
        }
    }

    /** All number rules have the same fields under different types. */
    private static void number(String name, Object value, FieldRules rules, Problems problems) {
        if (value instanceof Number number
                && (value instanceof Double || value instanceof Float)
                && !Double.isFinite(number.doubleValue())) {
            problems.expected(name, value, "a number");
            return;
        }
        Message kind = (Message) rules.getField(rules.getOneofFieldDescriptor(
                FieldRules.getDescriptor().getOneofs().get(0)));
        boolean unsigned =
                rules.getTypeCase() == FieldRules.TypeCase.UINT32 || rules.getTypeCase() == FieldRules.TypeCase.UINT64;
        BigDecimal actual = decimal(value, unsigned);
        kind.getAllFields().forEach((rule, bound) -> {
            if (rule.isRepeated()) {
                if (rule.getName().equals("in")
                        && ((List<?>) bound)
                                .stream().noneMatch(b -> decimal(b, unsigned).compareTo(actual) == 0)) {
                    problems.expected(name, value, "one of " + bound);
                }
                return;
            }
            int compared = bound instanceof Number ? actual.compareTo(decimal(bound, unsigned)) : 0;
            boolean broken = switch (rule.getName()) {
                case "gt" -> compared <= 0;
                case "gte" -> compared < 0;
                case "lt" -> compared >= 0;
                case "lte" -> compared > 0;
                case "const" -> compared != 0;
                default -> false;
            };
            if (broken) {
                problems.expected(
                        name,
                        actual.toPlainString(),
                        rule.getName() + " " + decimal(bound, unsigned).toPlainString());
            }
        });
    }

    /** @param unsigned Java holds large unsigned numbers as negative ones */
    private static BigDecimal decimal(Object value, boolean unsigned) {
        if (unsigned && value instanceof Integer number) {
            return BigDecimal.valueOf(Integer.toUnsignedLong(number));
        }
        if (unsigned && value instanceof Long number) {
            return new BigDecimal(Long.toUnsignedString(number));
        }
        return new BigDecimal(String.valueOf(value));
    }

    private static void duration(
            String name, com.google.protobuf.Duration value, Validate.DurationRules rules, Problems problems) {
        if (Math.abs(value.getSeconds() / 2) > MOST_SECONDS / 2 || Math.abs(value.getNanos() / 2) > 499_999_999) {
            problems.expected(
                    name, value.getSeconds() + "s and " + value.getNanos() + "ns", "at most " + MOST_SECONDS + "s");
            return;
        }
        java.time.Duration actual = of(value);
        if (!rules.hasGt() && !rules.hasGte() && actual.isNegative()) {
            problems.expected(name, actual, "PT0S or more"); // no rule says so, yet Envoy takes no time below nothing
        }
        if (rules.hasGt() && actual.compareTo(of(rules.getGt())) <= 0) {
            problems.expected(name, actual, "more than " + of(rules.getGt()));
        }
        if (rules.hasGte() && actual.compareTo(of(rules.getGte())) < 0) {
            problems.expected(name, actual, "at least " + of(rules.getGte()));
        }
        if (rules.hasLt() && actual.compareTo(of(rules.getLt())) >= 0) {
            problems.expected(name, actual, "less than " + of(rules.getLt()));
        }
        if (rules.hasLte() && actual.compareTo(of(rules.getLte())) > 0) {
            problems.expected(name, actual, "at most " + of(rules.getLte()));
        }
    }

    private static java.time.Duration of(com.google.protobuf.Duration duration) {
        return java.time.Duration.ofSeconds(duration.getSeconds(), duration.getNanos());
    }
}
