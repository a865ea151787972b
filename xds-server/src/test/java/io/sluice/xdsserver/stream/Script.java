package io.sluice.xdsserver.stream;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.rpc.Status;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryResponse;
import io.sluice.xdsserver.snapshot.ResourceType;
import io.sluice.xdsserver.snapshot.Snapshot;
import io.sluice.xdsserver.snapshot.VersionedResource;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** A client that says what the test tells it to, in either variant's words. */
abstract class Script {
    /** What a client says of itself on the first request of a stream, and only there. */
    private Optional<Node> node;

    private Script(Node node) {
        this.node = Optional.of(node);
    }

    static Script sotw(Link<DiscoveryRequest, DiscoveryResponse> link, Node node) {
        return new Sotw(link, node);
    }

    static Script delta(Link<DeltaDiscoveryRequest, DeltaDiscoveryResponse> link, Node node) {
        return new Delta(link, node);
    }

    abstract Variant variant();

    abstract Link<?, ?> link();

    /** A first request that names nothing. */
    abstract void all(ResourceType type);

    /** Names more. */
    abstract void subscribe(ResourceType type, String... names);

    /** Names less. */
    abstract void unsubscribe(ResourceType type, String... names);

    abstract void ack(Received received);

    /** The ACK itself leaves a name out; only SotW can say that. */
    final void ackWithout(Received received, String name) {
        forget(received.type(), name);
        ack(received);
    }

    void forget(ResourceType type, String name) {
        throw new UnsupportedOperationException();
    }

    abstract void nack(Received received, String reason);

    /** A first request for a type that nobody knows. */
    abstract void unknownType(String typeUrl);

    /** Comes back after a break: a first request with what it holds. */
    abstract void resume(ResourceType type, Set<String> names, String version, Map<String, String> held);

    abstract Optional<Received> take();

    abstract List<Received> rest();

    void publish(VersionedResource... resources) {
        publish(Sample.snapshot(resources));
    }

    void publish(Snapshot snapshot) {
        link().publish(snapshot);
    }

    void grow() {
        link().grow();
    }

    Client.Subscribed view(ResourceType type) {
        return link().view().stream()
                .filter(each -> each.type() == type)
                .findFirst()
                .orElseThrow();
    }

    /** The next response, which must be this one. Order does not matter within it; delta also says what is gone. */
    Received expect(ResourceType type, String... resources) {
        return expect(type, List.of(resources), List.of());
    }

    Received expect(ResourceType type, List<String> resources, List<String> removed) {
        Received received =
                take().orElseThrow(() -> new AssertionError("no response; expected " + type + " " + resources));
        assertThat(received.type()).isEqualTo(type);
        assertThat(received.resources()).containsExactlyInAnyOrderElementsOf(resources);
        if (variant() == Variant.DELTA) {
            assertThat(received.removed()).containsExactlyInAnyOrderElementsOf(removed);
        }
        return received;
    }

    void expectNothing() {
        assertThat(rest()).isEmpty();
    }

    /** Takes and acknowledges everything until the server has no more to say. */
    List<Received> settle() {
        List<Received> all = new ArrayList<>();
        for (List<Received> some = rest(); !some.isEmpty(); some = rest()) {
            some.forEach(this::ack);
            all.addAll(some);
        }
        return all;
    }

    Node nodeOnce() {
        Node now = node.orElse(Node.getDefaultInstance());
        node = Optional.empty();
        return now;
    }

    private static Status error(String reason) {
        return Status.newBuilder().setCode(3).setMessage(reason).build();
    }

    /** Each request repeats all names, the version last taken and the nonce last answered. */
    private static final class Sotw extends Script {
        private final Link<DiscoveryRequest, DiscoveryResponse> link;
        private final Map<ResourceType, Set<String>> names = new EnumMap<>(ResourceType.class);
        private final Map<ResourceType, String> versions = new EnumMap<>(ResourceType.class);
        private final Map<ResourceType, String> nonces = new EnumMap<>(ResourceType.class);

        private Sotw(Link<DiscoveryRequest, DiscoveryResponse> link, Node node) {
            super(node);
            this.link = link;
        }

        @Override
        Variant variant() {
            return Variant.SOTW;
        }

        @Override
        Link<?, ?> link() {
            return link;
        }

        private DiscoveryRequest.Builder request(ResourceType type, String nonce) {
            return DiscoveryRequest.newBuilder()
                    .setNode(nodeOnce())
                    .setTypeUrl(type.typeUrl())
                    .setVersionInfo(versions.getOrDefault(type, ""))
                    .setResponseNonce(nonce)
                    .addAllResourceNames(names(type));
        }

        private Set<String> names(ResourceType type) {
            return names.computeIfAbsent(type, any -> new TreeSet<>());
        }

        private void send(ResourceType type) {
            link.send(request(type, nonces.getOrDefault(type, "")).build());
        }

        @Override
        void all(ResourceType type) {
            send(type);
        }

        @Override
        void subscribe(ResourceType type, String... more) {
            names(type).addAll(List.of(more));
            send(type);
        }

        @Override
        void unsubscribe(ResourceType type, String... less) {
            names(type).removeAll(List.of(less));
            send(type);
        }

        @Override
        void ack(Received received) {
            versions.put(received.type(), received.version());
            nonces.put(received.type(), received.nonce());
            send(received.type());
        }

        @Override
        void nack(Received received, String reason) {
            nonces.put(received.type(), received.nonce());
            link.send(request(received.type(), received.nonce())
                    .setErrorDetail(error(reason))
                    .build());
        }

        @Override
        void forget(ResourceType type, String name) {
            names(type).remove(name);
        }

        @Override
        void unknownType(String typeUrl) {
            link.send(DiscoveryRequest.newBuilder()
                    .setNode(nodeOnce())
                    .setTypeUrl(typeUrl)
                    .addResourceNames("x")
                    .build());
        }

        @Override
        void resume(ResourceType type, Set<String> wanted, String version, Map<String, String> held) {
            names(type).addAll(wanted);
            versions.put(type, version);
            send(type);
        }

        @Override
        Optional<Received> take() {
            return link.next().map(Received::of);
        }

        @Override
        List<Received> rest() {
            return link.rest().stream().map(Received::of).toList();
        }
    }

    private static final class Delta extends Script {
        private final Link<DeltaDiscoveryRequest, DeltaDiscoveryResponse> link;

        private Delta(Link<DeltaDiscoveryRequest, DeltaDiscoveryResponse> link, Node node) {
            super(node);
            this.link = link;
        }

        @Override
        Variant variant() {
            return Variant.DELTA;
        }

        @Override
        Link<?, ?> link() {
            return link;
        }

        private DeltaDiscoveryRequest.Builder request(ResourceType type) {
            return DeltaDiscoveryRequest.newBuilder().setNode(nodeOnce()).setTypeUrl(type.typeUrl());
        }

        @Override
        void all(ResourceType type) {
            link.send(request(type).build());
        }

        @Override
        void subscribe(ResourceType type, String... more) {
            link.send(request(type).addAllResourceNamesSubscribe(List.of(more)).build());
        }

        @Override
        void unsubscribe(ResourceType type, String... less) {
            link.send(
                    request(type).addAllResourceNamesUnsubscribe(List.of(less)).build());
        }

        @Override
        void ack(Received received) {
            link.send(
                    request(received.type()).setResponseNonce(received.nonce()).build());
        }

        @Override
        void nack(Received received, String reason) {
            link.send(request(received.type())
                    .setResponseNonce(received.nonce())
                    .setErrorDetail(error(reason))
                    .build());
        }

        @Override
        void unknownType(String typeUrl) {
            link.send(DeltaDiscoveryRequest.newBuilder()
                    .setNode(nodeOnce())
                    .setTypeUrl(typeUrl)
                    .addResourceNamesSubscribe("x")
                    .build());
        }

        @Override
        void resume(ResourceType type, Set<String> wanted, String version, Map<String, String> held) {
            link.send(request(type)
                    .addAllResourceNamesSubscribe(wanted)
                    .putAllInitialResourceVersions(new TreeMap<>(held))
                    .build());
        }

        @Override
        Optional<Received> take() {
            return link.next().map(Received::of);
        }

        @Override
        List<Received> rest() {
            return link.rest().stream().map(Received::of).toList();
        }
    }
}
