package io.sluice.gateway.ratelimit;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Whose bucket a request spends from: entries in the order in which the limit's tree is walked.
 *
 * @param limitOverride a limit given by the request itself, which wins over the tree's
 * @param hits how much this descriptor costs; -1 means the request's own figure
 */
public record Descriptor(List<Entry> entries, @Nullable LimitOverride limitOverride, long hits) {
    public Descriptor {
        entries = List.copyOf(entries);
    }

    public static Descriptor of(Entry... entries) {
        return new Descriptor(List.of(entries), null, -1);
    }

    public static Entry entry(String key, String value) {
        return new Entry(key, value);
    }

    public record Entry(String key, String value) {}

    public record LimitOverride(long requestsPerUnit, LimitUnit unit) {}
}
