package io.sluice.gateway.xds;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryResponse;
import io.envoyproxy.envoy.service.discovery.v3.Resource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** An xDS server that says what a test makes it say, in either variant, and remembers what it was asked. */
final class ScriptedServer implements AdsTransport {
    private final boolean delta;
    private final List<Channel> streams = new ArrayList<>();
    private final Map<ResourceKind, Map<String, Sent>> state = new TreeMap<>();
    private int nonces;
    private boolean down;
    Runnable onRequest = () -> {};

    private record Sent(Message message, String version) {}

    /**
     * One request, in the words that both variants share.
     *
     * @param names in full state the names subscribed to; in delta those added
     * @param dropped delta only
     * @param initial delta only
     * @param version full state only
     */
    record Request(
            ResourceKind kind,
            String nonce,
            String error,
            Set<String> names,
            Set<String> dropped,
            Map<String, String> initial,
            String version,
            String node) {}

    final class Channel implements Stream {
        final Listener listener;
        final List<Request> requests = new ArrayList<>();
        boolean cancelled;

        Channel(Listener listener) {
            this.listener = listener;
        }

        @Override
        public void send(byte[] message) {
            assertThat(cancelled).as("cancelled").isFalse();
            requests.add(read(message));
            onRequest.run();
        }

        @Override
        public void cancel() {
            cancelled = true;
        }
    }

    ScriptedServer(boolean delta) {
        this.delta = delta;
    }

    @Override
    public Stream open(boolean asksForDelta, Listener listener) {
        assertThat(asksForDelta).isEqualTo(delta);
        Channel stream = new Channel(listener);
        streams.add(stream);
        if (down) {
            listener.onClose("connection refused");
        }
        return stream;
    }

    int streams() {
        return streams.size();
    }

    Channel stream() {
        return streams.getLast();
    }

    /** From now on every stream ends at once. */
    void goDown() {
        down = true;
        stream().listener.onClose("connection lost");
    }

    void comeUp() {
        down = false;
    }

    List<Request> requests(ResourceKind kind) {
        return stream().requests.stream()
                .filter(request -> request.kind() == kind)
                .toList();
    }

    Request last(ResourceKind kind) {
        return requests(kind).getLast();
    }

    /** Changes these resources; what full state needs beside them is what was there before. */
    String change(String version, Message... resources) {
        ResourceKind kind = kindOf(resources[0]);
        for (Message resource : resources) {
            of(kind).put(kind.nameOf(resource), new Sent(resource, version));
        }
        return push(kind, version, List.of(resources), List.of());
    }

    String remove(String version, ResourceKind kind, String... names) {
        List.of(names).forEach(of(kind)::remove);
        return push(kind, version, List.of(), List.of(names));
    }

    /** Sends a resource whose bytes are no message, beside what is there. */
    String changeToNonsense(String version, ResourceKind kind, String name) {
        of(kind).remove(name);
        Any nonsense = Any.newBuilder()
                .setTypeUrl(kind.typeUrl())
                .setValue(ByteString.copyFromUtf8("\u0007nonsense"))
                .build();
        String nonce = nonce();
        if (delta) {
            say(delta(kind, version, nonce)
                    .addResources(Resource.newBuilder()
                            .setName(name)
                            .setVersion(version)
                            .setResource(nonsense))
                    .build());
        } else {
            say(full(kind, version, nonce).addResources(nonsense).build());
        }
        return nonce;
    }

    String push(ResourceKind kind, String version, List<Message> changed, List<String> removed) {
        String nonce = nonce();
        if (delta) {
            DeltaDiscoveryResponse.Builder response = delta(kind, version, nonce);
            changed.forEach(message -> response.addResources(Resource.newBuilder()
                    .setName(kind.nameOf(message))
                    .setVersion(version)
                    .setResource(any(kind, message))));
            say(response.addAllRemovedResources(removed).build());
        } else {
            say(full(kind, version, nonce).build());
        }
        return nonce;
    }

    void say(Message message) {
        stream().listener.onMessage(message.toByteArray());
    }

    String nonce() {
        return "n" + ++nonces;
    }

    private static DeltaDiscoveryResponse.Builder delta(ResourceKind kind, String version, String nonce) {
        return DeltaDiscoveryResponse.newBuilder()
                .setTypeUrl(kind.typeUrl())
                .setSystemVersionInfo(version)
                .setNonce(nonce);
    }

    private DiscoveryResponse.Builder full(ResourceKind kind, String version, String nonce) {
        DiscoveryResponse.Builder response = DiscoveryResponse.newBuilder()
                .setTypeUrl(kind.typeUrl())
                .setVersionInfo(version)
                .setNonce(nonce);
        of(kind).values().forEach(sent -> response.addResources(any(kind, sent.message())));
        return response;
    }

    static Any any(ResourceKind kind, Message message) {
        return Any.newBuilder()
                .setTypeUrl(kind.typeUrl())
                .setValue(message.toByteString())
                .build();
    }

    private Map<String, Sent> of(ResourceKind kind) {
        return state.computeIfAbsent(kind, k -> new TreeMap<>());
    }

    private static ResourceKind kindOf(Message message) {
        return ResourceKind.of(
                        "type.googleapis.com/" + message.getDescriptorForType().getFullName())
                .orElseThrow();
    }

    private Request read(byte[] bytes) {
        try {
            if (delta) {
                DeltaDiscoveryRequest request = DeltaDiscoveryRequest.parseFrom(bytes);
                return new Request(
                        ResourceKind.of(request.getTypeUrl()).orElseThrow(),
                        request.getResponseNonce(),
                        request.getErrorDetail().getMessage(),
                        new TreeSet<>(request.getResourceNamesSubscribeList()),
                        new TreeSet<>(request.getResourceNamesUnsubscribeList()),
                        request.getInitialResourceVersionsMap(),
                        "",
                        request.getNode().getId());
            }
            DiscoveryRequest request = DiscoveryRequest.parseFrom(bytes);
            return new Request(
                    ResourceKind.of(request.getTypeUrl()).orElseThrow(),
                    request.getResponseNonce(),
                    request.getErrorDetail().getMessage(),
                    new TreeSet<>(request.getResourceNamesList()),
                    Set.of(),
                    Map.of(),
                    request.getVersionInfo(),
                    request.getNode().getId());
        } catch (InvalidProtocolBufferException e) {
            throw new AssertionError(e);
        }
    }
}
