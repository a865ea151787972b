package io.sluice.gateway.xds;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** Envoy's message types that can be met in a configuration. */
final class Reachable {
    private Reachable() {}

    /** Through any field. */
    static SortedMap<String, Descriptor> all() {
        SortedMap<String, Descriptor> found = new TreeMap<>();
        for (SupportMatrix.Part part : SupportMatrix.Part.values()) {
            Stream<Descriptor> packed = EnvoyTypes.all().stream().map(Message::getDescriptorForType);
            found.putAll(through(Stream.concat(part.roots().stream(), packed), field -> true));
        }
        return found;
    }

    /** Through fields that the gateway obeys in that part, and through what of the part may be packed in an {@code Any}. */
    static SortedMap<String, Descriptor> obeyed(SupportMatrix matrix, SupportMatrix.Part part) {
        SortedMap<String, SupportMatrix.Fields> messages = matrix.messages(part);
        Stream<Descriptor> packed = EnvoyTypes.all().stream()
                .map(Message::getDescriptorForType)
                .filter(type -> messages.containsKey(type.getFullName()));
        SortedMap<String, Descriptor> found = through(Stream.concat(part.roots().stream(), packed), field -> {
            SupportMatrix.Fields fields = messages.get(field.getContainingType().getFullName());
            return fields != null && fields.supported().contains(field.getName());
        });
        for (SupportMatrix.Part other : SupportMatrix.Part.values()) {
            if (other != part) {
                other.roots().forEach(root -> found.remove(root.getFullName()));
            }
        }
        return found;
    }

    private static SortedMap<String, Descriptor> through(Stream<Descriptor> from, Predicate<FieldDescriptor> follow) {
        SortedMap<String, Descriptor> found = new TreeMap<>();
        Deque<Descriptor> open = new ArrayDeque<>();
        from.forEach(open::add);
        while (!open.isEmpty()) {
            Descriptor type = open.remove();
            if (type.getFullName().startsWith("google.protobuf.") || found.put(type.getFullName(), type) != null) {
                continue;
            }
            for (FieldDescriptor field : type.getFields()) {
                if (field.getJavaType() == FieldDescriptor.JavaType.MESSAGE && follow.test(field)) {
                    open.add(
                            field.isMapField()
                                    ? valueOf(field.getMessageType().findFieldByName("value"), type)
                                    : field.getMessageType());
                }
            }
        }
        return found;
    }

    private static Descriptor valueOf(FieldDescriptor value, Descriptor otherwise) {
        return value.getJavaType() == FieldDescriptor.JavaType.MESSAGE ? value.getMessageType() : otherwise;
    }
}
