package io.sluice.sync.model;

import java.util.Comparator;
import java.util.List;

/** A service and its instances, sorted by address and port. A service without instances is known and has nobody to answer. */
public record Service(String name, ServicePolicy policy, List<Instance> instances) {
    /** One of so many must be well for the critical ones to be left out. */
    private static final int LEAST_PART = 5;

    public Service {
        if (name.isEmpty()) {
            throw new IllegalArgumentException("service name: empty");
        }
        instances = instances.stream()
                .sorted(Comparator.comparing(Instance::address)
                        .thenComparingInt(Instance::port)
                        .thenComparing(Instance::id))
                .toList();
    }

    /**
     * Who may be asked: whoever passes or warns and has a weight. Where that is less than a fifth of them and of the critical ones, so many do not
     * fail at once: the checks are doubted, and the critical ones are asked as well.
     */
    public List<Instance> asked() {
        List<Instance> notTakenOut = instances.stream()
                .filter(instance -> instance.health() != Health.MAINTENANCE && instance.weight() > 0)
                .toList();
        List<Instance> well = notTakenOut.stream()
                .filter(instance -> instance.health() != Health.CRITICAL)
                .toList();
        return LEAST_PART * well.size() < notTakenOut.size() ? notTakenOut : well;
    }

    /** Whether too many are critical for that to be believed. */
    public boolean checksAreDoubted() {
        return asked().stream().anyMatch(instance -> instance.health() == Health.CRITICAL);
    }
}
