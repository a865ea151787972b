package io.sluice.xdsserver.stream;

import com.linecorp.armeria.server.HttpService;
import com.linecorp.armeria.server.grpc.GrpcService;
import io.envoyproxy.envoy.config.core.v3.ControlPlane;
import io.envoyproxy.envoy.service.discovery.v3.AggregatedDiscoveryServiceGrpc.AggregatedDiscoveryServiceImplBase;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryResponse;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.micrometer.core.instrument.MeterRegistry;
import io.netty.channel.EventLoop;
import io.sluice.xdsserver.snapshot.SnapshotSource;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;

/** Envoy's AggregatedDiscoveryService, both variants, for Envoys, gateways and proxyless gRPC. */
public final class AdsService {
    /** A client that comes back lists the version of everything it holds: 16 MiB is about 200,000 resources. */
    private static final int MAX_REQUEST_BYTES = 16 << 20;

    /** How long a client that comes back may take to ask for all its types; Envoy sends these requests in one burst. */
    private static final Duration GROWN_AFTER = Duration.ofSeconds(2);

    private final SnapshotSource snapshots;
    private final Clients clients;
    private final InstantSource time;
    private final ControlPlane controlPlane;
    private final int maxAnswerBytes;
    private final BiConsumer<EventLoop, Runnable> whenGrown;
    private final StreamMeters sotwMeters;
    private final StreamMeters deltaMeters;

    /**
     * @param identifier names this server to its clients, in each response
     * @param maxAnswerBytes where a response is split that need not be whole; gRPC clients take 4 MiB by default
     */
    public AdsService(
            SnapshotSource snapshots,
            Clients clients,
            MeterRegistry meters,
            InstantSource time,
            String identifier,
            int maxAnswerBytes) {
        this(
                snapshots,
                clients,
                meters,
                time,
                identifier,
                maxAnswerBytes,
                (loop, task) -> loop.schedule(task, GROWN_AFTER.toMillis(), TimeUnit.MILLISECONDS));
    }

    /** @param whenGrown runs a task on a loop, some time later */
    AdsService(
            SnapshotSource snapshots,
            Clients clients,
            MeterRegistry meters,
            InstantSource time,
            String identifier,
            int maxAnswerBytes,
            BiConsumer<EventLoop, Runnable> whenGrown) {
        this.snapshots = snapshots;
        this.clients = clients;
        this.time = time;
        this.maxAnswerBytes = maxAnswerBytes;
        this.whenGrown = whenGrown;
        controlPlane = ControlPlane.newBuilder().setIdentifier(identifier).build();
        sotwMeters = new StreamMeters(meters, Variant.SOTW);
        deltaMeters = new StreamMeters(meters, Variant.DELTA);
    }

    /** What a server adds with {@code service(...)}; it needs no further settings. */
    public GrpcService grpcService() {
        return GrpcService.builder()
                .addService(new Methods(), List.of(AdsService::withoutLimits))
                .maxRequestMessageLength(MAX_REQUEST_BYTES)
                .build();
    }

    /** A stream lasts as long as its client: neither its time nor the sum of its requests is bounded. */
    private static HttpService withoutLimits(HttpService service) {
        return service.decorate((delegate, context, request) -> {
            context.clearRequestTimeout();
            context.setMaxRequestLength(0);
            return delegate.serve(context, request);
        });
    }

    private final class Methods extends AggregatedDiscoveryServiceImplBase {
        @Override
        public StreamObserver<DiscoveryRequest> streamAggregatedResources(StreamObserver<DiscoveryResponse> responses) {
            return new AdsCall<>(
                    Variant.SOTW,
                    snapshots,
                    clients,
                    sotwMeters,
                    time,
                    whenGrown,
                    (ServerCallStreamObserver<DiscoveryResponse>) responses,
                    listener -> new SotwStream(controlPlane, maxAnswerBytes, time, listener));
        }

        @Override
        public StreamObserver<DeltaDiscoveryRequest> deltaAggregatedResources(
                StreamObserver<DeltaDiscoveryResponse> responses) {
            return new AdsCall<>(
                    Variant.DELTA,
                    snapshots,
                    clients,
                    deltaMeters,
                    time,
                    whenGrown,
                    (ServerCallStreamObserver<DeltaDiscoveryResponse>) responses,
                    listener -> new DeltaStream(controlPlane, maxAnswerBytes, time, listener));
        }
    }
}
