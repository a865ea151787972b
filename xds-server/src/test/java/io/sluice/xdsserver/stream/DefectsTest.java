package io.sluice.xdsserver.stream;

import static io.sluice.xdsserver.snapshot.ResourceType.CLUSTER;
import static io.sluice.xdsserver.snapshot.ResourceType.ENDPOINT;
import static io.sluice.xdsserver.snapshot.ResourceType.LISTENER;
import static io.sluice.xdsserver.snapshot.ResourceType.ROUTE;
import static io.sluice.xdsserver.stream.Sample.cluster;
import static io.sluice.xdsserver.stream.Sample.endpoints;
import static io.sluice.xdsserver.stream.Sample.listener;
import static io.sluice.xdsserver.stream.Sample.route;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.sluice.xdsserver.snapshot.ResourceType;
import io.sluice.xdsserver.snapshot.Snapshot;
import io.sluice.xdsserver.snapshot.VersionedResource;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

/**
 * What other control planes were measured to get wrong, by the letters of our list. The defects k, l and q are about versions and
 * consistency, so their tests stand in {@code snapshot}: {@code VersionDefectsTest}.
 */
class DefectsTest extends Peers {

    @DisplayName("defects a, b: a refused response is not sent again, of no type, however often the same snapshot is"
            + " published")
    @ParameterizedTest
    @EnumSource
    void defectsAAndBNoResend(Peer peer) {
        for (ResourceType type : ResourceType.values()) {
            Script client = open(peer);
            Snapshot snapshot = Sample.snapshot(Sample.of(type, "a", "1"), Sample.of(type, "b", "1"));
            client.publish(snapshot);
            client.subscribe(type, "a", "b");
            client.nack(client.expect(type, "a@1", "b@1"), "a: no");
            for (int i = 0; i < 10; i++) {
                client.publish(snapshot);
                client.expectNothing();
            }
            client.grow();
            client.expectNothing();
        }
    }

    @DisplayName("defect c: a later change brings along what was refused")
    @ParameterizedTest
    @EnumSource
    void defectCRefusedComesWithTheNextChange(Peer peer) {
        for (ResourceType type : List.of(CLUSTER, LISTENER)) {
            Script client = open(peer);
            client.publish(Sample.of(type, "a", "1"), Sample.of(type, "b", "1"));
            client.all(type);
            client.ack(client.expect(type, "a@1", "b@1"));
            client.publish(Sample.of(type, "a", "1"), Sample.of(type, "b", "2"));
            client.nack(client.rest().getFirst(), "b: no");
            client.publish(Sample.of(type, "a", "2"), Sample.of(type, "b", "2"));
            client.ack(client.expect(type, "a@2", "b@2"));
            client.expectNothing();
        }
    }

    @DisplayName("defect d: an ACK or NACK with a nonce nobody sent harms nothing")
    @ParameterizedTest
    @EnumSource
    void defectDUnknownNonce(Peer peer) {
        Script client = open(peer);
        client.publish(cluster("a", "1"));
        client.all(CLUSTER);
        Received first = client.expect(CLUSTER, "a@1");
        Received invented = new Received(CLUSTER, "no such nonce", "", List.of(), List.of(), "");
        client.ack(invented);
        client.nack(invented, "no");
        assertThat(client.view(CLUSTER).rejection()).isEmpty();
        assertThat(client.view(CLUSTER).accepted()).isEmpty();
        client.ack(first);
        client.ack(first);
        client.publish(cluster("a", "2"));
        client.expect(CLUSTER, "a@2");
    }

    @DisplayName("defect e: an unknown type leaves the stream alive")
    @ParameterizedTest
    @EnumSource
    void defectEUnknownType(Peer peer) {
        Script client = open(peer);
        client.unknownType("type.googleapis.com/envoy.config.route.v3.VirtualHost");
        client.publish(cluster("a", "1"));
        client.expectNothing();
        client.all(CLUSTER);
        client.expect(CLUSTER, "a@1");
    }

    @DisplayName("defect f: delta says of a name that it does not exist, once")
    @ParameterizedTest
    @EnumSource(mode = Mode.MATCH_ALL, names = "DELTA.*")
    void defectFMissingName(Peer peer) {
        Script client = open(peer);
        client.publish(endpoints("a", "1"));
        client.subscribe(ENDPOINT, "none");
        client.ack(client.expect(ENDPOINT, List.of(), List.of("none")));
        client.publish(endpoints("a", "2"));
        client.expectNothing();
    }

    @DisplayName("defect g: a missing name blocks no other name and no other type")
    @ParameterizedTest
    @EnumSource(mode = Mode.MATCH_ALL, names = "SOTW.*")
    void defectGMissingNameBlocksNothing(Peer peer) {
        Script client = open(peer);
        client.publish(cluster("a", "1"), endpoints("a", "1"), listener("l", "1", "r"), route("r", "1", "a"));
        client.all(CLUSTER);
        client.ack(client.expect(CLUSTER, "a@1"));
        client.subscribe(ENDPOINT, "a", "none");
        client.ack(client.expect(ENDPOINT, "a@1"));
        client.all(LISTENER);
        client.subscribe(ROUTE, "r", "none");
        client.ack(client.expect(LISTENER, "l@1"));
        client.ack(client.expect(ROUTE, "r@1"));
        client.expectNothing();
    }

    @DisplayName("defect h: SotW answers * among names, and falls silent when names become none")
    @ParameterizedTest
    @EnumSource(mode = Mode.MATCH_ALL, names = "SOTW.*")
    void defectHStarAndEmptyList(Peer peer) {
        Script star = open(peer);
        star.publish(cluster("a", "1"), cluster("b", "1"));
        star.subscribe(CLUSTER, "a", "*");
        star.ack(star.expect(CLUSTER, "a@1", "b@1"));

        Script none = open(peer);
        none.publish(cluster("a", "1"));
        none.subscribe(CLUSTER, "a");
        none.ack(none.expect(CLUSTER, "a@1"));
        none.unsubscribe(CLUSTER, "a");
        none.publish(cluster("a", "2"), cluster("b", "1"));
        none.expectNothing();
    }

    @DisplayName("defect i: delta obeys names, answers a second subscription, and gives up * when told")
    @ParameterizedTest
    @EnumSource(mode = Mode.MATCH_ALL, names = "DELTA.*")
    void defectINamedClusters(Peer peer) {
        for (ResourceType type : List.of(CLUSTER, LISTENER)) {
            Script client = open(peer);
            client.publish(Sample.of(type, "a", "1"), Sample.of(type, "b", "1"));
            client.subscribe(type, "a");
            client.ack(client.expect(type, "a@1"));
            client.subscribe(type, "a");
            client.ack(client.expect(type, "a@1"));
            client.subscribe(type, "*");
            client.settle();
            client.unsubscribe(type, "*");
            client.ack(client.expect(type, "a@1"));
            client.publish(Sample.of(type, "a", "1"), Sample.of(type, "b", "2"));
            client.expectNothing();
        }
    }

    @DisplayName("defect j: a client that comes back is told the difference, and what is gone")
    @ParameterizedTest
    @EnumSource(mode = Mode.MATCH_ALL, names = "DELTA.*")
    void defectJInitialVersions(Peer peer) {
        Script client = open(peer);
        client.publish(cluster("a", "1"), cluster("b", "1"));
        client.resume(CLUSTER, Set.of(), "", Map.of("a", "1", "b", "0", "ghost", "1"));
        client.ack(client.expect(CLUSTER, "b@1"));
        client.grow();
        client.ack(client.expect(CLUSTER, List.of(), List.of("ghost")));
        client.expectNothing();
    }

    @DisplayName("defect m: what is dropped goes last, after the routes that led there")
    @ParameterizedTest
    @EnumSource
    void defectMRemovalsGoLast(Peer peer) {
        Script client = open(peer);
        client.publish(cluster("a", "1"), endpoints("a", "1"), listener("l", "1", "r"), route("r", "1", "a"));
        client.all(CLUSTER);
        client.subscribe(ENDPOINT, "a");
        client.all(LISTENER);
        client.subscribe(ROUTE, "r");
        client.settle();

        client.publish(cluster("b", "1"), endpoints("b", "1"), listener("l", "1", "r"), route("r", "2", "b"));
        Received added = client.take().orElseThrow();
        assertThat(added.type()).isEqualTo(CLUSTER);
        assertThat(added.resources()).contains("b@1");
        if (client.variant() == Variant.SOTW) {
            assertThat(added.resources())
                    .as("a full state would drop what it leaves out")
                    .contains("a@1");
            assertThat(added.version()).as("it is not that of the snapshot").isNotEqualTo("v:b@1");
        }
        client.subscribe(ENDPOINT, "b");
        client.ack(client.expect(ENDPOINT, "b@1"));
        client.ack(added);
        Received routes = client.expect(ROUTE, "r@2");
        client.expectNothing();
        client.ack(routes);
        if (client.variant() == Variant.SOTW) {
            client.ack(client.expect(CLUSTER, "b@1"));
        } else {
            client.ack(client.expect(CLUSTER, List.of(), List.of("a")));
            client.ack(client.expect(ENDPOINT, List.of(), List.of("a")));
        }
        client.expectNothing();
    }

    @DisplayName("defect n: a changed cluster brings its endpoints along, once for each cluster that shares them")
    @ParameterizedTest
    @EnumSource
    void defectNEndpointsComeWithTheirCluster(Peer peer) {
        Script client = open(peer);
        client.publish(cluster("a", "1", "e"), endpoints("e", "1"));
        client.all(CLUSTER);
        client.subscribe(ENDPOINT, "e");
        client.settle();
        client.publish(cluster("a", "1", "e"), cluster("b", "1", "e"), endpoints("e", "1"));
        client.ack(client.take().orElseThrow());
        client.ack(client.expect(ENDPOINT, "e@1"));
        client.expectNothing();
    }

    @DisplayName("defect o: the ACK of what was in flight does not bring an unsubscribed name back")
    @ParameterizedTest
    @EnumSource(mode = Mode.MATCH_ALL, names = "DELTA.*")
    void defectOUnsubscribeInFlight(Peer peer) {
        Script client = open(peer);
        client.publish(endpoints("a", "1"));
        client.subscribe(ENDPOINT, "a");
        Received first = client.expect(ENDPOINT, "a@1");
        client.unsubscribe(ENDPOINT, "a");
        client.ack(first);
        client.publish(endpoints("a", "2"));
        client.expectNothing();
        assertThat(client.view(ENDPOINT).names()).isEmpty();
    }

    @DisplayName("defect p: an ACK without a node belongs to the group of the stream")
    @ParameterizedTest
    @EnumSource(mode = Mode.MATCH_ALL, names = ".*_OVER_GRPC")
    void defectPNodeOnFirstMessageOnly(Peer peer) {
        Script client = open(peer);
        client.publish(cluster("a", "1"));
        client.all(CLUSTER);
        client.ack(client.expect(CLUSTER, "a@1"));
        for (int version = 2; version < 5; version++) {
            client.publish(cluster("a", "" + version));
            client.ack(client.expect(CLUSTER, "a@" + version));
        }
        assertThat(wire.clients.list().join()).hasSize(1);
    }

    @DisplayName("defect r: streams on many threads are counted right and leave nothing behind")
    @ParameterizedTest
    @EnumSource(mode = Mode.MATCH_ALL, names = ".*_OVER_GRPC")
    void defectRCountsOfManyStreams(Peer peer) {
        double requests = wire.count("xds.requests");
        double responses = wire.count("xds.responses");
        int streams = 40;
        List<CompletableFuture<Void>> done = new ArrayList<>();
        for (int i = 0; i < streams; i++) {
            Script client = open(peer);
            client.publish(cluster("a", "1"));
            done.add(CompletableFuture.runAsync(() -> {
                client.all(CLUSTER);
                client.ack(client.expect(CLUSTER, "a@1"));
            }));
        }
        done.forEach(CompletableFuture::join);
        Wire.await("all taken", () -> wire.count("xds.requests") == requests + 2 * streams);
        assertThat(wire.count("xds.responses")).isEqualTo(responses + streams);
        assertThat(wire.openStreams()).isEqualTo(streams);
        assertThat(wire.clients.count()).isEqualTo(streams);
        assertThat(wire.snapshots.watches()).isEqualTo(streams);

        closeStreams();
        assertThat(wire.openStreams()).isZero();
        Wire.await("no watch left", () -> wire.snapshots.watches() == 0);
    }

    @DisplayName("defect s: what a change costs per client does not grow with what has not changed")
    @ParameterizedTest
    @EnumSource(names = {"SOTW", "DELTA"})
    void defectSCostOfAChange(Peer peer) {
        long few = bytesPerChange(peer, 100);
        long many = bytesPerChange(peer, 10_000);
        assertThat(many)
                .as("bytes allocated, against %s with 100 resources", few)
                .isLessThan(2 * few);
    }

    /** Endpoints of a SotW stream and clusters of a delta one, where the protocol itself has no full list in each message. */
    private long bytesPerChange(Peer peer, int resources) {
        ResourceType type = peer == Peer.SOTW ? ENDPOINT : CLUSTER;
        Script client = open(peer);
        List<VersionedResource> all = new ArrayList<>(IntStream.range(0, resources)
                .mapToObj(i -> Sample.of(type, "name-" + i, "0"))
                .toList());
        Snapshot snapshot = Sample.snapshot(all);
        client.publish(snapshot);
        client.subscribe(type, all.stream().map(VersionedResource::name).toArray(String[]::new));
        client.settle();
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long bytes = 0;
        int rounds = 50;
        for (int round = 1; round <= 2 * rounds; round++) {
            all.set(7, Sample.of(type, "name-7", "" + round));
            snapshot = Sample.next(snapshot, all);
            long before = threads.getCurrentThreadAllocatedBytes();
            client.publish(snapshot);
            Received change = client.take().orElseThrow();
            bytes += threads.getCurrentThreadAllocatedBytes() - before;
            client.ack(change); // in SotW the client repeats all names, so only what comes of it counts
            before = threads.getCurrentThreadAllocatedBytes();
            client.expectNothing();
            bytes += threads.getCurrentThreadAllocatedBytes() - before;
            if (round == rounds) {
                bytes = 0; // until then classes were loaded and code was compiled
            }
        }
        return bytes / rounds;
    }
}
