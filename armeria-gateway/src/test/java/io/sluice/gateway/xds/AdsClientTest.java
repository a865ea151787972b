package io.sluice.gateway.xds;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.google.protobuf.Any;
import com.google.protobuf.Message;
import com.google.protobuf.UnknownFieldSet;
import com.google.protobuf.util.Durations;
import io.envoyproxy.envoy.config.bootstrap.v3.Bootstrap;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.core.v3.AggregatedConfigSource;
import io.envoyproxy.envoy.config.core.v3.ConfigSource;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.config.endpoint.v3.ClusterLoadAssignment;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryResponse;
import io.envoyproxy.envoy.service.discovery.v3.Resource;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.slf4j.LoggerFactory;

/** Against a server that follows a script, in both variants; time stands still unless moved. */
class AdsClientTest {
    private static final SupportMatrix MATRIX = SupportMatrix.load();
    private static final ResourceKind CLUSTER = ResourceKind.CLUSTER;
    private static final ResourceKind LISTENER = ResourceKind.LISTENER;
    private static final ResourceKind ENDPOINTS = ResourceKind.ENDPOINTS;
    private static final ResourceKind ROUTES = ResourceKind.ROUTES;

    enum Variant {
        DELTA,
        FULL_STATE
    }

    private final ManualExecutor time = new ManualExecutor();
    private final RecordingSink sink = new RecordingSink();
    private SimpleMeterRegistry metrics = new SimpleMeterRegistry();
    private final ListAppender<ILoggingEvent> log = new ListAppender<>();
    private ScriptedServer server = new ScriptedServer(true);
    private AdsClient client = client(Variant.DELTA, null);

    @TempDir
    Path folder = Path.of("");

    @BeforeEach
    void listen() {
        log.start();
        logger().addAppender(log);
        logger().setLevel(Level.INFO);
    }

    @AfterEach
    void stopListening() {
        logger().detachAppender(log);
        logger().setLevel(null);
    }

    private static Logger logger() {
        return (Logger) LoggerFactory.getLogger(AdsClient.class);
    }

    private AdsClient client(Variant variant, @Nullable Path disk) {
        return client(variant, disk, EnumSet.of(CLUSTER, LISTENER));
    }

    private AdsClient client(Variant variant, @Nullable Path disk, Set<ResourceKind> discovered) {
        server = new ScriptedServer(variant == Variant.DELTA);
        metrics = new SimpleMeterRegistry();
        BootstrapParser.Start start = new BootstrapParser.Start(
                Node.newBuilder().setId("gw-1").setCluster("edge").build(),
                new Resources(),
                discovered,
                Optional.of("xds"),
                Map.of(),
                variant == Variant.FULL_STATE,
                Optional.empty(),
                Bootstrap.getDefaultInstance());
        return new AdsClient(
                server,
                variant == Variant.DELTA,
                start,
                sink,
                MATRIX,
                new LastGood(disk, Runnable::run),
                metrics,
                time,
                time,
                new Random(7));
    }

    private void start(Variant variant) {
        client = client(variant, null);
        client.start();
    }

    // --- what is sent

    private static Cluster cluster(String name, int timeoutSeconds) {
        return Cluster.newBuilder()
                .setName(name)
                .setConnectTimeout(Durations.fromSeconds(timeoutSeconds))
                .build();
    }

    private static Cluster edsCluster(String name) {
        return Cluster.newBuilder()
                .setName(name)
                .setType(Cluster.DiscoveryType.EDS)
                .setEdsClusterConfig(Cluster.EdsClusterConfig.newBuilder()
                        .setEdsConfig(ConfigSource.newBuilder().setAds(AggregatedConfigSource.getDefaultInstance())))
                .build();
    }

    private static Cluster unsupported(String name) {
        return cluster(name, 1).toBuilder()
                .setTrackClusterStats(io.envoyproxy.envoy.config.cluster.v3.TrackClusterStats.newBuilder()
                        .setTimeoutBudgets(true))
                .build();
    }

    private static Cluster uncompilable(String name) {
        return cluster(name, 1).toBuilder()
                .setAltStatName(RecordingSink.UNCOMPILABLE)
                .build();
    }

    private static ClusterLoadAssignment endpoints(String name) {
        return ClusterLoadAssignment.newBuilder().setClusterName(name).build();
    }

    private static Listener listener(String name, String routes) {
        return Listener.newBuilder()
                .setName(name)
                .setStatPrefix(RecordingSink.ROUTES + routes)
                .build();
    }

    private static Listener listener(String name) {
        return Listener.newBuilder().setName(name).build();
    }

    private static RouteConfiguration routes(String name) {
        return RouteConfiguration.newBuilder().setName(name).build();
    }

    // --- asking

    @ParameterizedTest
    @EnumSource(Variant.class)
    void asksForAllClustersAndListenersAndNamesItselfOnce(Variant variant) {
        start(variant);
        assertThat(server.stream().requests)
                .extracting(ScriptedServer.Request::kind)
                .containsExactly(CLUSTER, LISTENER);
        assertThat(server.stream().requests)
                .extracting(ScriptedServer.Request::node)
                .containsExactly("gw-1", "");
        assertThat(server.stream().requests).allMatch(request -> request.names().isEmpty());
    }

    @ParameterizedTest
    @EnumSource(Variant.class)
    void asksOnlyForWhatTheBootstrapSays(Variant variant) {
        client = client(variant, null, EnumSet.of(CLUSTER));
        client.start();
        assertThat(server.stream().requests)
                .extracting(ScriptedServer.Request::kind)
                .containsExactly(CLUSTER);
        server.change("1", cluster("a", 1));
        assertThat(client.view().configured()).isTrue();
    }

    @ParameterizedTest
    @EnumSource(Variant.class)
    void asksForEndpointsAndRoutesByTheNamesThatClustersAndListenersSay(Variant variant) {
        start(variant);
        server.change("1", edsCluster("a"), edsCluster("b"));
        assertThat(server.last(ENDPOINTS).names()).containsExactly("a", "b");
        server.change("1", listener("edge", "table"));
        assertThat(server.last(ROUTES).names()).containsExactly("table");

        server.change("2", edsCluster("c"));
        server.remove("3", CLUSTER, "a");
        List<ScriptedServer.Request> asked = server.requests(ENDPOINTS);
        if (variant == Variant.DELTA) {
            assertThat(asked.get(1).names()).containsExactly("c");
            assertThat(asked.get(2).dropped()).containsExactly("a");
        } else {
            assertThat(asked.get(1).names()).containsExactly("a", "b", "c");
            assertThat(asked.get(2).names()).containsExactly("b", "c");
        }
    }

    @ParameterizedTest
    @EnumSource(Variant.class)
    void forgetsWhatNothingNamesAnyMore(Variant variant) {
        start(variant);
        server.change("1", edsCluster("a"));
        server.change("1", endpoints("a"));
        assertThat(sink.inForce(ENDPOINTS)).containsOnlyKeys("a");
        server.remove("2", CLUSTER, "a");
        server.change("3", edsCluster("a"));
        assertThat(sink.inForce(ENDPOINTS)).isEmpty();
        assertThat(client.view().accepted()).doesNotContainKey(new ResourceKey(ENDPOINTS, "a"));
    }

    // --- acknowledging

    @ParameterizedTest
    @EnumSource(Variant.class)
    void acknowledgesOnlyWhatIsInForce(Variant variant) {
        start(variant);
        List<Set<String>> inForceAtAck = new ArrayList<>();
        server.onRequest = () -> {
            if (!server.stream().requests.getLast().nonce().isEmpty()) {
                inForceAtAck.add(sink.inForce(CLUSTER).keySet());
            }
        };
        String nonce = server.change("1", cluster("a", 1), cluster("b", 1));
        assertThat(inForceAtAck).containsExactly(Set.of("a", "b"));
        assertThat(server.last(CLUSTER).nonce()).isEqualTo(nonce);
        assertThat(server.last(CLUSTER).error()).isEmpty();
        if (variant == Variant.FULL_STATE) {
            assertThat(server.last(CLUSTER).version()).isEqualTo("1");
        }
        assertThat(updates("accepted")).isEqualTo(1);
    }

    @ParameterizedTest
    @EnumSource(Variant.class)
    void refusesByNameAndPathAndTakesWhatIsGoodBesideIt(Variant variant) {
        start(variant);
        server.change("1", cluster("bad", 1));
        String nonce =
                server.change("2", unsupported("bad"), cluster("good", 2), cluster("", 1), uncompilable("worse"));
        ScriptedServer.Request refusal = server.last(CLUSTER);
        assertThat(refusal.nonce()).isEqualTo(nonce);
        assertThat(refusal.error())
                .contains("Cluster 'bad' > track_cluster_stats: not supported")
                .contains("Cluster '' > name: '' (expected: at least 1 characters)")
                .contains("Cluster 'worse' > alt_stat_name: does not compile")
                .doesNotContain("good");
        if (variant == Variant.FULL_STATE) {
            assertThat(refusal.version()).as("the last one accepted").isEqualTo("1");
        }
        assertThat(sink.inForce(CLUSTER)).containsOnlyKeys("bad", "good");
        assertThat(sink.inForce(CLUSTER)).containsEntry("bad", cluster("bad", 1));
        assertThat(client.view().accepted())
                .hasEntrySatisfying(
                        new ResourceKey(CLUSTER, "bad"),
                        entry -> assertThat(entry.version()).isEqualTo("1"));
        assertThat(client.view().refused())
                .hasEntrySatisfying(
                        new ResourceKey(CLUSTER, "bad"),
                        refused -> assertThat(refused.version()).isEqualTo("2"));
        assertThat(updates("refused")).isEqualTo(1);
        assertThat(metrics.get("xds.resources")
                        .tags("type", "Cluster", "state", "refused")
                        .gauge()
                        .value())
                .isEqualTo(3);

        server.remove("3", CLUSTER, "", "worse");
        server.change("4", cluster("bad", 3));
        assertThat(client.view().refused()).isEmpty();
        assertThat(sink.inForce(CLUSTER)).containsEntry("bad", cluster("bad", 3));
        assertThat(server.last(CLUSTER).error()).isEmpty();
    }

    @ParameterizedTest
    @EnumSource(Variant.class)
    void refusesAFieldThatNoDescriptorKnows(Variant variant) {
        start(variant);
        Cluster fromTheFuture = cluster("a", 1).toBuilder()
                .setUnknownFields(UnknownFieldSet.newBuilder()
                        .addField(
                                9999,
                                UnknownFieldSet.Field.newBuilder().addVarint(1).build())
                        .build())
                .build();
        server.change("1", fromTheFuture, cluster("b", 1));
        assertThat(server.last(CLUSTER).error())
                .isEqualTo(
                        "Cluster 'a' > wire field [9999]: not supported by armeria-gateway; see docs/xds-support.md");
        assertThat(sink.inForce(CLUSTER)).containsOnlyKeys("b");
    }

    @ParameterizedTest
    @EnumSource(Variant.class)
    void refusesWhatCannotBeDecodedAndLosesNothing(Variant variant) {
        start(variant);
        server.change("1", cluster("a", 1), cluster("b", 1));
        server.changeToNonsense("2", CLUSTER, "a");
        assertThat(server.last(CLUSTER).error())
                .contains(variant == Variant.DELTA ? "Cluster 'a' > value: " : "Cluster '?' > value: ");
        assertThat(sink.inForce(CLUSTER)).containsOnlyKeys("a", "b");
        server.change("3", cluster("a", 2));
        assertThat(client.view().refused()).isEmpty();
        assertThat(sink.inForce(CLUSTER)).containsEntry("a", cluster("a", 2));
    }

    @Test
    void refusesAWrapperThatSaysSomethingElse() {
        start(Variant.DELTA);
        server.say(DeltaDiscoveryResponse.newBuilder()
                .setTypeUrl(CLUSTER.typeUrl())
                .setNonce("x")
                .addResources(wrapped("a", CLUSTER, cluster("b", 1)))
                .addResources(wrapped("c", LISTENER, cluster("c", 1)))
                .addResources(wrapped("d", CLUSTER, cluster("d", 1)).toBuilder().setTtl(Durations.fromSeconds(5)))
                .addResources(wrapped("e", CLUSTER, cluster("e", 1)))
                .addResources(wrapped("e", CLUSTER, cluster("e", 2)))
                .addResources(wrapped("f", CLUSTER, cluster("f", 1)))
                .build());
        assertThat(server.last(CLUSTER).error().lines())
                .containsExactly(
                        "Cluster 'a' > name: 'b' (expected: 'a', as it was sent)",
                        "Cluster 'c' > @type: '" + LISTENER.typeUrl() + "' (expected: " + CLUSTER.typeUrl() + ")",
                        "Cluster 'd' > ttl: not supported by armeria-gateway",
                        "Cluster 'e' > name: twice in one response");
        assertThat(sink.inForce(CLUSTER)).containsOnlyKeys("f");
    }

    private static Resource wrapped(String name, ResourceKind kind, Message message) {
        return Resource.newBuilder()
                .setName(name)
                .setVersion("1")
                .setResource(ScriptedServer.any(kind, message))
                .build();
    }

    @Test
    void unwrapsNamedResourcesInFullStateToo() {
        start(Variant.FULL_STATE);
        server.say(DiscoveryResponse.newBuilder()
                .setTypeUrl(CLUSTER.typeUrl())
                .setVersionInfo("1")
                .setNonce("x")
                .addResources(Any.pack(wrapped("a", CLUSTER, cluster("a", 1))))
                .build());
        assertThat(server.last(CLUSTER).error()).isEmpty();
        assertThat(sink.inForce(CLUSTER)).containsOnlyKeys("a");
    }

    @ParameterizedTest
    @EnumSource(Variant.class)
    void blamesWhatChangedWhenSomethingElseNoLongerCompiles(Variant variant) {
        start(variant);
        server.change("1", listener("edge"));
        sink.brokenBy = "culprit";
        server.change("1", cluster("culprit", 1));
        assertThat(server.last(CLUSTER).error()).contains("fails because of 'culprit'");
        assertThat(sink.inForce(LISTENER)).containsOnlyKeys("edge");
        assertThat(sink.inForce(CLUSTER)).isEmpty();
        assertThat(client.view().refused()).containsKey(new ResourceKey(CLUSTER, "culprit"));
    }

    @ParameterizedTest
    @EnumSource(Variant.class)
    void removesWhatTheServerRemoves(Variant variant) {
        start(variant);
        server.change("1", cluster("a", 1), cluster("b", 1));
        server.remove("2", CLUSTER, "a");
        assertThat(sink.inForce(CLUSTER)).containsOnlyKeys("b");
        assertThat(client.view().accepted()).containsOnlyKeys(new ResourceKey(CLUSTER, "b"));
        assertThat(server.last(CLUSTER).error()).isEmpty();
    }

    @Test
    void keepsRoutesThatAListenerStillNamesAsEnvoyDoes() {
        start(Variant.DELTA);
        server.change("1", listener("edge", "table"));
        server.change("1", routes("table"));
        server.remove("2", ROUTES, "table");
        assertThat(sink.inForce(ROUTES)).containsOnlyKeys("table");
        server.remove("2", LISTENER, "edge");
        assertThat(client.view().accepted()).isEmpty();
    }

    // --- refusing again

    @ParameterizedTest
    @EnumSource(Variant.class)
    void holdsBackWhatItRefusedBeforeLongerEachTime(Variant variant) {
        start(variant);
        server.change("1", unsupported("bad"));
        List<Long> delays = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            int before = server.requests(CLUSTER).size();
            String nonce = server.change("1", unsupported("bad"));
            assertThat(server.requests(CLUSTER)).hasSize(before);
            long delay = 0;
            while (server.requests(CLUSTER).size() == before) {
                time.advance(Duration.ofMillis(10));
                delay += 10;
            }
            assertThat(server.last(CLUSTER).nonce()).isEqualTo(nonce);
            assertThat(server.last(CLUSTER).error()).contains("'bad'");
            delays.add(delay);
        }
        long step = 1_000;
        for (long delay : delays) {
            assertThat(delay).isBetween(step / 2, step + 10);
            step = Math.min(step * 2, 30_000);
        }
        assertThat(warnings()).as("the same refusal is logged once").hasSize(1);
    }

    @ParameterizedTest
    @EnumSource(Variant.class)
    void refusesANewVersionAtOnce(Variant variant) {
        start(variant);
        server.change("1", unsupported("bad"));
        server.change("1", unsupported("bad"));
        String nonce = server.change("2", unsupported("bad"));
        assertThat(server.last(CLUSTER).nonce()).isEqualTo(nonce);
        int sent = server.requests(CLUSTER).size();
        time.advance(Duration.ofMinutes(1));
        assertThat(server.requests(CLUSTER)).as("what was held back is dropped").hasSize(sent);
    }

    @ParameterizedTest
    @EnumSource(Variant.class)
    void refusesAtOnceWhatComesAgainBesideSomethingNew(Variant variant) {
        start(variant);
        server.change("1", unsupported("bad"));
        String nonce = server.change("1", unsupported("bad"), cluster("new", 1));
        assertThat(server.last(CLUSTER).nonce()).isEqualTo(nonce);
        assertThat(server.last(CLUSTER).error()).contains("'bad'");
        String repeated = server.change("1", unsupported("bad"), cluster("new", 1));
        assertThat(server.last(CLUSTER).nonce()).as("held back").isNotEqualTo(repeated);
    }

    @ParameterizedTest
    @EnumSource(Variant.class)
    void doesNotAnswerAnOldStreamOnANewOne(Variant variant) {
        start(variant);
        server.change("1", unsupported("bad"));
        server.change("1", unsupported("bad"));
        server.stream().listener.onClose("gone");
        time.advance(Duration.ofMinutes(1));
        assertThat(server.streams()).isEqualTo(2);
        assertThat(server.requests(CLUSTER)).hasSize(1);
        assertThat(server.last(CLUSTER).nonce()).isEmpty();
    }

    // --- the server is away

    @ParameterizedTest
    @EnumSource(Variant.class)
    void comesBackLaterEachTimeAndSaysSoOnce(Variant variant) {
        start(variant);
        server.change("1", cluster("a", 1));
        assertThat(connected()).isEqualTo(1);
        server.goDown();
        assertThat(connected()).isZero();
        assertThat(client.view().lostSince()).isEqualTo(time.instant());
        long step = 250;
        for (int i = 0; i < 9; i++) {
            int before = server.streams();
            long waited = 0;
            while (server.streams() == before) {
                time.advance(Duration.ofMillis(1));
                waited++;
            }
            assertThat(waited).isBetween(step / 2, step + 1);
            step = Math.min(step * 2, 10_000);
        }
        assertThat(sink.inForce(CLUSTER)).as("keeps serving").containsOnlyKeys("a");
        assertThat(warnings())
                .containsExactly("xDS server away reason=\"connection lost\" in_force=the last good configuration");

        server.comeUp();
        time.advance(Duration.ofSeconds(10));
        server.change("2", cluster("a", 2));
        assertThat(connected()).isEqualTo(1);
        assertThat(client.view().lostSince()).isNull();
        assertThat(messages(Level.INFO)).singleElement().asString().startsWith("xDS server back away_ms=");
        server.stream().listener.onClose("again");
        time.advance(Duration.ofMillis(250));
        assertThat(server.streams()).as("the back-off begins anew").isEqualTo(12);
    }

    @ParameterizedTest
    @EnumSource(Variant.class)
    void saysOnReconnectWhatItHas(Variant variant) {
        start(variant);
        server.change("1", edsCluster("a"), cluster("b", 1));
        server.change("7", endpoints("a"));
        server.stream().listener.onClose("gone");
        time.advance(Duration.ofMillis(250));
        assertThat(server.streams()).isEqualTo(2);
        assertThat(server.stream().requests.getFirst().node()).isEqualTo("gw-1");
        if (variant == Variant.DELTA) {
            assertThat(server.last(CLUSTER).initial()).isEqualTo(Map.of("a", "1", "b", "1"));
            assertThat(server.last(ENDPOINTS).initial()).isEqualTo(Map.of("a", "7"));
        } else {
            assertThat(server.last(CLUSTER).version()).isEqualTo("1");
            assertThat(server.last(ENDPOINTS).version()).isEqualTo("7");
        }
        assertThat(server.last(ENDPOINTS).names()).containsExactly("a");
        assertThat(server.stream().requests).allMatch(request -> request.nonce().isEmpty());
    }

    @ParameterizedTest
    @EnumSource(Variant.class)
    void isQuietAboutAFirstTryThatFails(Variant variant) {
        client = client(variant, null);
        server.onRequest = () -> {};
        client.start();
        server.stream().listener.onClose("not resolved yet");
        assertThat(warnings()).isEmpty();
        time.advance(Duration.ofMillis(250));
        server.change("1", cluster("a", 1));
        assertThat(log.list).isEmpty();
        assertThat(connected()).isEqualTo(1);
    }

    @ParameterizedTest
    @EnumSource(Variant.class)
    void beginsANewStreamAfterAMessageThatCannotBeRead(Variant variant) {
        start(variant);
        server.change("1", cluster("a", 1));
        ScriptedServer.Channel first = server.stream();
        first.listener.onMessage(new byte[] {7, 1, 2});
        assertThat(first.cancelled).isTrue();
        first.listener.onMessage(DeltaDiscoveryResponse.getDefaultInstance().toByteArray());
        first.listener.onClose("late");
        time.advance(Duration.ofMillis(250));
        assertThat(server.streams()).isEqualTo(2);
        assertThat(sink.inForce(CLUSTER)).containsOnlyKeys("a");
    }

    @ParameterizedTest
    @EnumSource(Variant.class)
    void survivesAFaultOfItsOwn(Variant variant) {
        start(variant);
        server.change("1", cluster("a", 1));
        sink.broken = true;
        server.change("2", cluster("a", 2));
        sink.broken = false;
        time.advance(Duration.ofMillis(250));
        assertThat(server.streams()).isEqualTo(2);
        server.change("2", cluster("a", 2));
        assertThat(sink.inForce(CLUSTER)).containsEntry("a", cluster("a", 2));
    }

    @ParameterizedTest
    @EnumSource(Variant.class)
    void ignoresTypesItDidNotAskFor(Variant variant) {
        start(variant);
        String type = "type.googleapis.com/envoy.service.runtime.v3.Runtime";
        int sent = server.stream().requests.size();
        server.say(
                variant == Variant.DELTA
                        ? DeltaDiscoveryResponse.newBuilder()
                                .setTypeUrl(type)
                                .setNonce("x")
                                .build()
                        : DiscoveryResponse.newBuilder()
                                .setTypeUrl(type)
                                .setNonce("x")
                                .build());
        server.push(ROUTES, "1", List.of(), List.of());
        assertThat(server.stream().requests).hasSize(sent);
        assertThat(server.streams()).isEqualTo(1);
    }

    // --- being configured

    @ParameterizedTest
    @EnumSource(Variant.class)
    void isConfiguredWhenEverythingItWaitsForIsThere(Variant variant) {
        start(variant);
        server.change("1", edsCluster("a"));
        server.change("1", listener("edge", "table"));
        assertThat(client.view().configured()).isFalse();
        server.change("1", endpoints("a"));
        assertThat(client.view().configured()).isFalse();
        server.change("1", routes("table"));
        assertThat(client.view().configured()).isTrue();
    }

    @ParameterizedTest
    @EnumSource(Variant.class)
    void isConfiguredWithNothingWhereThereIsNothing(Variant variant) {
        start(variant);
        server.push(CLUSTER, "1", List.of(), List.of());
        assertThat(client.view().configured()).isFalse();
        server.push(LISTENER, "1", List.of(), List.of());
        assertThat(client.view().configured()).isTrue();
    }

    @ParameterizedTest
    @EnumSource(Variant.class)
    void isNotConfiguredWhenEverythingWasRefused(Variant variant) {
        start(variant);
        server.push(LISTENER, "1", List.of(), List.of());
        server.change("1", unsupported("a"));
        assertThat(client.view().configured()).isFalse();
    }

    @ParameterizedTest
    @EnumSource(Variant.class)
    void goesOnWithoutANameThatNobodyAnswersFor(Variant variant) {
        start(variant);
        server.change("1", edsCluster("a"));
        server.push(LISTENER, "1", List.of(), List.of());
        time.advance(AdsClient.FETCH_TIMEOUT.minusMillis(1));
        assertThat(client.view().configured()).isFalse();
        time.advance(Duration.ofMillis(1));
        assertThat(client.view().configured()).isTrue();
        assertThat(warnings())
                .containsExactly("no answer name=\"ClusterLoadAssignment 'a'\" after_ms=15000; going on without it");
    }

    @Test
    void goesOnAtOnceWithoutANameThatDoesNotExist() {
        start(Variant.DELTA);
        server.push(LISTENER, "1", List.of(), List.of());
        server.change("1", edsCluster("a"));
        server.remove("1", ENDPOINTS, "a");
        assertThat(client.view().configured()).isTrue();
    }

    // --- ports

    @ParameterizedTest
    @EnumSource(Variant.class)
    void refusesAListenerWhosePortIsTakenAndTriesItAgain(Variant variant) {
        start(variant);
        sink.takenPorts.add("edge");
        server.change("1", listener("edge"), listener("other"));
        assertThat(server.last(LISTENER).error())
                .isEqualTo("Listener 'edge' > address 127.0.0.1:80: Address already in use");
        assertThat(sink.inForce(LISTENER)).containsOnlyKeys("other");
        time.advance(AdsClient.PORT_RETRY);
        assertThat(client.view().refused()).hasSize(1);
        sink.takenPorts.clear();
        time.advance(AdsClient.PORT_RETRY);
        assertThat(sink.inForce(LISTENER)).containsOnlyKeys("edge", "other");
        assertThat(client.view().refused()).isEmpty();
        assertThat(client.view().accepted()).containsKey(new ResourceKey(LISTENER, "edge"));
        assertThat(messages(Level.INFO))
                .containsExactly("resource in force after all name=\"Listener 'edge'\" version=1");
        int published = sink.published;
        time.advance(Duration.ofMinutes(1));
        assertThat(sink.published).isEqualTo(published);
    }

    // --- the disk

    @ParameterizedTest
    @EnumSource(Variant.class)
    void startsFromTheDiskWhileTheServerIsAway(Variant variant) {
        client = client(variant, folder);
        client.start();
        server.change("1", edsCluster("a"), unsupported("bad"));
        server.change("2", endpoints("a"));

        RecordingSink before = sink;
        client = client(variant, folder);
        client.start();
        assertThat(client.view().configured()).isTrue();
        assertThat(before.inForce(CLUSTER)).containsOnlyKeys("a");
        assertThat(before.inForce(ENDPOINTS)).containsOnlyKeys("a");
        if (variant == Variant.DELTA) {
            assertThat(server.last(CLUSTER).initial()).isEqualTo(Map.of("a", "1"));
        }
        assertThat(server.last(ENDPOINTS).names()).containsExactly("a");
        assertThat(messages(Level.INFO))
                .containsExactly("started from the last good configuration on disk resources=2");
    }

    @Test
    void checksWhatIsOnTheDiskAsIfItHadJustBeenSent() {
        LastGood disk = new LastGood(folder, Runnable::run);
        Map<ResourceKey, AdsClient.Entry> entries = Map.of(
                new ResourceKey(CLUSTER, "a"), new AdsClient.Entry(cluster("a", 1), "1", time.instant()),
                new ResourceKey(CLUSTER, "b"), new AdsClient.Entry(unsupported("b"), "1", time.instant()),
                new ResourceKey(CLUSTER, "c"), new AdsClient.Entry(uncompilable("c"), "1", time.instant()));
        disk.write(entries);
        client = client(Variant.DELTA, folder);
        client.start();
        assertThat(sink.inForce(CLUSTER)).containsOnlyKeys("a");
        assertThat(client.view().accepted()).containsOnlyKeys(new ResourceKey(CLUSTER, "a"));
        assertThat(server.last(CLUSTER).initial()).containsOnlyKeys("a");
        assertThat(warnings()).hasSize(2).allMatch(line -> line.startsWith("a resource on disk is passed over"));
    }

    private double connected() {
        return metrics.get("envoy.control_plane.connected_state").gauge().value();
    }

    private double updates(String result) {
        return metrics.get("xds.updates")
                .tags("type", "Cluster", "result", result)
                .counter()
                .count();
    }

    private List<String> warnings() {
        return messages(Level.WARN);
    }

    private List<String> messages(Level level) {
        return log.list.stream()
                .filter(event -> event.getLevel() == level)
                .map(ILoggingEvent::getFormattedMessage)
                .toList();
    }
}
