package io.sluice.xdsserver.stream;

import com.linecorp.armeria.server.ServiceRequestContext;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.netty.channel.EventLoop;
import io.sluice.xdsserver.snapshot.ResourceType;
import io.sluice.xdsserver.snapshot.SnapshotSource;
import io.sluice.xdsserver.translate.NodeGroup;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Joins one gRPC call to one {@link AdsStream}. Everything happens on the call's event loop, but for the note that there is a newer
 * snapshot. While the client does not read, nothing is computed and nothing is queued for it.
 */
final class AdsCall<Q, R> implements StreamObserver<Q>, StreamListener {
    private static final Logger log = LoggerFactory.getLogger(AdsCall.class);

    private final Variant variant;
    private final SnapshotSource snapshots;
    private final Clients clients;
    private final StreamMeters meters;
    private final InstantSource time;
    private final BiConsumer<EventLoop, Runnable> whenGrown;
    private final ServerCallStreamObserver<R> responses;
    private final AdsStream<Q, R> stream;
    private final EventLoop loop;
    private final String peer;
    private final AtomicBoolean noted = new AtomicBoolean();

    private @Nullable Open open;
    private boolean ended;

    /** What the first request says. */
    private record Open(String nodeId, NodeGroup group, Instant since, SnapshotSource.Watch watch) {}

    AdsCall(
            Variant variant,
            SnapshotSource snapshots,
            Clients clients,
            StreamMeters meters,
            InstantSource time,
            BiConsumer<EventLoop, Runnable> whenGrown,
            ServerCallStreamObserver<R> responses,
            Function<StreamListener, AdsStream<Q, R>> stream) {
        this.variant = variant;
        this.snapshots = snapshots;
        this.clients = clients;
        this.meters = meters;
        this.time = time;
        this.whenGrown = whenGrown;
        this.responses = responses;
        this.stream = stream.apply(this);
        ServiceRequestContext context = ServiceRequestContext.current();
        loop = context.eventLoop().withoutContext();
        peer = context.remoteAddress().getAddress().getHostAddress() + ":"
                + context.remoteAddress().getPort();
        meters.opened();
        responses.setOnReadyHandler(() -> guarded(this::flush));
        // A connection that breaks reaches neither onError nor onCompleted: the log of the request is the one thing
        // that always ends.
        context.log().whenComplete().thenRunAsync(this::end, loop);
    }

    @Override
    public void onNext(Q request) {
        guarded(() -> {
            if (open == null) {
                open = open(stream.node(request));
            }
            stream.receive(request);
            flush();
        });
        meters.received();
    }

    @Override
    public void onError(Throwable cause) {
        end();
    }

    @Override
    public void onCompleted() {
        end();
        responses.onCompleted();
    }

    /** Empty when the stream has ended or has said nothing yet. */
    CompletableFuture<Optional<Client>> client() {
        return CompletableFuture.supplyAsync(
                () -> ended || open == null
                        ? Optional.empty()
                        : Optional.of(new Client(
                                open.nodeId,
                                open.group,
                                peer,
                                variant.label(),
                                open.since,
                                stream.version(),
                                stream.view())),
                loop);
    }

    @Override
    public void sent(ResourceType type) {
        meters.sent(type);
    }

    @Override
    public void refused(ResourceType type, Client.Rejection rejection) {
        meters.refused(type);
        log.warn(
                "xds response refused node={} peer={} type={} version={} reason=\"{}\"",
                nodeId(),
                peer,
                type,
                rejection.version(),
                oneLine(rejection.reason()));
    }

    @Override
    public void recovered(ResourceType type, String version) {
        log.info("xds response accepted again node={} peer={} type={} version={}", nodeId(), peer, type, version);
    }

    private Open open(Node node) {
        NodeGroup group = NodeGroupParser.parse(node);
        Open opened = new Open(node.getId(), group, time.instant(), snapshots.watch(group, this::note));
        snapshots.current(group).ifPresent(stream::publish);
        clients.add(this);
        whenGrown.accept(loop, () -> guarded(this::grow));
        log.info(
                "xds stream opened node={} group={} peer={} variant={}",
                oneLine(node.getId()),
                group,
                peer,
                variant.label());
        return opened;
    }

    /** On the publisher's thread. */
    private void note() {
        if (noted.compareAndSet(false, true)) {
            loop.execute(() -> guarded(this::refresh));
        }
    }

    /** A fault of ours ends the stream, so that its client begins anew, and does not leave it without an answer for ever. */
    private void guarded(Runnable step) {
        if (ended) {
            return;
        }
        try {
            step.run();
        } catch (RuntimeException e) {
            log.error("xds stream failed node={} peer={}", nodeId(), peer, e);
            end();
            responses.onError(Status.INTERNAL.asRuntimeException());
        }
    }

    private void refresh() {
        noted.set(false);
        if (open != null) {
            snapshots.current(open.group).ifPresent(stream::publish);
            flush();
        }
    }

    private void grow() {
        stream.grow();
        flush();
    }

    private void flush() {
        while (!ended && responses.isReady()) {
            Optional<R> response = stream.next();
            if (response.isEmpty()) {
                return;
            }
            responses.onNext(response.get());
        }
    }

    private void end() {
        if (ended) {
            return;
        }
        ended = true;
        meters.closed();
        clients.remove(this);
        if (open != null) {
            open.watch.close();
            log.info("xds stream closed node={} peer={}", nodeId(), peer);
        }
    }

    private String nodeId() {
        return open == null ? "" : oneLine(open.nodeId);
    }

    /** A client's words must not look like lines of ours. */
    private static String oneLine(String text) {
        return text.replaceAll("\\p{Cntrl}+", " ");
    }
}
