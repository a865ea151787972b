package io.sluice.xdsserver.stream;

import io.sluice.xdsserver.snapshot.Snapshot;
import io.sluice.xdsserver.snapshot.SnapshotSource;
import io.sluice.xdsserver.translate.NodeGroup;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/** Snapshots by hand. */
final class FakeSnapshots implements SnapshotSource {
    private final Map<NodeGroup, Snapshot> current = new ConcurrentHashMap<>();
    private final List<Interest> interests = new CopyOnWriteArrayList<>();

    private record Interest(NodeGroup group, Runnable onChange) {}

    void publish(NodeGroup group, Snapshot snapshot) {
        current.put(group, snapshot);
        interests.stream().filter(each -> each.group.equals(group)).forEach(each -> each.onChange.run());
    }

    int watches() {
        return interests.size();
    }

    @Override
    public Optional<Snapshot> current(NodeGroup group) {
        return Optional.ofNullable(current.get(group));
    }

    @Override
    public Watch watch(NodeGroup group, Runnable onChange) {
        Interest interest = new Interest(group, onChange);
        interests.add(interest);
        return () -> interests.remove(interest);
    }
}
