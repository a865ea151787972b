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
import io.sluice.xdsserver.translate.Translation;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;

/** Serialises and names versions: the same content has the same version on every replica and after every restart. */
final class Snapshots {
    /** 128 bits of SHA-256: two contents of one version would hide a change from every client. */
    private static final int VERSION_BYTES = 16;

    private final Optional<Snapshot> previous;
    private final Map<ResourceType, SortedMap<String, VersionedResource>> resources = new EnumMap<>(ResourceType.class);
    private final Map<ResourceType, String> versions = new EnumMap<>(ResourceType.class);

    private Snapshots(Optional<Snapshot> previous) {
        this.previous = previous;
    }

    /** @param previous whose unchanged resources are used again as they are */
    static Snapshot of(Translation translation, Optional<Snapshot> previous) {
        Snapshots next = new Snapshots(previous);
        next.add(ResourceType.CLUSTER, translation.clusters(), Cluster::getName);
        next.add(ResourceType.ENDPOINT, translation.endpoints(), ClusterLoadAssignment::getClusterName);
        next.add(ResourceType.LISTENER, translation.listeners(), Listener::getName);
        next.add(ResourceType.ROUTE, translation.routes(), RouteConfiguration::getName);
        return new Snapshot(next.resources, next.versions);
    }

    private <T extends Message> void add(ResourceType type, List<T> messages, Function<T, String> name) {
        SortedMap<String, VersionedResource> all = new TreeMap<>();
        for (T message : messages) {
            String called = name.apply(message);
            all.put(called, resource(type, called, bytes(message)));
        }
        MessageDigest hash = sha256();
        all.forEach((called, resource) -> {
            hash.update(called.getBytes(StandardCharsets.UTF_8));
            hash.update((byte) 0);
            hash.update(resource.version().getBytes(StandardCharsets.US_ASCII));
        });
        resources.put(type, all);
        versions.put(type, version(hash));
    }

    private VersionedResource resource(ResourceType type, String name, ByteString bytes) {
        Optional<VersionedResource> same = previous.map(
                        snapshot -> snapshot.of(type).get(name))
                .filter(resource -> resource.body().getValue().equals(bytes));
        if (same.isPresent()) {
            return same.get();
        }
        MessageDigest hash = sha256();
        hash.update(bytes.asReadOnlyByteBuffer());
        Any body = Any.newBuilder().setTypeUrl(type.typeUrl()).setValue(bytes).build();
        return new VersionedResource(type, name, version(hash), body);
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

    private static String version(MessageDigest hash) {
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
