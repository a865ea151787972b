package io.sluice.gateway.xds;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.EnumDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import java.util.List;
import java.util.Optional;

/** Changes one thing somewhere in a message, as a fuzzer says: sets, clears, doubles, empties; goes down into {@code Any} as well. */
public final class RandomEdit {
    private static final int MOST_LEVELS = 12;
    /** Where parsers branch. */
    private static final List<String> WORDS = List.of(
            "",
            "*",
            "/",
            "/a",
            "//",
            "*.test",
            "www.*",
            ".*",
            "(a+)+$",
            "[",
            "\\",
            "\\1",
            "a".repeat(300),
            "%REQ(:PATH)%",
            "%REQ(%",
            "%%",
            "%DYNAMIC_METADATA(a:b)%",
            ":path",
            ":authority",
            "host",
            "x-a",
            "X-A",
            "connection",
            "content-length",
            "a b",
            "a\r\nb: c",
            "\u0000",
            "é",
            "127.0.0.1",
            "::1",
            "0.0.0.0",
            "300.0.0.1",
            "5xx",
            "5xx,reset,no-such",
            "backend",
            "no-such-cluster",
            "GET",
            "websocket",
            "text/html",
            "-1",
            "{a=*}/{b=**}",
            "/{a}/*");

    private static final List<Long> NUMBERS = List.of(
            0L,
            1L,
            -1L,
            2L,
            100L,
            101L,
            503L,
            599L,
            600L,
            65_535L,
            65_536L,
            (long) Integer.MAX_VALUE,
            (long) Integer.MIN_VALUE,
            Long.MAX_VALUE,
            Long.MIN_VALUE,
            315_576_000_001L,
            20_000_000_000L,
            1_000_000_000L);

    private static final List<Double> FRACTIONS =
            List.of(0.0, 0.5, 1.0, -1.0, 100.0, 1e300, Double.NaN, Double.POSITIVE_INFINITY, Double.MIN_VALUE);

    private final FuzzedDataProvider data;

    public RandomEdit(FuzzedDataProvider data) {
        this.data = data;
    }

    public Message apply(Message message) {
        return edited(message, 0);
    }

    private Message edited(Message message, int level) {
        if (message instanceof Any any) {
            return edited(any, level);
        }
        List<FieldDescriptor> fields = message.getDescriptorForType().getFields();
        if (fields.isEmpty() || level > MOST_LEVELS) {
            return message;
        }
        List<FieldDescriptor> set = List.copyOf(message.getAllFields().keySet());
        // what is there already leads further down than what is not
        FieldDescriptor field =
                !set.isEmpty() && data.consumeInt(0, 3) > 0 ? data.pickValue(set) : data.pickValue(fields);
        Message.Builder builder = message.toBuilder();
        if (field.isRepeated()) {
            repeated(builder, field, level);
        } else if (field.getJavaType() == FieldDescriptor.JavaType.MESSAGE) {
            Message now = (Message) message.getField(field);
            switch (message.hasField(field) ? data.consumeInt(0, 7) : 8) {
                case 0 -> builder.clearField(field);
                case 1 -> builder.setField(field, now.getDefaultInstanceForType());
                default -> builder.setField(field, edited(now, level + 1));
            }
        } else {
            builder.setField(field, scalar(field));
        }
        return builder.build();
    }

    private void repeated(Message.Builder builder, FieldDescriptor field, int level) {
        int count = builder.getRepeatedFieldCount(field);
        boolean messages = field.getJavaType() == FieldDescriptor.JavaType.MESSAGE;
        int action = count == 0 ? 0 : data.consumeInt(0, 7);
        int place = count == 0 ? 0 : data.consumeInt(0, count - 1);
        switch (action) {
            case 0 ->
                builder.addRepeatedField(
                        field,
                        messages ? edited(builder.newBuilderForField(field).build(), level + 1) : scalar(field));
            case 1 -> builder.addRepeatedField(field, builder.getRepeatedField(field, place));
            case 2 -> builder.clearField(field);
            default ->
                builder.setRepeatedField(
                        field,
                        place,
                        messages ? edited((Message) builder.getRepeatedField(field, place), level + 1) : scalar(field));
        }
    }

    private Any edited(Any any, int level) {
        try {
            Optional<Message> inside = EnvoyTypes.unpack(any);
            if (inside.isEmpty() || data.consumeInt(0, 15) == 0) {
                Message other = data.pickValue(EnvoyTypes.all());
                return Any.pack(other);
            }
            return Any.pack(edited(inside.get(), level + 1));
        } catch (InvalidProtocolBufferException e) {
            return any;
        }
    }

    private Object scalar(FieldDescriptor field) {
        return switch (field.getJavaType()) {
            case BOOLEAN -> data.consumeBoolean();
            case INT -> number().intValue();
            case LONG -> number();
            case FLOAT -> data.pickValue(FRACTIONS).floatValue();
            case DOUBLE -> data.pickValue(FRACTIONS);
            case STRING -> data.consumeInt(0, 3) == 0 ? data.consumeString(20) : data.pickValue(WORDS);
            case BYTE_STRING -> ByteString.copyFrom(data.consumeBytes(20));
            case ENUM -> enumeration(field.getEnumType());
            case MESSAGE -> throw new AssertionError(field);
        };
    }

    private Long number() {
        return data.consumeInt(0, 3) == 0 ? data.consumeLong(-10, 1_000) : data.pickValue(NUMBERS);
    }

    private Object enumeration(EnumDescriptor type) {
        return data.consumeInt(0, 9) == 0
                ? type.findValueByNumberCreatingIfUnknown(data.consumeInt(-2, 99))
                : data.pickValue(type.getValues());
    }
}
