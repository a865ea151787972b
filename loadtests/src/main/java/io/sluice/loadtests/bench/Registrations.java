package io.sluice.loadtests.bench;

import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;

/** From a service's registration in Consul to the first request that a proxy routes to it. */
final class Registrations {
    private final Plan plan;
    private final Consumer<String> say;

    Registrations(Plan plan, Consumer<String> say) {
        this.plan = plan;
        this.say = say;
    }

    List<Report.Row> measure(Path work) {
        say.accept("registrations: " + plan.registrations());
        return List.of();
    }
}
