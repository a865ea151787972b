package io.sluice.xdsserver.stream;

import com.linecorp.armeria.client.ClientFactory;
import com.linecorp.armeria.client.grpc.GrpcClients;
import io.envoyproxy.envoy.config.core.v3.Locality;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.service.discovery.v3.AggregatedDiscoveryServiceGrpc.AggregatedDiscoveryServiceStub;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryResponse;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.sluice.xdsserver.settings.HostPort;
import io.sluice.xdsserver.snapshot.Snapshot;
import io.sluice.xdsserver.translate.NodeGroup;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Function;

/** The real service on a real port, and gRPC clients of it over loopback. */
final class Wire implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    final FakeSnapshots snapshots = new FakeSnapshots();
    final Clients clients = new Clients();
    final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private final AdsServer server;
    private final Queue<Runnable> grown = new ConcurrentLinkedQueue<>();
    private final AtomicInteger nodes = new AtomicInteger();
    private final AtomicLong sent = new AtomicLong();
    private final AtomicLong received = new AtomicLong();

    /** Time passes when a script says so. */
    Wire(int maxAnswerBytes) {
        server = new AdsServer(
                new HostPort("127.0.0.1", 0),
                new AdsService(
                        snapshots,
                        clients,
                        meters,
                        () -> DirectLink.NOW,
                        DirectLink.IDENTIFIER,
                        maxAnswerBytes,
                        (loop, task) -> grown.add(() -> loop.submit(task).syncUninterruptibly())));
        server.start();
    }

    int port() {
        return server.address().port();
    }

    /** A node that is alone in its group. */
    Node node() {
        int number = nodes.incrementAndGet();
        return Node.newBuilder()
                .setId("node-" + number)
                .setLocality(Locality.newBuilder().setRegion("region-" + number))
                .build();
    }

    Script sotw(Node node) {
        return Script.sotw(
                this.<DiscoveryRequest, DiscoveryResponse>link(node, port(), stub -> stub::streamAggregatedResources),
                node);
    }

    Script delta(Node node) {
        return Script.delta(
                this.<DeltaDiscoveryRequest, DeltaDiscoveryResponse>link(
                        node, port(), stub -> stub::deltaAggregatedResources),
                node);
    }

    <Q, R> WireLink<Q, R> link(
            Node node,
            int port,
            Function<AggregatedDiscoveryServiceStub, Function<StreamObserver<R>, StreamObserver<Q>>> method) {
        return new WireLink<>(NodeGroupParser.parse(node), port, method);
    }

    double count(String counter) {
        return meters.find(counter).counters().stream()
                .mapToDouble(Counter::count)
                .sum();
    }

    private void awaitRequests() {
        await("all requests taken", () -> count("xds.requests") == sent.get());
    }

    /** What a stream that was given up has not taken or not sent does not count for the next. */
    void forget() {
        await("all streams closed", () -> clients.count() == 0 && openStreams() == 0);
        grown.clear();
        sent.set((long) count("xds.requests"));
        received.set((long) count("xds.responses"));
    }

    double openStreams() {
        return meters.find("xds.streams").gauges().stream()
                .mapToDouble(gauge -> gauge.value())
                .sum();
    }

    static void await(String what, BooleanSupplier condition) {
        Instant end = Instant.now().plus(PATIENCE);
        while (!condition.getAsBoolean()) {
            if (Instant.now().isAfter(end)) {
                throw new AssertionError("still not: " + what);
            }
            LockSupport.parkNanos(200_000);
        }
    }

    @Override
    public void close() {
        server.close();
    }

    /** One call on a connection of its own. */
    final class WireLink<Q, R> implements Link<Q, R> {
        private final ClientFactory connection =
                ClientFactory.builder().http2InitialStreamWindowSize(65_535).build();
        private final NodeGroup group;
        private final LinkedBlockingQueue<R> responses = new LinkedBlockingQueue<>();
        private final StreamObserver<Q> requests;
        private volatile boolean ended;

        private WireLink(
                NodeGroup group,
                int port,
                Function<AggregatedDiscoveryServiceStub, Function<StreamObserver<R>, StreamObserver<Q>>> method) {
            this.group = group;
            AggregatedDiscoveryServiceStub stub = GrpcClients.builder("http://127.0.0.1:" + port)
                    .factory(connection)
                    .responseTimeoutMillis(0)
                    .maxResponseLength(0)
                    .build(AggregatedDiscoveryServiceStub.class);
            requests = method.apply(stub).apply(new StreamObserver<>() {
                @Override
                public void onNext(R response) {
                    received.incrementAndGet();
                    responses.add(response);
                }

                @Override
                public void onError(Throwable cause) {
                    ended = true;
                }

                @Override
                public void onCompleted() {
                    ended = true;
                }
            });
        }

        @Override
        public void send(Q request) {
            if (ended) {
                throw new AssertionError("the server has ended the stream");
            }
            sent.incrementAndGet();
            requests.onNext(request);
        }

        @Override
        public Optional<R> next() {
            try {
                return Optional.ofNullable(responses.poll(PATIENCE.toMillis(), TimeUnit.MILLISECONDS));
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }

        @Override
        public List<R> rest() {
            awaitRequests();
            double before;
            do {
                before = count("xds.responses");
                clients.list().join(); // each stream's event loop has come around
                await("all responses here", () -> count("xds.responses") == received.get());
                clients.list().join();
            } while (count("xds.responses") != before);
            List<R> all = new ArrayList<>();
            responses.drainTo(all);
            return all;
        }

        @Override
        public void publish(Snapshot snapshot) {
            awaitRequests();
            snapshots.publish(group, snapshot);
        }

        @Override
        public void grow() {
            awaitRequests();
            for (Runnable task = grown.poll(); task != null; task = grown.poll()) {
                task.run();
            }
        }

        @Override
        public List<Client.Subscribed> view() {
            awaitRequests();
            return clients.list().join().stream()
                    .filter(client -> client.group().equals(group))
                    .findFirst()
                    .orElseThrow()
                    .types();
        }

        /** The client says that it is done. */
        void complete() {
            requests.onCompleted();
        }

        @Override
        public void cancel() {
            ((ClientCallStreamObserver<Q>) requests).cancel("done", null);
            connection.closeAsync();
        }
    }
}
