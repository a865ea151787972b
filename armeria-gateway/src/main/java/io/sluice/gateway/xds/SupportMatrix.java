package io.sluice.gateway.xds;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.google.protobuf.Any;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Which fields the gateway obeys. A field that is neither supported nor without effect is refused when it is set, and so is a message type that
 * is not listed and a wire field that its descriptor does not know: a skipped field may be somebody's lock.
 */
public final class SupportMatrix {
    private static final List<String> FILES = List.of("listener", "cluster", "limits", "bootstrap");

    private static final Fields NONE = new Fields(List.of(), List.of());

    private final SortedMap<String, Fields> messages;

    private SupportMatrix(SortedMap<String, Fields> messages) {
        this.messages = Collections.unmodifiableSortedMap(messages);
    }

    /** @param ignored set without effect on traffic */
    record Fields(List<String> supported, List<String> ignored) {
        static Fields of(Map<String, List<String>> words) {
            return new Fields(words.getOrDefault("supported", List.of()), words.getOrDefault("ignored", List.of()));
        }
    }

    /** Reads the lists that the program carries. */
    public static SupportMatrix load() {
        ObjectMapper yaml = new ObjectMapper(new YAMLFactory());
        SortedMap<String, Fields> all = new TreeMap<>();
        for (String file : FILES) {
            try (InputStream in = SupportMatrix.class.getResourceAsStream("/support/" + file + ".yaml")) {
                Map<String, Map<String, List<String>>> messages =
                        yaml.readValue(in, new TypeReference<Map<String, Map<String, List<String>>>>() {});
                messages.forEach((name, words) -> all.merge(name, Fields.of(words), SupportMatrix::both));
            } catch (IOException e) {
                throw new UncheckedIOException("support/" + file + ".yaml", e);
            }
        }
        return new SupportMatrix(all);
    }

    private static Fields both(Fields one, Fields other) {
        return new Fields(union(one.supported(), other.supported()), union(one.ignored(), other.ignored()));
    }

    private static List<String> union(List<String> one, List<String> other) {
        return java.util.stream.Stream.concat(one.stream(), other.stream())
                .distinct()
                .toList();
    }

    SortedMap<String, Fields> messages() {
        return messages;
    }

    /** Reports every set field that is not supported, at any depth, messages packed in others too. */
    public void check(Message message, Problems problems) {
        if (!message.getUnknownFields().asMap().isEmpty()) {
            problems.unsupported(
                    "wire field " + message.getUnknownFields().asMap().keySet());
        }
        if (message instanceof Any any) {
            packed(any, problems);
            return;
        }
        String type = message.getDescriptorForType().getFullName();
        boolean plain = type.startsWith("google.protobuf.");
        Fields fields = messages.getOrDefault(type, NONE);
        message.getAllFields().forEach((field, value) -> {
            if (!plain && !isListed(fields, field)) {
                if (!isEmptyMessage(value)) {
                    problems.unsupported(field.getName());
                }
            } else if (plain || fields.supported().contains(field.getName())) {
                deeper(field, value, problems);
            }
        });
    }

    private static boolean isListed(Fields fields, FieldDescriptor field) {
        return fields.supported().contains(field.getName()) || fields.ignored().contains(field.getName());
    }

    /** A default written out means the same as nothing. */
    private static boolean isEmptyMessage(Object value) {
        return value instanceof Message message
                && message.getDescriptorForType().getFullName().startsWith("google.protobuf.")
                && message.getAllFields().isEmpty()
                && !(message instanceof Any);
    }

    private void deeper(FieldDescriptor field, Object value, Problems problems) {
        if (field.getJavaType() != FieldDescriptor.JavaType.MESSAGE) {
            return;
        }
        if (!field.isRepeated()) {
            check((Message) value, problems.at(field.getName()));
            return;
        }
        List<?> items = (List<?>) value;
        for (int i = 0; i < items.size(); i++) {
            Message item = (Message) items.get(i);
            if (field.isMapField()) {
                entry(field, item, problems);
            } else {
                check(item, problems.at(field.getName() + "[" + i + "]"));
            }
        }
    }

    private void entry(FieldDescriptor field, Message entry, Problems problems) {
        Object key = entry.getField(entry.getDescriptorForType().findFieldByName("key"));
        Object value = entry.getField(entry.getDescriptorForType().findFieldByName("value"));
        if (value instanceof Message message) {
            check(message, problems.at(field.getName() + "['" + key + "']"));
        }
    }

    private void packed(Any any, Problems problems) {
        if (any.getTypeUrl().isEmpty()) {
            return;
        }
        try {
            Optional<Message> message = EnvoyTypes.unpack(any);
            if (message.isEmpty()) {
                problems.unsupported("@type", any.getTypeUrl());
            } else {
                check(message.get(), problems);
            }
        } catch (InvalidProtocolBufferException e) {
            problems.wrong("value", String.valueOf(e.getMessage()));
        }
    }
}
