package io.sluice.xdsserver.snapshot;

import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Envoy's picture of a catalog for one node group: immutable, complete, without a dangling reference.
 *
 * @param versions one per type: a hash over names and versions of its resources
 * @param changes one per type, from the snapshots before this one; none is known of a first one
 */
public record Snapshot(
        Map<ResourceType, SortedMap<String, VersionedResource>> resources,
        Map<ResourceType, String> versions,
        Map<ResourceType, Changes> changes) {
    public Snapshot {
        EnumMap<ResourceType, SortedMap<String, VersionedResource>> copy = new EnumMap<>(ResourceType.class);
        for (ResourceType type : ResourceType.values()) {
            copy.put(
                    type,
                    Collections.unmodifiableSortedMap(
                            new TreeMap<>(resources.getOrDefault(type, Collections.emptySortedMap()))));
        }
        resources = Collections.unmodifiableMap(copy);
        versions = Map.copyOf(versions);
        changes = Map.copyOf(changes);
    }

    public Snapshot(
            Map<ResourceType, SortedMap<String, VersionedResource>> resources, Map<ResourceType, String> versions) {
        this(resources, versions, Map.of());
    }

    /** Of all types together. */
    public String version() {
        return Snapshots.version(versions);
    }

    /** The one that takes this one's place. */
    public Snapshot next(
            Map<ResourceType, SortedMap<String, VersionedResource>> resources, Map<ResourceType, String> versions) {
        Map<ResourceType, Changes> steps = new EnumMap<>(ResourceType.class);
        for (ResourceType type : ResourceType.values()) {
            Changes known = changes.getOrDefault(type, Changes.NONE);
            boolean same = version(type).equals(versions.getOrDefault(type, ""));
            steps.put(
                    type,
                    same
                            ? known
                            : known.then(
                                    version(type),
                                    of(type),
                                    resources.getOrDefault(type, Collections.emptySortedMap())));
        }
        return new Snapshot(resources, versions, steps);
    }

    /** Names of a type that may differ from an older version of it, all others being equal; empty where that is not known. */
    public Optional<Set<String>> changedSince(ResourceType type, String version) {
        return changes.getOrDefault(type, Changes.NONE).since(version);
    }

    public SortedMap<String, VersionedResource> of(ResourceType type) {
        return resources.getOrDefault(type, Collections.emptySortedMap());
    }

    public String version(ResourceType type) {
        return versions.getOrDefault(type, "");
    }

    /** What was in force before does not count. */
    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Snapshot that && resources.equals(that.resources) && versions.equals(that.versions);
    }

    @Override
    public int hashCode() {
        return versions.hashCode();
    }
}
