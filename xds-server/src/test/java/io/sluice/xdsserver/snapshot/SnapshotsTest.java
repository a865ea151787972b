package io.sluice.xdsserver.snapshot;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.sluice.sync.model.Catalog;
import io.sluice.sync.model.ListenerRule;
import io.sluice.sync.model.Service;
import io.sluice.xdsserver.translate.CatalogTranslator;
import io.sluice.xdsserver.translate.NodeGroup;
import io.sluice.xdsserver.translate.SharedServices;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class SnapshotsTest {
    private static final NodeGroup GROUP = new NodeGroup(NodeGroup.Kind.GATEWAY, "eu");
    private static final CatalogTranslator TRANSLATOR = new CatalogTranslator(SharedServices.NONE);

    @Property(tries = 200)
    void theOrderOfTheInputDoesNotShow(@ForAll long seed) {
        Random random = new Random(seed);
        Catalog catalog = TestCatalogs.random(random);
        Catalog shuffled = shuffled(catalog, random);

        Snapshot one = snapshot(catalog, Optional.empty());
        Snapshot other = snapshot(shuffled, Optional.empty());

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

        Snapshot before = snapshot(catalog, Optional.empty());
        Snapshot after = snapshot(changed, Optional.of(before));

        assertThat(after.version(ResourceType.ENDPOINT)).isNotEqualTo(before.version(ResourceType.ENDPOINT));
        assertThat(after.version(ResourceType.CLUSTER)).isEqualTo(before.version(ResourceType.CLUSTER));
        assertThat(after.version(ResourceType.ROUTE)).isEqualTo(before.version(ResourceType.ROUTE));
        assertThat(after.version(ResourceType.LISTENER)).isEqualTo(before.version(ResourceType.LISTENER));
    }

    @Test
    void anUnchangedResourceIsTheSameObject() {
        Catalog catalog = TestCatalogs.random(new Random(1));
        Snapshot before = snapshot(catalog, Optional.empty());
        Snapshot after = snapshot(TestCatalogs.withOneWeightChanged(catalog, new Random(2)), Optional.of(before));

        assertThat(after.of(ResourceType.ENDPOINT)).isNotEqualTo(before.of(ResourceType.ENDPOINT));
        assertThat(after.of(ResourceType.CLUSTER).values())
                .allSatisfy(resource -> assertThat(resource)
                        .isSameAs(before.of(ResourceType.CLUSTER).get(resource.name())));
    }

    /** 32 bits would make two contents one version within 100,000 resources. */
    @Test
    void aVersionHas128Bits() {
        Snapshot snapshot = snapshot(TestCatalogs.random(new Random(3)), Optional.empty());

        assertThat(snapshot.versions().values()).allMatch(version -> version.matches("[0-9a-f]{32}"));
        assertThat(snapshot.of(ResourceType.CLUSTER).values())
                .isNotEmpty()
                .allMatch(resource -> resource.version().matches("[0-9a-f]{32}"));
    }

    private static Snapshot snapshot(Catalog catalog, Optional<Snapshot> previous) {
        return Snapshots.of(TRANSLATOR.translate(catalog, GROUP), previous);
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
