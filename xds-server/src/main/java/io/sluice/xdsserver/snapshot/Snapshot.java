package io.sluice.xdsserver.snapshot;

import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Envoy's picture of a catalog for one node group: immutable, complete, without a dangling reference.
 *
 * @param versions one per type: a hash over names and versions of its resources
 */
public record Snapshot(
        Map<ResourceType, SortedMap<String, VersionedResource>> resources, Map<ResourceType, String> versions) {
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
    }

    public SortedMap<String, VersionedResource> of(ResourceType type) {
        return resources.getOrDefault(type, Collections.emptySortedMap());
    }

    public String version(ResourceType type) {
        return versions.getOrDefault(type, "");
    }
}
