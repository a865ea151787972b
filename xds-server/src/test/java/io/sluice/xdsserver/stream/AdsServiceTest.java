package io.sluice.xdsserver.stream;

import static io.sluice.xdsserver.snapshot.ResourceType.CLUSTER;
import static io.sluice.xdsserver.snapshot.ResourceType.ENDPOINT;
import static io.sluice.xdsserver.snapshot.ResourceType.LISTENER;
import static io.sluice.xdsserver.snapshot.ResourceType.ROUTE;
import static io.sluice.xdsserver.snapshot.ResourceType.SECRET;
import static io.sluice.xdsserver.stream.Sample.cluster;
import static io.sluice.xdsserver.stream.Sample.endpoints;
import static io.sluice.xdsserver.stream.Sample.listener;
import static io.sluice.xdsserver.stream.Sample.route;
import static io.sluice.xdsserver.stream.Sample.secret;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.service.discovery.v3.AggregatedDiscoveryServiceGrpc.AggregatedDiscoveryServiceStub;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryResponse;
import io.envoyproxy.envoy.service.secret.v3.SecretDiscoveryServiceGrpc;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.grpc.stub.StreamObserver;
import io.sluice.xdsserver.settings.HostPort;
import io.sluice.xdsserver.settings.SettingsException;
import io.sluice.xdsserver.snapshot.ResourceType;
import io.sluice.xdsserver.snapshot.VersionedResource;
import io.sluice.xdsserver.translate.NodeGroup;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What only a real connection shows: slow readers, ends of all kinds, and who is connected. */
class AdsServiceTest extends Peers {
    enum End {
        CANCEL,
        COMPLETE,
        CONNECTION_CLOSED,
        CONNECTION_RESET
    }

    @DisplayName("however a client ends, nothing of it is left")
    @ParameterizedTest
    @EnumSource
    void nothingIsLeft(End end) throws IOException {
        try (Relay relay = new Relay(wire.port())) {
            for (int i = 0; i < 3; i++) {
                Node node = wire.node();
                Wire.WireLink<DeltaDiscoveryRequest, DeltaDiscoveryResponse> link =
                        wire.link(node, relay.port(), stub -> stub::deltaAggregatedResources);
                Script client = Script.delta(link, node);
                client.publish(cluster("a", "1"));
                client.all(CLUSTER);
                client.expect(CLUSTER, "a@1");
                assertThat(wire.clients.count()).isEqualTo(1);
                assertThat(wire.snapshots.watches()).isEqualTo(1);
                switch (end) {
                    case CANCEL -> link.cancel();
                    case COMPLETE -> link.complete();
                    case CONNECTION_CLOSED -> relay.hangUp();
                    case CONNECTION_RESET -> relay.tear();
                }
                wire.forget();
                Wire.await("no watch left", () -> wire.snapshots.watches() == 0);
            }
        }
    }

    @Test
    @DisplayName("the service of one type serves that and no other, as state of the world")
    void oneTypeOnlySotw() {
        Node node = wire.node();
        Wire.WireLink<DiscoveryRequest, DiscoveryResponse> link = wire.link(
                node, wire.port(), stub -> SecretDiscoveryServiceGrpc.newStub(stub.getChannel())::streamSecrets);
        expectSecretsOnly(Script.sotw(link, node));
        link.cancel();
    }

    @Test
    @DisplayName("the service of one type serves that and no other, as delta")
    void oneTypeOnlyDelta() {
        Node node = wire.node();
        Wire.WireLink<DeltaDiscoveryRequest, DeltaDiscoveryResponse> link = wire.link(
                node, wire.port(), stub -> SecretDiscoveryServiceGrpc.newStub(stub.getChannel())::deltaSecrets);
        expectSecretsOnly(Script.delta(link, node));
        link.cancel();
    }

    private static void expectSecretsOnly(Script client) {
        client.publish(cluster("a", "1"), secret("s", "1"));
        client.subscribe(SECRET, "s");
        client.ack(client.expect(SECRET, "s@1"));
        client.all(CLUSTER);
        client.expectNothing();
        client.publish(cluster("a", "2"), secret("s", "2"));
        client.ack(client.expect(SECRET, "s@2"));
        client.expectNothing();
    }

    @Test
    @DisplayName("a client whose connection hangs without an end is given up")
    void aHangingConnectionIsGivenUp() throws IOException {
        AdsService service = new AdsService(
                wire.snapshots, wire.clients, wire.meters, () -> DirectLink.NOW, "xds-1", MAX_ANSWER_BYTES);
        try (AdsServer server = new AdsServer(new HostPort("127.0.0.1", 0), service, Duration.ofSeconds(1))) {
            server.start();
            try (Relay relay = new Relay(server.address().port())) {
                Node node = wire.node();
                Script client = Script.delta(
                        wire.<DeltaDiscoveryRequest, DeltaDiscoveryResponse>link(
                                node, relay.port(), stub -> stub::deltaAggregatedResources),
                        node);
                client.publish(cluster("a", "1"));
                client.all(CLUSTER);
                client.ack(client.expect(CLUSTER, "a@1"));
                // Silent, but answering pings, for longer than a connection may be idle: the server's clock is the
                // client's patience.
                client.expectNothing();
                assertThat(wire.clients.count()).isEqualTo(1);
                relay.freeze();
                wire.forget();
                Wire.await("no watch left", () -> wire.snapshots.watches() == 0);
            }
        }
    }

    @Test
    @DisplayName(
            "rule 19: a client that does not read gets, when it does, the newest state of what was not on its way yet")
    void rule19AClientThatDoesNotRead() {
        Node node = wire.node();
        NodeGroup group = NodeGroupParser.parse(node);
        SlowReader client = new SlowReader();
        wire.<DeltaDiscoveryRequest, DeltaDiscoveryResponse>link(node, wire.port(), client::open);
        wire.snapshots.publish(group, Sample.snapshot(endpoints("a", "1"), listener("l", "1", "r"), route("r", "1")));
        client.subscribe(node, ENDPOINT, "a");
        client.subscribe(node, LISTENER, "l");
        client.subscribe(node, ROUTE, "r");
        for (int i = 0; i < 3; i++) {
            client.read(1);
            client.ack(client.heard());
        }
        wire.clients.list().join();

        // More than the window: it cannot leave, and what comes after it waits for a place.
        String much = "x".repeat(200_000);
        for (int version = 2; version <= 50; version++) {
            wire.snapshots.publish(
                    group, Sample.snapshot(endpoints("a", much), listener("l", "2", "q"), route("r", "" + version)));
            wire.clients.list().join();
        }
        client.read(3);
        assertThat(client.heard().resources()).containsExactly("a@" + much);
        assertThat(client.heard().resources()).containsExactly("l@2");
        assertThat(client.heard().resources()).containsExactly("r@50");
        client.cancel();
    }

    @Test
    @DisplayName("a fault of ours ends the stream, so that its client begins anew")
    void aFaultOfOursEndsTheStream() {
        Node node = wire.node();
        Script client = wire.delta(node);
        client.publish(cluster("a", "1"));
        client.all(CLUSTER);
        client.ack(client.expect(CLUSTER, "a@1"));
        Any broken = Any.newBuilder()
                .setTypeUrl(CLUSTER.typeUrl())
                .setValue(ByteString.copyFrom(new byte[] {(byte) 0xff}))
                .build();
        client.subscribe(ENDPOINT, "a");
        client.publish(new VersionedResource(CLUSTER, "a", "2", broken));
        wire.forget();
        assertThatThrownBy(() -> {
                    while (true) {
                        client.all(LISTENER); // until the end of the stream has arrived
                    }
                })
                .isInstanceOf(AssertionError.class);
        wire.forget();
    }

    @Test
    @DisplayName("clients are listed by node, with what each was sent, took and refused")
    void clientsAreListed() {
        List<Script> all = new ArrayList<>();
        for (Peer peer : List.of(Peer.DELTA_OVER_GRPC, Peer.SOTW_OVER_GRPC)) {
            Script client = open(peer);
            client.publish(cluster("a", "1"), endpoints("a", "1"));
            client.all(CLUSTER);
            client.ack(client.expect(CLUSTER, "a@1"));
            client.subscribe(ENDPOINT, "a");
            client.nack(client.expect(ENDPOINT, "a@1"), "a: " + "no".repeat(5000));
            client.expectNothing();
            all.add(client);
        }
        List<Client> clients = wire.clients.list().join();
        assertThat(clients).extracting(Client::variant).containsExactly("delta", "sotw");
        for (Client client : clients) {
            assertThat(client.nodeId()).startsWith("node-");
            assertThat(client.peer()).startsWith("127.0.0.1:");
            assertThat(client.since()).isEqualTo(DirectLink.NOW);
            assertThat(client.types()).extracting(Client.Subscribed::type).containsExactly(CLUSTER, ENDPOINT);
            Client.Subscribed clusters = client.types().getFirst();
            assertThat(clusters.wildcard()).isTrue();
            assertThat(clusters.sent()).contains(new Client.Stamp("v:a@1", DirectLink.NOW));
            assertThat(clusters.accepted()).isEqualTo(clusters.sent());
            Client.Subscribed endpoints = client.types().getLast();
            assertThat(endpoints.names()).containsExactly("a");
            assertThat(endpoints.accepted()).isEmpty();
            Client.Rejection rejection = endpoints.rejection().orElseThrow();
            assertThat(rejection.version()).isEqualTo("v:a@1");
            assertThat(rejection.reason()).startsWith("a: no").hasSize(4096);
        }
        assertThat(all).hasSize(2);
    }

    @Test
    @DisplayName("a taken port stops the start in one line")
    void aTakenPort() {
        AdsService service = new AdsService(
                wire.snapshots, wire.clients, wire.meters, () -> DirectLink.NOW, "xds-1", MAX_ANSWER_BYTES);
        try (AdsServer second = new AdsServer(new HostPort("127.0.0.1", wire.port()), service)) {
            assertThatThrownBy(second::start)
                    .isInstanceOf(SettingsException.class)
                    .hasMessageStartingWith("port: cannot listen on 127.0.0.1:" + wire.port());
        }
    }

    /** Asks for no message until it is told to. */
    private static final class SlowReader
            implements ClientResponseObserver<DeltaDiscoveryRequest, DeltaDiscoveryResponse> {
        private final BlockingQueue<Received> heard = new LinkedBlockingQueue<>();
        private @Nullable ClientCallStreamObserver<DeltaDiscoveryRequest> call;

        Function<StreamObserver<DeltaDiscoveryResponse>, StreamObserver<DeltaDiscoveryRequest>> open(
                AggregatedDiscoveryServiceStub stub) {
            return ignored -> stub.deltaAggregatedResources(this);
        }

        @Override
        public void beforeStart(ClientCallStreamObserver<DeltaDiscoveryRequest> requests) {
            call = requests;
            requests.disableAutoRequestWithInitial(0);
        }

        private ClientCallStreamObserver<DeltaDiscoveryRequest> call() {
            return Objects.requireNonNull(call);
        }

        void subscribe(Node node, ResourceType type, String name) {
            call().onNext(DeltaDiscoveryRequest.newBuilder()
                    .setNode(node)
                    .setTypeUrl(type.typeUrl())
                    .addResourceNamesSubscribe(name)
                    .build());
        }

        void ack(Received received) {
            call().onNext(DeltaDiscoveryRequest.newBuilder()
                    .setTypeUrl(received.type().typeUrl())
                    .setResponseNonce(received.nonce())
                    .build());
        }

        void read(int messages) {
            call().request(messages);
        }

        Received heard() {
            try {
                return Objects.requireNonNull(heard.poll(20, TimeUnit.SECONDS));
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }

        void cancel() {
            call().cancel("done", null);
        }

        @Override
        public void onNext(DeltaDiscoveryResponse response) {
            heard.add(Received.of(response));
        }

        @Override
        public void onError(Throwable cause) {}

        @Override
        public void onCompleted() {}
    }
}
