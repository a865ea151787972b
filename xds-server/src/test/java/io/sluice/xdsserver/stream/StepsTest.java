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

import io.sluice.xdsserver.snapshot.ResourceType;
import io.sluice.xdsserver.snapshot.VersionedResource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

/** The order in which a stream tells a change, and what waits for what: docs/adr/0030-steps-of-a-stream.md. */
class StepsTest extends Peers {

    @DisplayName("whatever is asked for first, clusters and endpoints come before listeners and routes")
    @ParameterizedTest
    @EnumSource(names = {"SOTW", "DELTA"})
    void orderOfTheFirstAnswers(Peer peer) {
        Script client = open(peer);
        client.subscribe(ROUTE, "r");
        client.all(LISTENER);
        client.subscribe(ENDPOINT, "a");
        client.all(CLUSTER);
        client.publish(cluster("a", "1"), endpoints("a", "1"), listener("l", "1", "r"), route("r", "1", "a"));

        assertThat(client.settle()).extracting(Received::type).containsExactly(CLUSTER, ENDPOINT, LISTENER, ROUTE);
    }

    @DisplayName("at most one response of a type waits for its ACK")
    @ParameterizedTest
    @EnumSource
    void oneInFlightPerType(Peer peer) {
        Script client = open(peer);
        client.publish(cluster("a", "1"), endpoints("a", "1"), endpoints("b", "1"));
        client.all(CLUSTER);
        client.expect(CLUSTER, "a@1");
        client.subscribe(ENDPOINT, "a");
        Received endpoints = client.expect(ENDPOINT, "a@1");
        client.publish(cluster("a", "2"), endpoints("a", "2"), endpoints("b", "1"));
        if (client.variant() == Variant.DELTA) {
            client.subscribe(ENDPOINT, "b");
        }
        client.expectNothing();
        client.ack(endpoints);
        assertThat(client.take().orElseThrow().resources()).contains("a@2");
        client.expectNothing();
    }

    @DisplayName("a route that runs stays while its newer version leads to a cluster that was refused and never held")
    @ParameterizedTest
    @EnumSource
    void runningRoutesDoNotFollowToARefusedCluster(Peer peer) {
        Script client = running(peer);
        client.publish(
                cluster("a", "1"),
                cluster("b", "bad"),
                endpoints("a", "1"),
                endpoints("b", "1"),
                listener("l", "1", "r"),
                route("r", "2", "b"));
        client.nack(client.take().orElseThrow(), "Error adding/updating cluster(s) b: no");
        client.expectNothing();

        // Mended, it goes the usual way.
        client.publish(
                cluster("a", "1"),
                cluster("b", "good"),
                endpoints("a", "1"),
                endpoints("b", "1"),
                listener("l", "1", "r"),
                route("r", "2", "b"));
        Received clusters = client.take().orElseThrow();
        assertThat(clusters.resources()).contains("b@good");
        client.ack(clusters);
        client.ack(client.expect(ROUTE, "r@2"));
    }

    @DisplayName("a route that leads elsewhere goes on beside a refused cluster")
    @ParameterizedTest
    @EnumSource
    void otherRoutesGoOn(Peer peer) {
        Script client = running(peer);
        client.publish(
                cluster("a", "1"),
                cluster("b", "bad"),
                endpoints("a", "1"),
                endpoints("b", "1"),
                listener("l", "1", "r"),
                route("r", "2", "a"));
        client.nack(client.take().orElseThrow(), "b: no");
        client.ack(client.expect(ROUTE, "r@2"));
        client.expectNothing();
    }

    @DisplayName("of what was refused together only what the client blames holds routes back")
    @ParameterizedTest
    @EnumSource
    void onlyTheBlamedHoldsBack(Peer peer) {
        Script client = running(peer);
        client.publish(
                cluster("a", "1"),
                cluster("bad-1", "1"),
                cluster("bad", "1"),
                endpoints("a", "1"),
                endpoints("bad", "1"),
                endpoints("bad-1", "1"),
                listener("l", "1", "r"),
                route("r", "2", "bad"));
        client.nack(client.take().orElseThrow(), "Error adding/updating cluster(s) bad-1: no");
        client.ack(client.expect(ROUTE, "r@2"));
    }

    @DisplayName("a refused version of a cluster that runs in another holds nothing back")
    @ParameterizedTest
    @EnumSource
    void aRefusedUpdateHoldsNothingBack(Peer peer) {
        Script client = running(peer);
        client.publish(cluster("a", "bad"), endpoints("a", "1"), listener("l", "1", "r"), route("r", "2", "a"));
        Received clusters = client.expect(CLUSTER, "a@bad");
        client.ack(client.expect(ENDPOINT, "a@1"));
        client.nack(clusters, "a: no");
        client.ack(client.expect(ROUTE, "r@2"));
    }

    @DisplayName("a cluster without its endpoints is not there: their refusal holds running routes back")
    @ParameterizedTest
    @EnumSource
    void refusedEndpointsHoldBack(Peer peer) {
        Script client = running(peer);
        client.publish(
                cluster("a", "1"),
                cluster("b", "1", "e"),
                endpoints("a", "1"),
                endpoints("e", "bad"),
                listener("l", "1", "r"),
                route("r", "2", "b"));
        Received clusters = client.take().orElseThrow();
        client.subscribe(ENDPOINT, "e");
        Received endpoints = client.expect(ENDPOINT, "e@bad");
        client.ack(clusters);
        client.nack(endpoints, "e: no");
        client.expectNothing();
        client.publish(
                cluster("a", "1"),
                cluster("b", "1", "e"),
                endpoints("a", "1"),
                endpoints("e", "good"),
                listener("l", "1", "r"),
                route("r", "2", "b"));
        client.ack(client.expect(ENDPOINT, "e@good"));
        client.ack(client.expect(ROUTE, "r@2"));
    }

    @DisplayName("a client that begins gets listeners and routes, though a cluster was refused: it has nothing to lose")
    @ParameterizedTest
    @EnumSource
    void aNewClientGetsWhatItCan(Peer peer) {
        Script client = open(peer);
        client.publish(
                cluster("a", "1"),
                cluster("b", "bad"),
                endpoints("a", "1"),
                endpoints("b", "1"),
                listener("l", "1", "r"),
                route("r", "1", "a", "b"));
        client.all(CLUSTER);
        client.nack(client.expect(CLUSTER, "a@1", "b@bad"), "b: no");
        client.subscribe(ENDPOINT, "a");
        client.ack(client.take().orElseThrow());
        client.all(LISTENER);
        client.ack(client.expect(LISTENER, "l@1"));
        client.subscribe(ROUTE, "r");
        client.ack(client.expect(ROUTE, "r@1"));
        client.expectNothing();
    }

    @DisplayName("removals wait while something is refused, since the client may still run what refers to them")
    @ParameterizedTest
    @EnumSource
    void removalsWaitForRefused(Peer peer) {
        Script client = running(peer);
        client.publish(cluster("b", "1"), endpoints("b", "1"), listener("l", "1", "r"), route("r", "2", "b"));
        Received clusters = client.take().orElseThrow();
        client.subscribe(ENDPOINT, "b");
        client.ack(client.expect(ENDPOINT, "b@1"));
        client.ack(clusters);
        client.nack(client.expect(ROUTE, "r@2"), "r: no");
        client.expectNothing();

        client.publish(cluster("b", "1"), endpoints("b", "1"), listener("l", "1", "r"), route("r", "3", "b"));
        client.ack(client.expect(ROUTE, "r@3"));
        Received removal = client.take().orElseThrow();
        assertThat(removal.type()).isEqualTo(CLUSTER);
        assertThat(removal.resources()).doesNotContain("a@1");
    }

    @DisplayName("removals go one type after the other, each after the ACK of the one before")
    @ParameterizedTest
    @EnumSource(mode = Mode.MATCH_ALL, names = "DELTA.*")
    void orderOfRemovals(Peer peer) {
        Script client = running(peer);
        client.publish(listener("other", "1", "q"), route("q", "1"));
        Received listeners = client.expect(LISTENER, List.of("other@1"), List.of("l"));
        client.subscribe(ROUTE, "q");
        client.ack(client.expect(ROUTE, "q@1"));
        client.expectNothing();
        client.ack(listeners);
        for (ResourceType type : List.of(ROUTE, CLUSTER, ENDPOINT)) {
            Received removal = client.take().orElseThrow();
            assertThat(removal.type()).isEqualTo(type);
            assertThat(removal.removed()).hasSize(1);
            client.expectNothing();
            client.ack(removal);
        }
        client.expectNothing();
    }

    @DisplayName("a refused removal is not repeated until something changes")
    @ParameterizedTest
    @EnumSource(mode = Mode.MATCH_ALL, names = "DELTA.*")
    void aRefusedRemovalIsParked(Peer peer) {
        Script client = running(peer);
        client.publish(endpoints("a", "1"), listener("l", "1", "r"), route("r", "2"));
        client.ack(client.expect(ROUTE, "r@2"));
        client.nack(client.expect(CLUSTER, List.of(), List.of("a")), "in use");
        client.expectNothing();
        client.publish(endpoints("a", "2"), listener("l", "1", "r"), route("r", "2"));
        client.ack(client.expect(ENDPOINT, "a@2"));
        client.expectNothing();
        client.publish(cluster("a", "1"), endpoints("a", "2"), listener("l", "1", "r"), route("r", "2"));
        client.ack(client.expect(CLUSTER, "a@1"));
    }

    @DisplayName("a refused removal comes again with the next change that is accepted")
    @ParameterizedTest
    @EnumSource(mode = Mode.MATCH_ALL, names = "DELTA.*")
    void aRefusedRemovalComesWithTheNextChange(Peer peer) {
        Script client = running(peer);
        client.publish(endpoints("a", "1"), listener("l", "1", "r"), route("r", "2"));
        client.ack(client.expect(ROUTE, "r@2"));
        client.nack(client.expect(CLUSTER, List.of(), List.of("a")), "in use");
        client.expectNothing();
        client.publish(cluster("b", "1"), endpoints("a", "1"), listener("l", "1", "r"), route("r", "2"));
        client.ack(client.expect(CLUSTER, "b@1"));
        client.ack(client.expect(CLUSTER, List.of(), List.of("a")));
        client.expectNothing();
    }

    @DisplayName("a listener goes in the same message as the one that takes its address comes")
    @ParameterizedTest
    @EnumSource
    void listenersAreSwapped(Peer peer) {
        Script client = running(peer);
        client.publish(cluster("a", "1"), endpoints("a", "1"), listener("m", "1", "r"), route("r", "1", "a"));
        client.ack(client.expect(LISTENER, List.of("m@1"), List.of("l")));
        client.ack(client.expect(ROUTE, "r@1"));
        client.expectNothing();
    }

    @DisplayName(
            "a client that comes back keeps what is gone until it has asked for all its types, or some time has passed")
    @ParameterizedTest
    @EnumSource(names = "DELTA")
    void removalsWaitForAllTypes(Peer peer) {
        for (boolean time : List.of(false, true)) {
            Script client = open(peer);
            client.publish(cluster("a", "1"), route("r", "2", "a"));
            client.resume(CLUSTER, Set.of(), "", Map.of("a", "1", "gone", "1"));
            client.resume(ENDPOINT, Set.of(), "", Map.of());
            client.resume(LISTENER, Set.of(), "", Map.of());
            client.settle();
            client.expectNothing();
            if (time) {
                client.grow();
            } else {
                client.resume(ROUTE, Set.of("r"), "", Map.of("r", "1"));
                Received routes = client.expect(ROUTE, "r@2");
                client.expectNothing();
                client.ack(routes);
            }
            client.ack(client.expect(CLUSTER, List.of(), List.of("gone")));
            client.expectNothing();
        }
    }

    @DisplayName("clusters that keep coming do not starve the routes")
    @ParameterizedTest
    @EnumSource(names = {"SOTW", "DELTA"})
    void aFlowOfClustersDoesNotStarveRoutes(Peer peer) {
        Script client = running(peer);
        List<String> routes = new ArrayList<>();
        List<VersionedResource> all =
                new ArrayList<>(List.of(cluster("a", "1"), endpoints("a", "1"), listener("l", "1", "r")));
        for (int i = 0; i < 20; i++) {
            all.add(cluster("c" + i, "1"));
            all.add(endpoints("c" + i, "1"));
            List<VersionedResource> now = new ArrayList<>(all);
            now.add(route("r", "for-" + i, "c" + i));
            List<Received> inFlight = client.rest();
            client.publish(Sample.snapshot(now)); // while they are in flight, as always when much happens
            for (Received received : inFlight) {
                client.ack(received);
                if (received.type() == ROUTE) {
                    routes.addAll(received.resources());
                }
            }
        }
        assertThat(routes).hasSizeGreaterThan(5);
    }

    @DisplayName("a client without a type is told the others")
    @ParameterizedTest
    @EnumSource
    void aClientMayDoWithoutATyp(Peer peer) {
        Script client = open(peer);
        client.publish(cluster("a", "1"), endpoints("a", "1"), listener("l", "1", "r"), route("r", "1", "a"));
        client.subscribe(ROUTE, "r");
        client.ack(client.expect(ROUTE, "r@1"));
        client.publish(cluster("b", "1"), endpoints("b", "1"), listener("l", "2", "r"), route("r", "2", "b"));
        client.ack(client.expect(ROUTE, "r@2"));
        client.expectNothing();
    }

    @DisplayName("nothing is said before the first snapshot; then everything that was asked for")
    @ParameterizedTest
    @EnumSource
    void beforeTheFirstSnapshot(Peer peer) {
        Script client = open(peer);
        client.all(CLUSTER);
        client.subscribe(ENDPOINT, "a");
        client.expectNothing();
        client.publish(cluster("a", "1"), endpoints("a", "1"));
        client.expect(CLUSTER, "a@1");
        client.expect(ENDPOINT, "a@1");
    }

    @Test
    void aNameIsFoundInAnyDepthButNotAsPartOfAnother() {
        assertThat(Mentions.any(route("r", "1", "orders").body(), Set.of("orders")))
                .isTrue();
        assertThat(Mentions.any(route("r", "1", "orders-v2").body(), Set.of("orders")))
                .isFalse();
        assertThat(Mentions.any(listener("l", "1", "größe").body(), Set.of("x", "größe")))
                .isTrue();
        String length128 = "n".repeat(128);
        assertThat(Mentions.any(route("r", "1", length128).body(), Set.of(length128)))
                .isTrue();
    }

    /** Runs cluster a with endpoints, listener l, and route r that leads there. */
    private Script running(Peer peer) {
        Script client = open(peer);
        client.publish(cluster("a", "1"), endpoints("a", "1"), listener("l", "1", "r"), route("r", "1", "a"));
        client.all(CLUSTER);
        client.subscribe(ENDPOINT, "a");
        client.all(LISTENER);
        client.subscribe(ROUTE, "r");
        client.settle();
        return client;
    }

    @DisplayName("a new secret touches nothing else; a new listener is answered with the secret that it waits for")
    @ParameterizedTest
    @EnumSource
    void secretsOfListeners(Peer peer) {
        Script client = open(peer);
        client.publish(listener("l", "1", "r", "s"), route("r", "1"), secret("s", "1"), secret("other", "1"));
        client.all(CLUSTER);
        client.all(LISTENER);
        client.settle();
        client.subscribe(ROUTE, "r");
        client.ack(client.expect(ROUTE, "r@1"));
        client.subscribe(SECRET, "s");
        client.ack(client.expect(SECRET, "s@1"));
        client.expectNothing();

        client.publish(listener("l", "1", "r", "s"), route("r", "1"), secret("s", "2"), secret("other", "2"));
        client.ack(client.expect(SECRET, "s@2"));
        client.expectNothing();

        client.publish(listener("l", "2", "r", "s"), route("r", "1"), secret("s", "2"), secret("other", "2"));
        List<Received> all = client.settle();
        assertThat(all).extracting(Received::type).contains(LISTENER, ROUTE, SECRET);
        assertThat(all)
                .filteredOn(each -> each.type() == SECRET)
                .singleElement()
                .satisfies(each -> assertThat(each.resources()).containsExactly("s@2"));
    }
}
