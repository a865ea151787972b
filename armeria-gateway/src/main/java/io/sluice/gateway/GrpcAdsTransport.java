package io.sluice.gateway;

import io.sluice.gateway.upstream.GrpcCall;
import io.sluice.gateway.upstream.GrpcCalls;
import io.sluice.gateway.xds.AdsTransport;
import java.time.Duration;
import java.util.Map;

/** The ADS stream as a gRPC call to a cluster of the bootstrap. */
final class GrpcAdsTransport implements AdsTransport {
    private static final String SERVICE = "/envoy.service.discovery.v3.AggregatedDiscoveryService/";

    private final GrpcCalls calls;
    private final String cluster;
    private final Map<String, String> metadata;

    GrpcAdsTransport(GrpcCalls calls, String cluster, Map<String, String> metadata) {
        this.calls = calls;
        this.cluster = cluster;
        this.metadata = Map.copyOf(metadata);
    }

    @Override
    public Stream open(boolean delta, Listener listener) {
        GrpcCall call = calls.open(
                cluster,
                SERVICE + (delta ? "DeltaAggregatedResources" : "StreamAggregatedResources"),
                metadata,
                Duration.ZERO,
                new GrpcCall.Listener() {
                    @Override
                    public void onMessage(byte[] message) {
                        listener.onMessage(message);
                    }

                    @Override
                    public void onClose(int status, String message, Map<String, String> trailers) {
                        listener.onClose("grpc-status " + status + (message.isEmpty() ? "" : ": " + message));
                    }
                });
        return new Stream() {
            @Override
            public void send(byte[] message) {
                call.send(message);
            }

            @Override
            public void cancel() {
                call.cancel();
            }
        };
    }
}
