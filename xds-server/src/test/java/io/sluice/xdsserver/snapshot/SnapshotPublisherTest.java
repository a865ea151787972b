package io.sluice.xdsserver.snapshot;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.sluice.sync.model.Catalog;
import io.sluice.xdsserver.translate.CatalogTranslator;
import io.sluice.xdsserver.translate.NodeGroup;
import io.sluice.xdsserver.translate.NodeSettings;
import io.sluice.xdsserver.translate.Translation;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiFunction;
import org.junit.jupiter.api.Test;

class SnapshotPublisherTest {
    private static final NodeGroup EU = new NodeGroup(NodeGroup.Kind.GATEWAY, "eu");
    private static final NodeGroup US = new NodeGroup(NodeGroup.Kind.ENVOY, "us");
    private static final Catalog ORDERS = TestCatalogs.of("orders");
    private static final Catalog USERS = TestCatalogs.of("users");

    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private final List<NodeGroup> translated = new ArrayList<>();
    private Instant now = Instant.EPOCH;
    private BiFunction<Catalog, NodeGroup, Translation> translate = SnapshotPublisherTest::translated;

    private final SnapshotPublisher publisher = new SnapshotPublisher(
            group -> catalog -> {
                translated.add(group);
                return translate.apply(catalog, group);
            },
            Runnable::run,
            () -> now,
            meters);

    @Test
    void hasNothingBeforeTheFirstCatalog() {
        AtomicInteger calls = new AtomicInteger();
        publisher.watch(EU, calls::incrementAndGet);

        assertThat(publisher.current(EU)).isEmpty();
        assertThat(calls).hasValue(0);
        assertThat(publisher.groups()).containsExactly(new GroupStatus(EU, Optional.empty(), Optional.empty()));
    }

    @Test
    void tellsAWatcherOfEachSnapshot() {
        AtomicInteger calls = new AtomicInteger();
        publisher.watch(EU, calls::incrementAndGet);

        publisher.publish(ORDERS);
        assertThat(clusters(EU)).contains("orders");
        assertThat(calls).hasValue(1);

        publisher.publish(USERS);
        assertThat(clusters(EU)).contains("users").doesNotContain("orders");
        assertThat(calls).hasValue(2);
    }

    @Test
    void servesAWatcherWhoComesAfterTheCatalog() {
        publisher.publish(ORDERS);
        AtomicInteger calls = new AtomicInteger();

        publisher.watch(EU, calls::incrementAndGet);

        assertThat(clusters(EU)).contains("orders");
        assertThat(calls).hasValue(1);
    }

    @Test
    void translatesOnlyForGroupsThatAreWatched() {
        publisher.watch(EU, () -> {});
        publisher.publish(ORDERS);

        assertThat(translated).containsExactly(EU);
        assertThat(publisher.current(US)).isEmpty();
    }

    @Test
    void saysNothingWhereNothingChangedForTheGroup() {
        AtomicInteger calls = new AtomicInteger();
        publisher.watch(EU, calls::incrementAndGet);
        publisher.publish(ORDERS);
        Snapshot before = publisher.current(EU).orElseThrow();

        publisher.publish(new Catalog(
                List.of(ORDERS.services().get(0), USERS.services().get(0)),
                ORDERS.listeners(),
                ORDERS.routes(),
                List.of()));

        assertThat(publisher.current(EU)).containsSame(before);
        assertThat(calls).hasValue(1);
    }

    @Test
    void ofCatalogsThatComeFasterThanTheyAreTranslatedOnlyTheNewestCounts() {
        Deque<Runnable> tasks = new ArrayDeque<>();
        SnapshotPublisher slow = new SnapshotPublisher(
                group -> catalog -> {
                    translated.add(group);
                    return translated(catalog, group);
                },
                tasks::add,
                () -> now,
                new SimpleMeterRegistry());
        slow.watch(EU, () -> {});

        slow.publish(ORDERS);
        slow.publish(USERS);
        slow.publish(ORDERS);
        tasks.forEach(Runnable::run);

        assertThat(translated).hasSize(1);
        assertThat(slow.current(EU).orElseThrow().of(ResourceType.CLUSTER)).containsKey("orders");
    }

    @Test
    void keepsTheLastGoodSnapshotWhenTheNextOneHasADanglingReference() {
        AtomicInteger calls = new AtomicInteger();
        publisher.watch(EU, calls::incrementAndGet);
        publisher.publish(ORDERS);
        Snapshot good = publisher.current(EU).orElseThrow();

        translate = (catalog, group) -> withoutEndpoints(translated(catalog, group));
        now = now.plusSeconds(5);
        publisher.publish(USERS);
        now = now.plusSeconds(5);
        publisher.publish(TestCatalogs.of("flaky"));

        assertThat(publisher.current(EU)).containsSame(good);
        assertThat(calls).hasValue(1);
        GroupStatus status = publisher.groups().get(0);
        assertThat(status.serving()).containsSame(good);
        assertThat(status.refusal().orElseThrow().reasons()).containsExactly("cluster 'flaky': no endpoints 'flaky'");
        assertThat(status.refusal().orElseThrow().since()).isEqualTo(Instant.EPOCH.plusSeconds(5));
        assertThat(meters.get("snapshots.refusals").counter().count()).isEqualTo(2);

        translate = SnapshotPublisherTest::translated;
        publisher.publish(USERS);
        assertThat(clusters(EU)).contains("users");
        assertThat(publisher.groups().get(0).refusal()).isEmpty();
    }

    @Test
    void keepsTheLastGoodSnapshotWhenTranslationFails() {
        publisher.watch(EU, () -> {});
        publisher.watch(US, () -> {});
        publisher.publish(ORDERS);
        translate = (catalog, group) -> {
            if (group.equals(EU)) {
                throw new IllegalStateException("a bug");
            }
            return translated(catalog, group);
        };

        publisher.publish(new Catalog(USERS.services(), USERS.listeners(), List.of(), List.of()));

        assertThat(clusters(EU)).contains("orders");
        assertThat(publisher.groups().get(1).refusal().orElseThrow().reasons())
                .containsExactly("translation failed: java.lang.IllegalStateException: a bug");
        assertThat(clusters(US)).doesNotContain("orders");
    }

    @Test
    void aWatcherThatFailsHindersNoOther() {
        AtomicInteger calls = new AtomicInteger();
        publisher.watch(EU, () -> {
            throw new IllegalStateException("a stream's bug");
        });
        publisher.watch(EU, calls::incrementAndGet);

        publisher.publish(ORDERS);

        assertThat(calls).hasValue(1);
    }

    @Test
    void aClosedWatchIsNotCalled() {
        AtomicInteger calls = new AtomicInteger();
        SnapshotSource.Watch one = publisher.watch(EU, calls::incrementAndGet);
        publisher.watch(EU, calls::incrementAndGet);
        one.close();

        publisher.publish(ORDERS);

        assertThat(calls).hasValue(1);
    }

    @Test
    void keepsAGroupReadyForAWhileAfterItsLastWatcherWent() {
        publisher.publish(ORDERS);
        publisher.watch(EU, () -> {}).close();
        now = now.plus(SnapshotPublisher.UNUSED).minusSeconds(1);
        publisher.publish(USERS);
        assertThat(clusters(EU)).contains("users");

        now = now.plus(Duration.ofSeconds(2));
        publisher.publish(ORDERS);

        assertThat(publisher.current(EU)).isEmpty();
        assertThat(publisher.groups()).isEmpty();
    }

    /** Regions are the nodes' own words: without this, whoever connects with many leaves many. */
    @Test
    void forgetsUnusedGroupsWhenAnotherOneComes() {
        publisher.publish(ORDERS);
        publisher.watch(EU, () -> {}).close();
        now = now.plus(SnapshotPublisher.UNUSED).plusSeconds(1);

        publisher.watch(US, () -> {});

        assertThat(publisher.groups()).extracting(GroupStatus::group).containsExactly(US);
    }

    @Test
    void keepsAGroupThatIsWatched() {
        publisher.watch(EU, () -> {});
        now = now.plus(SnapshotPublisher.UNUSED.multipliedBy(2));

        publisher.publish(ORDERS);

        assertThat(clusters(EU)).contains("orders");
    }

    @Test
    void showsWhatAGroupCannotObey() {
        publisher.watch(EU, () -> {});
        publisher.watch(US, () -> {});
        publisher.publish(ORDERS);

        assertThat(publisher.problems()).singleElement().satisfies(problem -> {
            assertThat(problem.source()).isEqualTo("envoy/us");
            assertThat(problem.reason()).contains("limit");
        });
    }

    private static Translation translated(Catalog catalog, NodeGroup group) {
        return new CatalogTranslator(NodeSettings.DEFAULT, group).translate(catalog);
    }

    private Set<String> clusters(NodeGroup group) {
        return publisher.current(group).orElseThrow().of(ResourceType.CLUSTER).keySet();
    }

    private static Translation withoutEndpoints(Translation whole) {
        return new Translation(
                whole.listeners(), whole.routes(), whole.clusters(), List.of(), whole.secrets(), whole.problems());
    }
}
