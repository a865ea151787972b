package io.sluice.sync.model;

import java.util.Comparator;
import java.util.List;

/** A service and its instances, sorted by address and port. A service without instances is known and has nobody to answer. */
public record Service(String name, ServicePolicy policy, List<Instance> instances) {
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
}
