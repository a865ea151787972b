package io.sluice.xdsserver.snapshot;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;

/**
 * What changed of one type from each of its last versions to the one it belongs to. Found once for all streams: one that has compared itself
 * with one of those versions need look at nothing else. Immutable.
 */
public final class Changes {
    /** How far behind a stream may be before it compares everything. */
    static final int MAX_STEPS = 32;

    /** In all steps together; beyond it comparing everything costs no more. */
    static final int MAX_NAMES = 2_000;

    static final Changes NONE = new Changes(List.of());

    private final List<Step> newestFirst;

    /** From one version to the next: what came, went, or is another. */
    private record Step(String from, Set<String> names) {}

    private Changes(List<Step> newestFirst) {
        this.newestFirst = newestFirst;
    }

    /** Names that may differ from an older version, all others being equal; empty where that version is too old or unknown. */
    public Optional<Set<String>> since(String version) {
        for (int steps = 0; steps < newestFirst.size(); steps++) {
            if (newestFirst.get(steps).from.equals(version)) {
                Set<String> names = new HashSet<>();
                newestFirst.subList(0, steps + 1).forEach(step -> names.addAll(step.names));
                return Optional.of(names);
            }
        }
        return Optional.empty();
    }

    /** With one more step. */
    Changes then(String from, SortedMap<String, VersionedResource> before, SortedMap<String, VersionedResource> after) {
        Set<String> names = new HashSet<>();
        after.forEach((name, resource) -> {
            if (!Objects.equals(before.get(name), resource)) {
                names.add(name);
            }
        });
        before.keySet().stream().filter(name -> !after.containsKey(name)).forEach(names::add);
        List<Step> steps = new ArrayList<>();
        steps.add(new Step(from, Set.copyOf(names)));
        steps.addAll(newestFirst);
        int total = 0;
        int kept = 0;
        while (kept < Math.min(steps.size(), MAX_STEPS)) {
            total += steps.get(kept).names.size();
            if (total > MAX_NAMES) {
                break;
            }
            kept++;
        }
        return new Changes(List.copyOf(steps.subList(0, kept)));
    }
}
