package io.sluice.gateway.xds;

import com.google.protobuf.Any;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import io.envoyproxy.envoy.config.bootstrap.v3.Bootstrap;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.endpoint.v3.ClusterLoadAssignment;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.config.route.v3.FilterConfig;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.Secret;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;

/**
 * Which fields the gateway obeys. A field that is neither supported nor without effect is refused when it is set, and so is a message type that
 * is not listed and a wire field that its descriptor does not know: a skipped field may be somebody's lock.
 */
public final class SupportMatrix {
    /** What keeps callers out. */
    private static final Set<String> GUARDS = Set.of(
            "RBAC",
            "JwtAuthentication",
            "ExtAuthz",
            "OAuth2",
            "ApiKeyAuth",
            "BasicAuth",
            "CsrfPolicy",
            "RateLimit",
            "LocalRateLimit",
            "RateLimitQuotaFilterConfig",
            "ExternalProcessor",
            "AdmissionControl",
            "CdnLoop",
            "GcpAuthnFilterConfig",
            "IPTagging",
            "AwsRequestSigning");

    private static final Fields NONE = new Fields(List.of(), List.of());

    private final Map<Part, SortedMap<String, Fields>> parts;

    private SupportMatrix(Map<Part, SortedMap<String, Fields>> parts) {
        this.parts = Collections.unmodifiableMap(parts);
    }

    /** The same message may be obeyed differently where it stands: a cluster's HTTP options are not a listener's. */
    @SuppressWarnings("ImmutableEnumChecker") // the lists do not change
    enum Part {
        LISTENERS(
                List.of("listener", "limits", "filters", "auth"),
                Listener.getDescriptor(),
                RouteConfiguration.getDescriptor(),
                Secret.getDescriptor()),
        CLUSTERS(List.of("cluster"), Cluster.getDescriptor(), ClusterLoadAssignment.getDescriptor()),
        BOOTSTRAP(List.of("bootstrap"), Bootstrap.getDescriptor());

        private final List<String> files;
        private final List<Descriptor> roots;

        Part(List<String> files, Descriptor... roots) {
            this.files = files;
            this.roots = List.of(roots);
        }

        /** The messages with which it begins, wherever they stand. */
        List<Descriptor> roots() {
            return roots;
        }

        private static Optional<Part> beginningWith(Descriptor type) {
            return Stream.of(values()).filter(part -> part.roots.contains(type)).findFirst();
        }
    }

    /** @param ignored set without effect on traffic */
    record Fields(List<String> supported, List<String> ignored) {
        static Fields of(Map<String, List<String>> words) {
            return new Fields(words.getOrDefault("supported", List.of()), words.getOrDefault("ignored", List.of()));
        }
    }

    /** Reads the lists that the program carries. */
    public static SupportMatrix load() {
        Map<Part, SortedMap<String, Fields>> parts = new EnumMap<>(Part.class);
        for (Part part : Part.values()) {
            SortedMap<String, Fields> messages = new TreeMap<>();
            part.files.forEach(file -> read(file, messages));
            parts.put(part, Collections.unmodifiableSortedMap(messages));
        }
        return new SupportMatrix(parts);
    }

    private static void read(String file, SortedMap<String, Fields> into) {
        try (InputStream in = SupportMatrix.class.getResourceAsStream("/support/" + file + ".yaml")) {
            Map<String, Map<String, List<String>>> messages = new Yaml(new LoaderOptions()).load(in);
            messages.forEach((name, words) -> {
                if (into.put(name, Fields.of(words)) != null) {
                    throw new IllegalStateException("support/" + file + ".yaml: " + name + " twice");
                }
            });
        } catch (IOException e) {
            throw new UncheckedIOException("support/" + file + ".yaml", e);
        }
    }

    SortedMap<String, Fields> messages(Part part) {
        return Objects.requireNonNull(parts.get(part));
    }

    /** Reports every set field that is not supported, at any depth, messages packed in others too. */
    public void check(Message message, Problems problems) {
        check(message, Part.beginningWith(message.getDescriptorForType()).orElseThrow(), problems);
    }

    /** Whether to skip a filter of this type would leave a door open, whatever its configuration calls optional. */
    public static boolean guards(String typeUrl) {
        return GUARDS.contains(typeUrl.substring(typeUrl.lastIndexOf('.') + 1));
    }

    private void check(Message message, Part around, Problems problems) {
        if (!message.getUnknownFields().asMap().isEmpty()) {
            problems.unsupported(
                    "wire field " + message.getUnknownFields().asMap().keySet());
        }
        if (message instanceof Any any) {
            packed(any, around, problems);
            return;
        }
        Descriptor descriptor = message.getDescriptorForType();
        Part part = Part.beginningWith(descriptor).orElse(around);
        String type = descriptor.getFullName();
        boolean plain = type.startsWith("google.protobuf.");
        Fields fields = messages(part).getOrDefault(type, NONE);
        message.getAllFields().forEach((field, value) -> {
            if (value instanceof Any any && isSkipped(message, any)) {
                return;
            }
            if (!plain && !isListed(fields, field)) {
                if (!isEmptyMessage(value)) {
                    problems.unsupported(field.getName());
                }
            } else if (plain || fields.supported().contains(field.getName())) {
                deeper(field, value, part, problems);
            }
        });
    }

    /** What its neighbour calls optional and nobody knows. */
    private static boolean isSkipped(Message around, Any any) {
        boolean optional = around instanceof HttpFilter filter
                ? filter.getIsOptional()
                : around instanceof FilterConfig config && config.getIsOptional();
        return optional && EnvoyTypes.known(any.getTypeUrl()).isEmpty() && !guards(any.getTypeUrl());
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

    private void deeper(FieldDescriptor field, Object value, Part part, Problems problems) {
        if (field.getJavaType() != FieldDescriptor.JavaType.MESSAGE) {
            return;
        }
        if (!field.isRepeated()) {
            check((Message) value, part, problems.at(field.getName()));
            return;
        }
        List<?> items = (List<?>) value;
        for (int i = 0; i < items.size(); i++) {
            Message item = (Message) items.get(i);
            if (field.isMapField()) {
                entry(field, item, part, problems);
            } else {
                check(item, part, problems.at(field.getName() + "[" + i + "]"));
            }
        }
    }

    private void entry(FieldDescriptor field, Message entry, Part part, Problems problems) {
        Object key = entry.getField(entry.getDescriptorForType().findFieldByName("key"));
        Object value = entry.getField(entry.getDescriptorForType().findFieldByName("value"));
        if (value instanceof Message message) {
            check(message, part, problems.at(field.getName() + "['" + key + "']"));
        }
    }

    private void packed(Any any, Part part, Problems problems) {
        if (any.getTypeUrl().isEmpty()) {
            return;
        }
        try {
            Optional<Message> message = EnvoyTypes.unpack(any);
            if (message.isEmpty()) {
                problems.unsupported("@type", any.getTypeUrl());
            } else {
                check(message.get(), part, problems);
            }
        } catch (InvalidProtocolBufferException e) {
            problems.wrong("value", String.valueOf(e.getMessage()));
        }
    }
}
