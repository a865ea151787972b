package io.sluice.xdsserver.snapshot;

import com.google.protobuf.Any;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.TypeRegistry;
import com.google.protobuf.util.JsonFormat;
import io.envoyproxy.envoy.config.core.v3.DataSource;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.Secret;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A resource as people read it: protobuf's JSON with Envoy's field names, as Envoy's own {@code /config_dump} has it, keys redacted too. */
public final class ResourceJson {
    private static final DataSource REDACTED =
            DataSource.newBuilder().setInlineString("[redacted]").build();

    private ResourceJson() {}

    /** Costs a parse: not for event loops. What cannot be read is shown as its type and its bytes in Base64. */
    public static String print(VersionedResource resource) {
        try {
            return json(resource.type() == ResourceType.SECRET ? withoutKey(resource.body()) : resource.body());
        } catch (InvalidProtocolBufferException e) {
            if (resource.type() == ResourceType.SECRET) {
                return "{\"@type\": \"" + resource.type().typeUrl() + "\"}";
            }
            return "{\"@type\": \"" + resource.type().typeUrl() + "\", \"value\": \""
                    + Base64.getEncoder()
                            .encodeToString(resource.body().getValue().toByteArray()) + "\"}";
        }
    }

    /** With its key, for whoever must load it. */
    static String json(Any body) throws InvalidProtocolBufferException {
        Map<String, Descriptor> types = new HashMap<>();
        collect(body, types);
        return JsonFormat.printer()
                .usingTypeRegistry(TypeRegistry.newBuilder().add(types.values()).build())
                .preservingProtoFieldNames()
                .print(body);
    }

    private static Any withoutKey(Any body) throws InvalidProtocolBufferException {
        Secret secret = body.unpack(Secret.class);
        return secret.hasTlsCertificate()
                        && !secret.getTlsCertificate().getPrivateKey().hasFilename()
                ? Any.pack(secret.toBuilder()
                        .setTlsCertificate(
                                secret.getTlsCertificate().toBuilder().setPrivateKey(REDACTED))
                        .build())
                : body;
    }

    /** The printer needs to know each type that travels inside another. */
    private static void collect(Any any, Map<String, Descriptor> types) throws InvalidProtocolBufferException {
        Optional<Message> prototype = prototype(any.getTypeUrl());
        if (prototype.isPresent()) {
            Message message = prototype.get();
            types.put(any.getTypeUrl(), message.getDescriptorForType());
            collect(message.getParserForType().parseFrom(any.getValue()), types);
        }
    }

    private static void collect(Message message, Map<String, Descriptor> types) throws InvalidProtocolBufferException {
        if (message instanceof Any any) {
            collect(any, types);
            return;
        }
        for (Object value : message.getAllFields().values()) {
            for (Object each : value instanceof Iterable<?> many ? many : List.of(value)) {
                if (each instanceof Message inner) {
                    collect(inner, types);
                }
            }
        }
    }

    /** Envoy's messages lie in packages of the same name, below {@code io.envoyproxy}. */
    private static Optional<Message> prototype(String typeUrl) {
        String name = typeUrl.substring(typeUrl.lastIndexOf('/') + 1);
        String prefix = name.startsWith("envoy.") ? "io.envoyproxy." : "com.";
        if (!name.startsWith("envoy.") && !name.startsWith("google.protobuf.")) {
            return Optional.empty();
        }
        try {
            Class<?> type = Class.forName(prefix + name, true, ResourceJson.class.getClassLoader());
            return Optional.of((Message) type.getMethod("getDefaultInstance").invoke(null));
        } catch (ReflectiveOperationException e) {
            return Optional.empty();
        }
    }
}
