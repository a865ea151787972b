package io.sluice.sync.consul;

import io.sluice.sync.consul.HealthParser.Instances;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Set;

/** Reads the services for which there is no connection of their own, a few at a time, each as often as something changed anywhere. */
final class Rotation {
    /** How many are read at once. */
    static final int READERS = 4;

    private final Deque<Watch<Instances>> due = new ArrayDeque<>();
    private final Set<Watch<Instances>> reading = new HashSet<>();

    void add(Watch<Instances> watch) {
        if (!due.contains(watch)) {
            due.add(watch);
        }
        turn();
    }

    void remove(Watch<Instances> watch) {
        due.remove(watch);
        reading.remove(watch);
        turn();
    }

    /** To be called when a read has ended. */
    void turn() {
        reading.removeIf(watch -> !watch.isAsking());
        while (reading.size() < READERS && !due.isEmpty()) {
            Watch<Instances> next = due.remove();
            reading.add(next);
            next.look();
        }
    }
}
