package io.sluice.xdsserver.snapshot;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.sluice.sync.model.Catalog;
import io.sluice.sync.model.ListenerRule;
import io.sluice.sync.model.Service;
import io.sluice.xdsserver.translate.CatalogTranslator;
import io.sluice.xdsserver.translate.NodeGroup;
import io.sluice.xdsserver.translate.NodeSettings;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class SnapshotsTest {
    private static final NodeGroup GROUP = new NodeGroup(NodeGroup.Kind.GATEWAY, "eu");

    private final CatalogTranslator translator = new CatalogTranslator(NodeSettings.DEFAULT, GROUP);
    private final Snapshots snapshots = new Snapshots();

    @Property(tries = 200)
    void theOrderOfTheInputDoesNotShow(@ForAll long seed) {
        Random random = new Random(seed);
        Catalog catalog = TestCatalogs.random(random);
        Catalog shuffled = shuffled(catalog, random);

        Snapshot one = fresh(catalog);
        Snapshot other = fresh(shuffled);

        assertThat(other).isEqualTo(one);
        for (ResourceType type : ResourceType.values()) {
            assertThat(bytes(other, type)).isEqualTo(bytes(one, type));
        }
    }

    @Property(tries = 200)
    void anotherContentIsAnotherVersion(@ForAll long seed) {
        Random random = new Random(seed);
        Catalog catalog = TestCatalogs.random(random);
        Catalog changed = TestCatalogs.withOneWeightChanged(catalog, random);

        Snapshot before = next(catalog);
        Snapshot after = next(changed);

        assertThat(after.version(ResourceType.ENDPOINT)).isNotEqualTo(before.version(ResourceType.ENDPOINT));
        assertThat(after.version(ResourceType.CLUSTER)).isEqualTo(before.version(ResourceType.CLUSTER));
        assertThat(after.version(ResourceType.ROUTE)).isEqualTo(before.version(ResourceType.ROUTE));
        assertThat(after.version(ResourceType.LISTENER)).isEqualTo(before.version(ResourceType.LISTENER));
    }

    @Property(tries = 200)
    void knowsWhatChangedSinceEachOfItsLastVersions(@ForAll long seed) {
        Random random = new Random(seed);
        List<Snapshot> all = new ArrayList<>(List.of(next(TestCatalogs.random(random))));
        for (int i = 0; i < 40; i++) {
            Catalog catalog = random.nextInt(4) == 0
                    ? TestCatalogs.random(random)
                    : TestCatalogs.withOneWeightChanged(TestCatalogs.random(new Random(seed)), random);
            all.add(next(catalog));
        }
        Snapshot newest = all.getLast();
        for (Snapshot old : all.subList(all.size() - Changes.MAX_STEPS, all.size())) {
            for (ResourceType type : ResourceType.values()) {
                if (old.version(type).equals(newest.version(type))) {
                    continue;
                }
                Set<String> different = new TreeSet<>(old.of(type).keySet());
                different.addAll(newest.of(type).keySet());
                different.removeIf(name ->
                        Objects.equals(old.of(type).get(name), newest.of(type).get(name)));
                assertThat(newest.changedSince(type, old.version(type)).orElseThrow())
                        .containsAll(different);
            }
        }
    }

    @Test
    void whatIsTooLongAgoIsNotKnown() {
        Snapshot first = next(TestCatalogs.random(new Random(1)));
        Snapshot newest = first;
        for (int i = 0; i < 3 * Changes.MAX_STEPS; i++) {
            newest = next(TestCatalogs.random(new Random(i + 2)));
        }
        assertThat(newest.changedSince(ResourceType.ENDPOINT, first.version(ResourceType.ENDPOINT)))
                .isEmpty();
        assertThat(newest.changedSince(ResourceType.ENDPOINT, "never heard of")).isEmpty();
    }

    @Test
    void anUnchangedResourceIsTheSameObject() {
        Catalog catalog = TestCatalogs.random(new Random(1));
        Snapshot before = next(catalog);
        Snapshot after = next(TestCatalogs.withOneWeightChanged(catalog, new Random(2)));

        assertThat(after.of(ResourceType.ENDPOINT)).isNotEqualTo(before.of(ResourceType.ENDPOINT));
        assertThat(after.of(ResourceType.CLUSTER).values())
                .allSatisfy(resource -> assertThat(resource)
                        .isSameAs(before.of(ResourceType.CLUSTER).get(resource.name())));
    }

    /** 32 bits would make two contents one version within 100,000 resources. */
    @Test
    void aVersionHas128Bits() {
        Snapshot snapshot = fresh(TestCatalogs.random(new Random(3)));

        assertThat(snapshot.versions().values()).allMatch(version -> version.matches("[0-9a-f]{32}"));
        assertThat(snapshot.of(ResourceType.CLUSTER).values())
                .isNotEmpty()
                .allMatch(resource -> resource.version().matches("[0-9a-f]{32}"));
    }

    /** What is kept from one translation to the next must not show in what comes out. */
    @Property(tries = 200)
    void whatCameBeforeDoesNotShow(@ForAll long seed) {
        Random random = new Random(seed);
        next(TestCatalogs.random(random));
        Catalog catalog = TestCatalogs.random(random);
        next(catalog);
        Catalog changed = TestCatalogs.withOneWeightChanged(catalog, random);

        assertThat(next(changed)).isEqualTo(fresh(changed));
        assertThat(next(catalog)).isEqualTo(fresh(catalog));
    }

    private Snapshot next(Catalog catalog) {
        return snapshots.of(translator.translate(catalog));
    }

    private static Snapshot fresh(Catalog catalog) {
        return new Snapshots().of(new CatalogTranslator(NodeSettings.DEFAULT, GROUP).translate(catalog));
    }

    private static List<ByteString> bytes(Snapshot snapshot, ResourceType type) {
        return snapshot.of(type).values().stream()
                .map(resource -> resource.body().toByteString())
                .toList();
    }

    private static Catalog shuffled(Catalog catalog, Random random) {
        List<Service> services = new ArrayList<>();
        for (Service service : catalog.services()) {
            services.add(new Service(service.name(), service.policy(), mixed(service.instances(), random)));
        }
        List<ListenerRule> listeners = mixed(catalog.listeners(), random);
        return new Catalog(mixed(services, random), listeners, catalog.routes(), catalog.problems());
    }

    private static <T> List<T> mixed(List<T> items, Random random) {
        List<T> mixed = new ArrayList<>(items);
        Collections.shuffle(mixed, random);
        return mixed;
    }
}
