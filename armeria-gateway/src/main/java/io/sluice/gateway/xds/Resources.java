package io.sluice.gateway.xds;

import com.google.protobuf.Message;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** Resources by kind and name; names are sorted. Not thread safe. */
public final class Resources {
    private final Map<ResourceKind, SortedMap<String, Message>> byKind = new EnumMap<>(ResourceKind.class);

    public Resources() {
        for (ResourceKind kind : ResourceKind.values()) {
            byKind.put(kind, new TreeMap<>());
        }
    }

    public Resources(Resources from) {
        this();
        from.byKind.forEach((kind, all) -> of(kind).putAll(all));
    }

    public SortedMap<String, Message> of(ResourceKind kind) {
        return byKind.computeIfAbsent(kind, k -> new TreeMap<>());
    }

    public Optional<Message> get(ResourceKey key) {
        return Optional.ofNullable(of(key.kind()).get(key.name()));
    }

    public void put(ResourceKey key, Message message) {
        of(key.kind()).put(key.name(), message);
    }

    public void remove(ResourceKey key) {
        of(key.kind()).remove(key.name());
    }

    /** A copy under the kind's own type. */
    public <M extends Message> SortedMap<String, M> typed(ResourceKind kind, Class<M> type) {
        SortedMap<String, M> typed = new TreeMap<>();
        of(kind).forEach((name, message) -> typed.put(name, type.cast(message)));
        return typed;
    }
}
