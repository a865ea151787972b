package io.sluice.xdsserver.snapshot;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.Message;
import com.google.protobuf.UnsafeByteOperations;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.endpoint.v3.ClusterLoadAssignment;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.Secret;
import io.sluice.xdsserver.translate.Translation;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HexFormat;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Serialises one group's translations and names versions: the same content has the same version on every replica and after every restart. */
final class Snapshots {
    /** 128 bits of SHA-256: two contents of one version would hide a change from every client. */
    private static final int VERSION_BYTES = 16;

    /** The last translation's messages, by identity: a message that was not translated again is not serialised again. */
    private IdentityHashMap<Message, VersionedResource> serialised = new IdentityHashMap<>();

    private @Nullable Snapshot last;

    /** Unchanged resources are the same objects as in the snapshot before. */
    Snapshot of(Translation translation) {
        Map<ResourceType, SortedMap<String, VersionedResource>> resources = new EnumMap<>(ResourceType.class);
        IdentityHashMap<Message, VersionedResource> now = new IdentityHashMap<>();
        add(resources, now, ResourceType.CLUSTER, translation.clusters(), Cluster::getName);
        add(resources, now, ResourceType.ENDPOINT, translation.endpoints(), ClusterLoadAssignment::getClusterName);
        add(resources, now, ResourceType.LISTENER, translation.listeners(), Listener::getName);
        add(resources, now, ResourceType.ROUTE, translation.routes(), RouteConfiguration::getName);
        add(resources, now, ResourceType.SECRET, translation.secrets(), Secret::getName);
        serialised = now;
        Map<ResourceType, String> versions = new EnumMap<>(ResourceType.class);
        resources.forEach((type, all) -> versions.put(type, version(all)));
        Snapshot next = last == null ? new Snapshot(resources, versions) : last.next(resources, versions);
        last = next;
        return next;
    }

    private <T extends Message> void add(
            Map<ResourceType, SortedMap<String, VersionedResource>> resources,
            IdentityHashMap<Message, VersionedResource> now,
            ResourceType type,
            List<T> messages,
            Function<T, String> name) {
        SortedMap<String, VersionedResource> all = new TreeMap<>();
        for (T message : messages) {
            VersionedResource known = serialised.get(message);
            VersionedResource resource = known == null ? resource(type, name.apply(message), bytes(message)) : known;
            now.put(message, resource);
            all.put(resource.name(), resource);
        }
        resources.put(type, all);
    }

    private VersionedResource resource(ResourceType type, String name, ByteString bytes) {
        VersionedResource before = last == null ? null : last.of(type).get(name);
        if (before != null && before.body().getValue().equals(bytes)) {
            return before;
        }
        MessageDigest hash = sha256();
        hash.update(bytes.asReadOnlyByteBuffer());
        Any body = Any.newBuilder().setTypeUrl(type.typeUrl()).setValue(bytes).build();
        return new VersionedResource(type, name, text(hash), body);
    }

    private static String version(SortedMap<String, VersionedResource> all) {
        MessageDigest hash = sha256();
        all.forEach((name, resource) -> {
            hash.update(name.getBytes(StandardCharsets.UTF_8));
            hash.update((byte) 0);
            hash.update(resource.version().getBytes(StandardCharsets.US_ASCII));
        });
        return text(hash);
    }

    static String version(Map<ResourceType, String> versions) {
        MessageDigest hash = sha256();
        for (ResourceType type : ResourceType.values()) {
            hash.update(versions.getOrDefault(type, "").getBytes(StandardCharsets.US_ASCII));
            hash.update((byte) 0);
        }
        return text(hash);
    }

    private static ByteString bytes(Message message) {
        byte[] bytes = new byte[message.getSerializedSize()];
        CodedOutputStream out = CodedOutputStream.newInstance(bytes);
        out.useDeterministicSerialization();
        try {
            message.writeTo(out);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        out.checkNoSpaceLeft();
        return UnsafeByteOperations.unsafeWrap(bytes);
    }

    private static String text(MessageDigest hash) {
        return HexFormat.of().formatHex(Arrays.copyOf(hash.digest(), VERSION_BYTES));
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
