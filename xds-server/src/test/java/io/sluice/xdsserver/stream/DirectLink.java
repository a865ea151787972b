package io.sluice.xdsserver.stream;

import io.envoyproxy.envoy.config.core.v3.ControlPlane;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryResponse;
import io.sluice.xdsserver.snapshot.ResourceType;
import io.sluice.xdsserver.snapshot.Snapshot;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Straight into the state machine: what it does not say now, it does not say. */
final class DirectLink<Q, R> implements Link<Q, R> {
    static final String IDENTIFIER = "xds-1";
    static final Instant NOW = Instant.parse("2026-01-02T03:04:05Z");

    private static final ControlPlane CONTROL_PLANE =
            ControlPlane.newBuilder().setIdentifier(IDENTIFIER).build();
    private static final StreamListener DEAF = new StreamListener() {
        @Override
        public void sent(ResourceType type) {}

        @Override
        public void refused(ResourceType type, Client.Rejection rejection) {}

        @Override
        public void recovered(ResourceType type, String version) {}
    };

    private final AdsStream<Q, R> stream;

    private DirectLink(AdsStream<Q, R> stream) {
        this.stream = stream;
    }

    static DirectLink<DiscoveryRequest, DiscoveryResponse> sotw(int maxAnswerBytes) {
        return new DirectLink<>(new SotwStream(Optional.empty(), CONTROL_PLANE, maxAnswerBytes, () -> NOW, DEAF));
    }

    static DirectLink<DeltaDiscoveryRequest, DeltaDiscoveryResponse> delta(int maxAnswerBytes) {
        return new DirectLink<>(new DeltaStream(Optional.empty(), CONTROL_PLANE, maxAnswerBytes, () -> NOW, DEAF));
    }

    @Override
    public void send(Q request) {
        stream.receive(request);
    }

    @Override
    public Optional<R> next() {
        return stream.next();
    }

    @Override
    public List<R> rest() {
        List<R> all = new ArrayList<>();
        for (Optional<R> one = stream.next(); one.isPresent(); one = stream.next()) {
            all.add(one.get());
        }
        return all;
    }

    @Override
    public void publish(Snapshot snapshot) {
        stream.publish(snapshot);
    }

    @Override
    public void grow() {
        stream.grow();
    }

    @Override
    public List<Client.Subscribed> view() {
        return stream.view();
    }

    @Override
    public void cancel() {}
}
