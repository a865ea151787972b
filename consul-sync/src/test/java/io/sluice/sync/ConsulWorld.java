package io.sluice.sync;

import io.sluice.sync.model.Health;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** An agent in which services register, and a key for the routes. */
final class ConsulWorld implements World {
    private final ConsulAgent agent;
    private final Map<String, Set<String>> registered = new HashMap<>();

    ConsulWorld(ConsulAgent agent) {
        this.agent = agent;
        agent.clear();
    }

    @Override
    public String address() {
        return agent.address();
    }

    @Override
    public void service(String name, Member... members) {
        Set<String> before = registered.getOrDefault(name, Set.of());
        Set<String> now = new HashSet<>();
        for (Member member : members) {
            String id = name + "-" + member.port();
            now.add(id);
            boolean maintenance = member.health() == Health.MAINTENANCE;
            String status = maintenance ? "passing" : member.health().name().toLowerCase(Locale.ROOT);
            agent.register(
                    id,
                    name,
                    "127.0.0.1",
                    member.port(),
                    status,
                    Map.of("Weights", Map.of("Passing", member.weight(), "Warning", member.weight())));
            // a check that was there before keeps its state over a registration
            agent.status(id, status);
            agent.maintenance(id, maintenance);
        }
        before.stream().filter(id -> !now.contains(id)).forEach(agent::deregister);
        registered.put(name, now);
    }

    @Override
    public void routes(String lines) {
        agent.key("sluice/routes", "routes:\n" + lines);
    }

    @Override
    public String routesDocument() {
        return "sluice/routes";
    }

    @Override
    public void away() {
        agent.stop();
        registered.clear();
    }

    @Override
    public void back() {
        agent.start();
    }

    @Override
    public void close() {}
}
