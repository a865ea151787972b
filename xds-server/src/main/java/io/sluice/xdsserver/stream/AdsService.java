package io.sluice.xdsserver.stream;

import com.linecorp.armeria.server.HttpService;
import com.linecorp.armeria.server.grpc.GrpcService;
import com.linecorp.armeria.server.grpc.GrpcServiceBuilder;
import io.envoyproxy.envoy.config.core.v3.ControlPlane;
import io.envoyproxy.envoy.service.cluster.v3.ClusterDiscoveryServiceGrpc;
import io.envoyproxy.envoy.service.discovery.v3.AggregatedDiscoveryServiceGrpc.AggregatedDiscoveryServiceImplBase;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryResponse;
import io.envoyproxy.envoy.service.endpoint.v3.EndpointDiscoveryServiceGrpc;
import io.envoyproxy.envoy.service.listener.v3.ListenerDiscoveryServiceGrpc;
import io.envoyproxy.envoy.service.route.v3.RouteDiscoveryServiceGrpc;
import io.envoyproxy.envoy.service.secret.v3.SecretDiscoveryServiceGrpc;
import io.grpc.BindableService;
import io.grpc.MethodDescriptor;
import io.grpc.ServerServiceDefinition;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import io.micrometer.core.instrument.MeterRegistry;
import io.netty.channel.EventLoop;
import io.sluice.xdsserver.snapshot.ResourceType;
import io.sluice.xdsserver.snapshot.SnapshotSource;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;

/**
 * Envoy's AggregatedDiscoveryService, both variants, for Envoys, gateways and proxyless gRPC, and the services of single types beside it. Only
 * the aggregated one keeps an order between types.
 */
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
        GrpcServiceBuilder services = GrpcService.builder();
        List.of(
                        new Aggregated(),
                        single(
                                ClusterDiscoveryServiceGrpc.SERVICE_NAME,
                                ResourceType.CLUSTER,
                                ClusterDiscoveryServiceGrpc.getStreamClustersMethod(),
                                ClusterDiscoveryServiceGrpc.getDeltaClustersMethod()),
                        single(
                                EndpointDiscoveryServiceGrpc.SERVICE_NAME,
                                ResourceType.ENDPOINT,
                                EndpointDiscoveryServiceGrpc.getStreamEndpointsMethod(),
                                EndpointDiscoveryServiceGrpc.getDeltaEndpointsMethod()),
                        single(
                                ListenerDiscoveryServiceGrpc.SERVICE_NAME,
                                ResourceType.LISTENER,
                                ListenerDiscoveryServiceGrpc.getStreamListenersMethod(),
                                ListenerDiscoveryServiceGrpc.getDeltaListenersMethod()),
                        single(
                                RouteDiscoveryServiceGrpc.SERVICE_NAME,
                                ResourceType.ROUTE,
                                RouteDiscoveryServiceGrpc.getStreamRoutesMethod(),
                                RouteDiscoveryServiceGrpc.getDeltaRoutesMethod()),
                        single(
                                SecretDiscoveryServiceGrpc.SERVICE_NAME,
                                ResourceType.SECRET,
                                SecretDiscoveryServiceGrpc.getStreamSecretsMethod(),
                                SecretDiscoveryServiceGrpc.getDeltaSecretsMethod()))
                .forEach(service -> services.addService(service, List.of(AdsService::withoutLimits)));
        return services.maxRequestMessageLength(MAX_REQUEST_BYTES).build();
    }

    /** A stream lasts as long as its client: neither its time nor the sum of its requests is bounded. */
    private static HttpService withoutLimits(HttpService service) {
        return service.decorate((delegate, context, request) -> {
            context.clearRequestTimeout();
            context.setMaxRequestLength(0);
            return delegate.serve(context, request);
        });
    }

    /** The service of one type: the same stream machine, that knows this type only. */
    private BindableService single(
            String service,
            ResourceType type,
            MethodDescriptor<DiscoveryRequest, DiscoveryResponse> sotw,
            MethodDescriptor<DeltaDiscoveryRequest, DeltaDiscoveryResponse> delta) {
        ServerServiceDefinition methods = ServerServiceDefinition.builder(service)
                .addMethod(sotw, ServerCalls.asyncBidiStreamingCall(responses -> sotw(Optional.of(type), responses)))
                .addMethod(delta, ServerCalls.asyncBidiStreamingCall(responses -> delta(Optional.of(type), responses)))
                .build();
        return () -> methods;
    }

    private StreamObserver<DiscoveryRequest> sotw(
            Optional<ResourceType> only, StreamObserver<DiscoveryResponse> responses) {
        return new AdsCall<>(
                Variant.SOTW,
                snapshots,
                clients,
                sotwMeters,
                time,
                whenGrown,
                (ServerCallStreamObserver<DiscoveryResponse>) responses,
                listener -> new SotwStream(only, controlPlane, maxAnswerBytes, time, listener));
    }

    private StreamObserver<DeltaDiscoveryRequest> delta(
            Optional<ResourceType> only, StreamObserver<DeltaDiscoveryResponse> responses) {
        return new AdsCall<>(
                Variant.DELTA,
                snapshots,
                clients,
                deltaMeters,
                time,
                whenGrown,
                (ServerCallStreamObserver<DeltaDiscoveryResponse>) responses,
                listener -> new DeltaStream(only, controlPlane, maxAnswerBytes, time, listener));
    }

    private final class Aggregated extends AggregatedDiscoveryServiceImplBase {
        @Override
        public StreamObserver<DiscoveryRequest> streamAggregatedResources(StreamObserver<DiscoveryResponse> responses) {
            return sotw(Optional.empty(), responses);
        }

        @Override
        public StreamObserver<DeltaDiscoveryRequest> deltaAggregatedResources(
                StreamObserver<DeltaDiscoveryResponse> responses) {
            return delta(Optional.empty(), responses);
        }
    }
}
