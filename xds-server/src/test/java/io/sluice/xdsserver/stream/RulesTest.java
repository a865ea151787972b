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

import io.sluice.xdsserver.snapshot.ResourceType;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

/** What an xDS server must get right, rule by rule; the numbers are those of Envoy's protocol as we list it. */
class RulesTest extends Peers {

    @DisplayName("rule 1: the node comes on the first request of a stream only")
    @ParameterizedTest
    @EnumSource
    void rule1NodeIsRemembered(Peer peer) {
        Script client = open(peer);
        client.publish(cluster("a", "1"), endpoints("a", "1"));
        client.all(CLUSTER);
        client.ack(client.expect(CLUSTER, "a@1"));
        client.subscribe(ENDPOINT, "a");
        client.ack(client.expect(ENDPOINT, "a@1"));

        // Group and subscription still hold, though no later request said who asks.
        client.publish(cluster("a", "1"), endpoints("a", "2"));
        client.expect(ENDPOINT, "a@2");
    }

    @DisplayName("a refusal of what is not wanted any more is over, and a client is live when it took everything")
    @ParameterizedTest
    @EnumSource
    void aRefusalEndsWithTheSubscription(Peer peer) {
        Script client = open(peer);
        client.publish(endpoints("a", "1"), endpoints("b", "1"));
        client.subscribe(ENDPOINT, "a", "b");
        Received first = client.expect(ENDPOINT, "a@1", "b@1");
        assertThat(client.view(ENDPOINT).live()).isFalse();
        client.ack(first);
        assertThat(client.view(ENDPOINT).live()).isTrue();
        client.publish(endpoints("a", "2"), endpoints("b", "1"));
        client.nack(client.expect(ENDPOINT, "a@2"), "a: no");
        assertThat(client.view(ENDPOINT).rejection()).isPresent();
        assertThat(client.view(ENDPOINT).live()).isFalse();

        client.unsubscribe(ENDPOINT, "a");

        client.expectNothing();
        assertThat(client.view(ENDPOINT).rejection()).isEmpty();
        assertThat(client.view(ENDPOINT).live()).isTrue();
    }

    @DisplayName("rule 2: SotW ignores a request with an old nonce")
    @ParameterizedTest
    @EnumSource(mode = Mode.MATCH_ALL, names = "SOTW.*")
    void rule2StaleNonceIsIgnored(Peer peer) {
        Script client = open(peer);
        client.publish(endpoints("a", "1"), endpoints("b", "1"));
        client.subscribe(ENDPOINT, "a");
        Received first = client.expect(ENDPOINT, "a@1");
        client.ack(first);
        client.publish(endpoints("a", "2"), endpoints("b", "1"));
        Received second = client.expect(ENDPOINT, "a@2");

        // As if sent before the second answer arrived: neither an ACK of it nor a change of names.
        client.ack(first);
        client.unsubscribe(ENDPOINT, "a");
        client.subscribe(ENDPOINT, "a");
        client.expectNothing();
        assertThat(client.view(ENDPOINT).accepted().orElseThrow().version()).isEqualTo(first.version());
        client.ack(second);
        client.expectNothing();
        assertThat(client.view(ENDPOINT).accepted().orElseThrow().version()).isEqualTo(second.version());
    }

    @DisplayName("rule 2: delta applies what a request with an old nonce subscribes to")
    @ParameterizedTest
    @EnumSource(mode = Mode.MATCH_ALL, names = "DELTA.*")
    void rule2StaleNonceStillSubscribes(Peer peer) {
        Script client = open(peer);
        client.publish(endpoints("a", "1"), endpoints("b", "1"));
        client.subscribe(ENDPOINT, "a");
        Received first = client.expect(ENDPOINT, "a@1");
        client.ack(first);
        client.subscribe(ENDPOINT, "b");
        Received second = client.expect(ENDPOINT, "b@1");

        // The nonce of the first answer, for the second time: it acknowledges nothing.
        client.ack(first);
        client.publish(endpoints("a", "2"), endpoints("b", "1"));
        client.expectNothing();
        client.ack(second);
        client.ack(client.expect(ENDPOINT, "a@2"));
    }

    @DisplayName("rule 3: a NACK is error_detail, whatever version stands beside it")
    @ParameterizedTest
    @EnumSource
    void rule3NackIsErrorDetail(Peer peer) {
        Script client = open(peer);
        client.publish(cluster("a", "1"));
        client.all(CLUSTER);
        Received first = client.expect(CLUSTER, "a@1");
        client.ack(first);
        client.publish(cluster("a", "2"));
        Received second = client.expect(CLUSTER, "a@2");
        client.nack(second, "no good");

        client.expectNothing();
        Client.Subscribed view = client.view(CLUSTER);
        assertThat(view.rejection()).contains(new Client.Rejection(second.version(), "no good", DirectLink.NOW));
        assertThat(view.accepted().orElseThrow().version()).isEqualTo(first.version());
    }

    @DisplayName("rule 4: after a NACK nothing is sent until resources change; then also what was never accepted")
    @ParameterizedTest
    @EnumSource
    void rule4ParkedUntilResourcesChange(Peer peer) {
        Script client = open(peer);
        client.publish(endpoints("a", "1"), endpoints("b", "1"));
        client.subscribe(ENDPOINT, "a", "b");
        client.ack(client.expect(ENDPOINT, "a@1", "b@1"));
        client.publish(endpoints("a", "1"), endpoints("b", "2"));
        client.nack(client.expect(ENDPOINT, "b@2"), "b: no");
        client.expectNothing();

        client.publish(endpoints("a", "1"), endpoints("b", "2"), endpoints("other", "1"));
        client.expectNothing();
        client.publish(endpoints("a", "2"), endpoints("b", "2"));
        client.ack(client.expect(ENDPOINT, "a@2", "b@2"));
        client.expectNothing();
        assertThat(client.view(ENDPOINT).rejection()).isEmpty();
    }

    @DisplayName(
            "rule 4: after a NACK nothing is sent until the subscription changes; then also what was never accepted")
    @ParameterizedTest
    @EnumSource
    void rule4ParkedUntilTheSubscriptionChanges(Peer peer) {
        Script client = open(peer);
        client.publish(endpoints("a", "1"), endpoints("b", "1"));
        client.subscribe(ENDPOINT, "a");
        client.nack(client.expect(ENDPOINT, "a@1"), "a: no");
        client.expectNothing();

        client.subscribe(ENDPOINT, "b");
        client.expect(ENDPOINT, "a@1", "b@1");
    }

    @DisplayName(
            "rule 4: a resource that goes back to the version before the refused one is told, since it may have been"
                    + " taken in part")
    @ParameterizedTest
    @EnumSource
    void rule4BackToTheLastGoodVersion(Peer peer) {
        Script client = open(peer);
        client.publish(cluster("a", "1"), cluster("b", "1"));
        client.all(CLUSTER);
        client.ack(client.expect(CLUSTER, "a@1", "b@1"));
        client.publish(cluster("a", "2"), cluster("b", "bad"));
        client.nack(client.rest().getFirst(), "b: no");
        client.expectNothing();

        client.publish(cluster("a", "1"), cluster("b", "1"));
        client.ack(client.expect(CLUSTER, "a@1", "b@1"));
        client.expectNothing();
    }

    @DisplayName("rule 5: only a change of what is subscribed is told, and only in its newest state")
    @ParameterizedTest
    @EnumSource
    void rule5OnlyWhatIsSubscribed(Peer peer) {
        Script client = open(peer);
        client.publish(endpoints("a", "1"), endpoints("b", "1"));
        client.subscribe(ENDPOINT, "a");
        Received first = client.expect(ENDPOINT, "a@1");

        client.publish(endpoints("a", "1"), endpoints("b", "2"));
        client.expectNothing();
        client.publish(endpoints("a", "2"), endpoints("b", "2"));
        client.publish(endpoints("a", "3"), endpoints("b", "2"));
        client.expectNothing();
        client.ack(first);
        client.ack(client.expect(ENDPOINT, "a@3"));
        client.publish(endpoints("a", "3"), endpoints("b", "4"));
        client.expectNothing();
    }

    @DisplayName("rule 5: a named subscription to clusters hears of no other cluster")
    @ParameterizedTest
    @EnumSource
    void rule5NamedClusters(Peer peer) {
        Script client = open(peer);
        client.publish(cluster("a", "1"), cluster("b", "1"));
        client.subscribe(CLUSTER, "a");
        client.ack(client.expect(CLUSTER, "a@1"));

        client.publish(cluster("a", "1"), cluster("b", "2"), cluster("c", "1"));
        client.expectNothing();
        client.publish(cluster("a", "2"), cluster("b", "2"));
        client.expect(CLUSTER, "a@2");
    }

    @DisplayName("rule 6: names newly asked for are sent, even if they were sent before")
    @ParameterizedTest
    @EnumSource
    void rule6NewlyRequestedNames(Peer peer) {
        Script client = open(peer);
        client.publish(endpoints("a", "1"), endpoints("b", "1"));
        client.subscribe(ENDPOINT, "a");
        client.ack(client.expect(ENDPOINT, "a@1"));
        client.unsubscribe(ENDPOINT, "a");
        client.expectNothing();
        client.subscribe(ENDPOINT, "a");
        client.ack(client.expect(ENDPOINT, "a@1"));
        client.subscribe(ENDPOINT, "b");
        client.ack(client.expect(ENDPOINT, "b@1"));
        client.expectNothing();
    }

    @DisplayName("rule 6: a name known already and asked for again is answered")
    @ParameterizedTest
    @EnumSource(mode = Mode.MATCH_ALL, names = "DELTA.*")
    void rule6Resubscribed(Peer peer) {
        Script client = open(peer);
        client.publish(endpoints("a", "1"), cluster("c", "1"));
        client.subscribe(ENDPOINT, "a");
        client.ack(client.expect(ENDPOINT, "a@1"));
        client.subscribe(ENDPOINT, "a");
        client.ack(client.expect(ENDPOINT, "a@1"));

        client.all(CLUSTER);
        client.ack(client.expect(CLUSTER, "c@1"));
        client.subscribe(CLUSTER, "*");
        client.ack(client.expect(CLUSTER, "c@1"));
        client.expectNothing();
    }

    @Nested
    @DisplayName("rule 7: wildcards")
    class Rule7 {
        @DisplayName("a request that never named anything means everything; so does *")
        @ParameterizedTest
        @EnumSource
        void everything(Peer peer) {
            for (boolean star : List.of(false, true)) {
                Script client = open(peer);
                client.publish(cluster("a", "1"), cluster("b", "1"));
                if (star) {
                    client.subscribe(CLUSTER, "*");
                } else {
                    client.all(CLUSTER);
                }
                client.ack(client.expect(CLUSTER, "a@1", "b@1"));
                assertThat(client.view(CLUSTER).wildcard()).isTrue();
                client.publish(cluster("a", "1"), cluster("b", "1"), cluster("c", "1"));
                assertThat(client.rest().getFirst().resources()).contains("c@1");
            }
        }

        @DisplayName("an empty everything is an answer too: clients wait for it")
        @ParameterizedTest
        @EnumSource
        void empty(Peer peer) {
            Script client = open(peer);
            client.publish();
            client.all(CLUSTER);
            client.all(LISTENER);
            client.ack(client.expect(CLUSTER));
            client.ack(client.expect(LISTENER));
            client.expectNothing();
        }

        @DisplayName("endpoints and routes have no everything without *")
        @ParameterizedTest
        @EnumSource
        void notForEndpoints(Peer peer) {
            Script client = open(peer);
            client.publish(endpoints("a", "1"), route("r", "1"));
            client.all(ENDPOINT);
            client.all(ROUTE);
            client.expectNothing();
        }

        @DisplayName("once names were sent, an empty list unsubscribes from all")
        @ParameterizedTest
        @EnumSource
        void emptyAfterNames(Peer peer) {
            Script client = open(peer);
            client.publish(cluster("a", "1"), cluster("b", "1"));
            client.subscribe(CLUSTER, "a");
            client.ack(client.expect(CLUSTER, "a@1"));
            client.unsubscribe(CLUSTER, "a");
            client.publish(cluster("a", "2"), cluster("b", "2"));
            client.expectNothing();
            assertThat(client.view(CLUSTER).wildcard()).isFalse();
        }

        @DisplayName("* may stand among names, which then say nothing more")
        @ParameterizedTest
        @EnumSource
        void starAmongNames(Peer peer) {
            Script client = open(peer);
            client.publish(cluster("a", "1"), cluster("b", "1"));
            client.subscribe(CLUSTER, "*", "a");
            client.ack(client.expect(CLUSTER, "a@1", "b@1"));
            client.publish(cluster("a", "1"), cluster("b", "2"));
            assertThat(client.rest().getFirst().resources()).contains("b@2");
        }

        @DisplayName("delta: giving up * is answered for the names that stay, and the rest falls silent")
        @ParameterizedTest
        @EnumSource(mode = Mode.MATCH_ALL, names = "DELTA.*")
        void unsubscribeStar(Peer peer) {
            Script client = open(peer);
            client.publish(cluster("a", "1"), cluster("b", "1"));
            client.subscribe(CLUSTER, "*", "a", "gone");
            client.ack(client.expect(CLUSTER, List.of("a@1", "b@1"), List.of("gone")));
            client.unsubscribe(CLUSTER, "*");
            client.ack(client.expect(CLUSTER, List.of("a@1"), List.of("gone")));
            client.publish(cluster("a", "1"), cluster("b", "2"));
            client.expectNothing();
            client.publish(cluster("a", "2"), cluster("b", "2"));
            client.expect(CLUSTER, "a@2");
        }

        @DisplayName("delta: giving up a name that * covers too is answered")
        @ParameterizedTest
        @EnumSource(mode = Mode.MATCH_ALL, names = "DELTA.*")
        void unsubscribeNameUnderStar(Peer peer) {
            Script client = open(peer);
            client.publish(cluster("a", "1"), cluster("b", "1"));
            client.subscribe(CLUSTER, "*", "a", "gone");
            client.ack(client.expect(CLUSTER, List.of("a@1", "b@1"), List.of("gone")));
            client.unsubscribe(CLUSTER, "a", "gone");
            client.ack(client.expect(CLUSTER, List.of("a@1"), List.of("gone")));
            client.publish(cluster("a", "2"), cluster("b", "1"));
            client.expect(CLUSTER, "a@2");
        }

        @DisplayName("SotW: from everything to names, and back")
        @ParameterizedTest
        @EnumSource(mode = Mode.MATCH_ALL, names = "SOTW.*")
        void fromEverythingToNames(Peer peer) {
            Script client = open(peer);
            client.publish(cluster("a", "1"), cluster("b", "1"));
            client.all(CLUSTER);
            client.ack(client.expect(CLUSTER, "a@1", "b@1"));
            client.subscribe(CLUSTER, "a");
            client.ack(client.expect(CLUSTER, "a@1"));
            client.publish(cluster("a", "1"), cluster("b", "2"));
            client.expectNothing();
            client.subscribe(CLUSTER, "*");
            client.ack(client.expect(CLUSTER, "a@1", "b@2"));
            client.expectNothing();
        }
    }

    @DisplayName("rule 8: SotW answers on clusters and listeners list all that is subscribed, each once")
    @ParameterizedTest
    @EnumSource(mode = Mode.MATCH_ALL, names = "SOTW.*")
    void rule8FullState(Peer peer) {
        for (ResourceType type : List.of(CLUSTER, LISTENER)) {
            Script client = open(peer);
            client.publish(Sample.of(type, "a", "1"), Sample.of(type, "b", "1"), Sample.of(type, "c", "1"));
            client.subscribe(type, "a", "b");
            client.ack(client.expect(type, "a@1", "b@1"));
            client.publish(Sample.of(type, "a", "1"), Sample.of(type, "b", "2"), Sample.of(type, "c", "1"));
            client.ack(client.expect(type, "a@1", "b@2"));
            client.grow();
            client.publish(Sample.of(type, "b", "2"), Sample.of(type, "c", "1"));
            client.ack(client.expect(type, "b@2"));
            client.expectNothing();
        }
    }

    @DisplayName("rule 8: SotW answers on endpoints and routes hold what changed; what is gone is not said")
    @ParameterizedTest
    @EnumSource(mode = Mode.MATCH_ALL, names = "SOTW.*")
    void rule8AbsenceMeansNothing(Peer peer) {
        for (ResourceType type : List.of(ENDPOINT, ROUTE)) {
            Script client = open(peer);
            client.publish(Sample.of(type, "a", "1"), Sample.of(type, "b", "1"));
            client.subscribe(type, "a", "b");
            client.ack(client.expect(type, "a@1", "b@1"));
            client.publish(Sample.of(type, "a", "1"), Sample.of(type, "b", "2"));
            client.ack(client.expect(type, "b@2"));
            client.grow();
            client.publish(Sample.of(type, "a", "1"));
            client.expectNothing();
            client.publish(Sample.of(type, "a", "1"), Sample.of(type, "b", "3"));
            client.ack(client.expect(type, "b@3"));
        }
    }

    @DisplayName("rule 9: delta answers a missing name at once, and tells when it appears")
    @ParameterizedTest
    @EnumSource(mode = Mode.MATCH_ALL, names = "DELTA.*")
    void rule9MissingNameInDelta(Peer peer) {
        for (ResourceType type : ResourceType.values()) {
            Script client = open(peer);
            client.publish(Sample.of(type, "a", "1"));
            client.subscribe(type, "a", "none");
            client.ack(client.expect(type, List.of("a@1"), List.of("none")));
            client.expectNothing();
            client.publish(Sample.of(type, "a", "1"), Sample.of(type, "none", "1"));
            client.ack(client.expect(type, "none@1"));
        }
    }

    @DisplayName("rule 9: SotW does not let a missing name block the others, and tells when it appears")
    @ParameterizedTest
    @EnumSource(mode = Mode.MATCH_ALL, names = "SOTW.*")
    void rule9MissingNameInSotw(Peer peer) {
        for (ResourceType type : ResourceType.values()) {
            Script client = open(peer);
            client.publish(Sample.of(type, "a", "1"));
            client.subscribe(type, "a", "none");
            client.ack(client.expect(type, "a@1"));
            client.expectNothing();
            client.publish(Sample.of(type, "a", "1"), Sample.of(type, "none", "1"));
            Received appeared = client.rest().getFirst();
            assertThat(appeared.resources()).contains("none@1");
        }
    }

    @DisplayName("rule 9: SotW says of a missing cluster or listener, by a full state without it, that there is none")
    @ParameterizedTest
    @EnumSource(mode = Mode.MATCH_ALL, names = "SOTW.*")
    void rule9MissingListenerInSotw(Peer peer) {
        Script client = open(peer);
        client.publish(listener("a", "1", "r"));
        client.subscribe(LISTENER, "none");
        client.ack(client.expect(LISTENER));
        client.expectNothing();
    }

    @DisplayName("rule 10: a changed cluster gets its endpoints again, though they are equal")
    @ParameterizedTest
    @EnumSource
    void rule10ClusterWarmsWithEndpoints(Peer peer) {
        Script client = open(peer);
        client.publish(cluster("a", "1", "shared"), cluster("b", "1"), endpoints("shared", "1"), endpoints("b", "1"));
        client.all(CLUSTER);
        client.subscribe(ENDPOINT, "shared", "b");
        client.settle();

        client.publish(cluster("a", "2", "shared"), cluster("b", "1"), endpoints("shared", "1"), endpoints("b", "1"));
        Received clusters = client.take().orElseThrow();
        assertThat(clusters.resources()).contains("a@2");
        // Before the ACK, which the client may withhold until the cluster is warm.
        client.ack(client.expect(ENDPOINT, "shared@1"));
        client.ack(clusters);
        client.expectNothing();
    }

    @DisplayName("rule 10: a changed listener gets its routes again, though they are equal")
    @ParameterizedTest
    @EnumSource
    void rule10ListenerWarmsWithRoutes(Peer peer) {
        Script client = open(peer);
        client.publish(listener("l", "1", "r"), route("r", "1"));
        client.all(LISTENER);
        client.subscribe(ROUTE, "r");
        client.settle();

        client.publish(listener("l", "2", "r"), route("r", "1"));
        Received listeners = client.expect(LISTENER, "l@2");
        client.ack(client.expect(ROUTE, "r@1"));
        client.ack(listeners);
        client.expectNothing();
    }

    @DisplayName("rule 11: a route goes out when the clusters and endpoints it leads to are acknowledged")
    @ParameterizedTest
    @EnumSource
    void rule11RouteWaitsForItsCluster(Peer peer) {
        Script client = open(peer);
        client.publish(cluster("a", "1"), endpoints("a", "1"), listener("l", "1", "r"), route("r", "1", "a"));
        client.all(CLUSTER);
        client.subscribe(ENDPOINT, "a");
        client.all(LISTENER);
        client.subscribe(ROUTE, "r");
        client.settle();
        client.publish(
                cluster("a", "1"),
                cluster("b", "1"),
                endpoints("a", "1"),
                endpoints("b", "1"),
                listener("l", "2", "r"),
                route("r", "2", "b"));
        Received clusters = client.take().orElseThrow();
        assertThat(clusters.type()).isEqualTo(CLUSTER);
        assertThat(clusters.resources()).contains("b@1");
        client.subscribe(ENDPOINT, "b");
        Received endpoints = client.expect(ENDPOINT, "b@1");
        client.expectNothing();
        client.ack(clusters);
        client.expectNothing();
        client.ack(endpoints);
        Received listeners = client.expect(LISTENER, "l@2");
        client.ack(client.expect(ROUTE, "r@2"));
        client.ack(listeners);
        client.expectNothing();
    }

    @DisplayName("rule 12: SotW with the version of before skips everything, and only then")
    @ParameterizedTest
    @EnumSource(mode = Mode.MATCH_ALL, names = "SOTW.*")
    void rule12ReconnectSotw(Peer peer) {
        Script before = open(peer);
        before.publish(cluster("a", "1"), endpoints("a", "1"));
        before.all(CLUSTER);
        String version = before.settle().getLast().version();

        Script same = open(peer);
        same.publish(cluster("a", "1"), endpoints("a", "1"));
        same.resume(CLUSTER, Set.of(), version, Map.of());
        same.expectNothing();
        assertThat(same.view(CLUSTER).accepted().orElseThrow().version()).isEqualTo(version);
        same.publish(cluster("a", "2"), endpoints("a", "1"));
        same.expect(CLUSTER, "a@2");

        Script other = open(peer);
        other.publish(cluster("a", "2"), endpoints("a", "1"));
        other.resume(CLUSTER, Set.of(), version, Map.of());
        other.expect(CLUSTER, "a@2");

        Script named = open(peer);
        named.publish(cluster("a", "1"), endpoints("a", "1"));
        named.resume(CLUSTER, Set.of("a"), version, Map.of());
        named.resume(ENDPOINT, Set.of("a"), version, Map.of());
        named.expect(CLUSTER, "a@1");
        named.expect(ENDPOINT, "a@1");
    }

    @DisplayName("rule 12: delta answers initial_resource_versions with the difference, removals included")
    @ParameterizedTest
    @EnumSource(mode = Mode.MATCH_ALL, names = "DELTA.*")
    void rule12ReconnectDelta(Peer peer) {
        Script client = open(peer);
        client.publish(
                cluster("a", "1"), cluster("b", "2"), cluster("c", "1"), endpoints("a", "1"), endpoints("b", "2"));
        client.resume(CLUSTER, Set.of(), "", Map.of("a", "1", "b", "1", "ghost", "1"));
        client.ack(client.expect(CLUSTER, "b@2", "c@1"));
        client.resume(ENDPOINT, Set.of("a", "b", "ghost"), "", Map.of("a", "1", "b", "1", "ghost", "1"));
        client.ack(client.expect(ENDPOINT, "b@2"));
        client.resume(LISTENER, Set.of(), "", Map.of());
        client.resume(ROUTE, Set.of("r"), "", Map.of());
        client.ack(client.expect(LISTENER));
        client.ack(client.expect(ROUTE, List.of(), List.of("r")));
        client.ack(client.expect(CLUSTER, List.of(), List.of("ghost")));
        client.ack(client.expect(ENDPOINT, List.of(), List.of("ghost")));
        client.expectNothing();
    }

    @DisplayName("rule 12: another replica with the same resources sends nothing to a client that comes over")
    @ParameterizedTest
    @EnumSource(mode = Mode.MATCH_ALL, names = "DELTA.*")
    void rule12OtherReplica(Peer peer) {
        Script client = open(peer);
        client.publish(cluster("a", "1"), cluster("b", "1"));
        client.resume(CLUSTER, Set.of(), "", Map.of("a", "1", "b", "1"));
        client.grow();
        client.expectNothing();
    }

    @DisplayName("rule 13: an unsubscription wins over a later ACK of what was in flight")
    @ParameterizedTest
    @EnumSource(mode = Mode.MATCH_ALL, names = "DELTA.*")
    void rule13UnsubscribeInFlight(Peer peer) {
        Script client = open(peer);
        client.publish(endpoints("a", "1"), endpoints("b", "1"));
        client.subscribe(ENDPOINT, "a", "b");
        Received first = client.expect(ENDPOINT, "a@1", "b@1");
        client.unsubscribe(ENDPOINT, "b");
        client.ack(first);
        client.publish(endpoints("a", "1"), endpoints("b", "2"));
        client.expectNothing();
        assertThat(client.view(ENDPOINT).names()).containsExactly("a");
        client.grow();
        client.publish(endpoints("a", "1"));
        client.expectNothing();
    }

    @DisplayName("rule 13: in SotW the ACK itself may leave a name out")
    @ParameterizedTest
    @EnumSource(mode = Mode.MATCH_ALL, names = "SOTW.*")
    void rule13UnsubscribeWithTheAck(Peer peer) {
        Script client = open(peer);
        client.publish(endpoints("a", "1"), endpoints("b", "1"));
        client.subscribe(ENDPOINT, "a", "b");
        client.ackWithout(client.expect(ENDPOINT, "a@1", "b@1"), "b");
        client.publish(endpoints("a", "1"), endpoints("b", "2"));
        client.expectNothing();
        client.publish(endpoints("a", "2"), endpoints("b", "2"));
        client.expect(ENDPOINT, "a@2");
    }

    @DisplayName("rule 14: an unknown type is ignored and the stream goes on, even if it came first")
    @ParameterizedTest
    @EnumSource
    void rule14UnknownType(Peer peer) {
        Script client = open(peer);
        client.publish(cluster("a", "1"));
        for (String typeUrl : List.of(
                "type.googleapis.com/envoy.service.runtime.v3.Runtime",
                "type.googleapis.com/envoy.config.route.v3.VirtualHost",
                "x",
                "")) {
            client.unknownType(typeUrl);
        }
        client.expectNothing();
        client.all(CLUSTER);
        client.ack(client.expect(CLUSTER, "a@1"));
        client.unknownType("x");
        client.publish(cluster("a", "2"));
        client.expect(CLUSTER, "a@2");
    }

    @DisplayName("rule 19: a client that does not keep up gets the newest state only")
    @ParameterizedTest
    @EnumSource
    void rule19SlowClient(Peer peer) {
        Script client = open(peer);
        client.publish(cluster("a", "1"), endpoints("a", "1"));
        client.all(CLUSTER);
        Received first = client.expect(CLUSTER, "a@1");
        for (int version = 2; version <= 100; version++) {
            client.publish(cluster("a", "" + version), endpoints("a", "" + version));
        }
        client.expectNothing();
        client.ack(first);
        client.ack(client.expect(CLUSTER, "a@100"));
        client.subscribe(ENDPOINT, "a");
        client.ack(client.expect(ENDPOINT, "a@100"));
        client.expectNothing();
    }

    @DisplayName("rule 20: versions are compared for being equal, never for order")
    @ParameterizedTest
    @EnumSource
    void rule20VersionsHaveNoOrder(Peer peer) {
        Script client = open(peer);
        client.publish(cluster("a", "9"));
        client.all(CLUSTER);
        client.ack(client.expect(CLUSTER, "a@9"));
        client.publish(cluster("a", "1"));
        client.ack(client.expect(CLUSTER, "a@1"));
        client.publish(cluster("a", "5"));
        client.ack(client.expect(CLUSTER, "a@5"));
    }

    @DisplayName("rule 21: each response names the control plane")
    @ParameterizedTest
    @EnumSource
    void rule21Identifier(Peer peer) {
        Script client = open(peer);
        client.publish(cluster("a", "1"), endpoints("a", "1"));
        client.all(CLUSTER);
        client.subscribe(ENDPOINT, "a");
        assertThat(client.expect(CLUSTER, "a@1").sender()).isEqualTo(DirectLink.IDENTIFIER);
        assertThat(client.expect(ENDPOINT, "a@1").sender()).isEqualTo(DirectLink.IDENTIFIER);
    }

    @DisplayName("rule 23: what is larger than a message may be comes in several, one after the other's ACK")
    @ParameterizedTest
    @EnumSource(mode = Mode.MATCH_ALL, names = "DELTA.*")
    void rule23SplitDelta(Peer peer) {
        Script client = open(peer);
        String third = "x".repeat(MAX_ANSWER_BYTES / 3);
        client.publish(
                cluster("a", third),
                cluster("b", third),
                cluster("c", third),
                cluster("d", third),
                listener("l", "1", "r"));
        client.all(CLUSTER);
        client.all(LISTENER);
        Received first = client.expect(CLUSTER, "a@" + third);
        client.expectNothing();
        client.ack(first);
        client.ack(client.expect(CLUSTER, "b@" + third));
        client.ack(client.expect(CLUSTER, "c@" + third));
        Received last = client.expect(CLUSTER, "d@" + third);
        client.expectNothing();
        client.ack(last);
        client.ack(client.expect(LISTENER, "l@1"));
        client.expectNothing();
    }

    @DisplayName("rule 23: SotW splits what need not be whole, and sends a single resource however large")
    @ParameterizedTest
    @EnumSource(mode = Mode.MATCH_ALL, names = "SOTW.*")
    void rule23SplitSotw(Peer peer) {
        Script client = open(peer);
        String large = "x".repeat(MAX_ANSWER_BYTES / 4);
        String tooLarge = "y".repeat(MAX_ANSWER_BYTES + 1);
        client.publish(endpoints("a", large), endpoints("b", large), endpoints("c", tooLarge));
        client.subscribe(ENDPOINT, "a", "b", "c");
        client.ack(client.expect(ENDPOINT, "a@" + large));
        client.ack(client.expect(ENDPOINT, "b@" + large));
        client.ack(client.expect(ENDPOINT, "c@" + tooLarge));
        client.expectNothing();

        Script whole = open(peer);
        whole.publish(cluster("a", large), cluster("b", tooLarge));
        whole.all(CLUSTER);
        whole.ack(whole.expect(CLUSTER, "a@" + large, "b@" + tooLarge));
        whole.expectNothing();
    }
}
