package io.sluice.sync.consul;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.sync.file.Addresses;
import io.sluice.sync.model.Health;
import io.sluice.sync.model.Instance;
import io.sluice.sync.model.Problem;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The answer of {@code /v1/health/service/NAME}. Wrong instances are refused one by one. */
final class HealthParser {
    private static final String NODE_MAINTENANCE = "_node_maintenance";
    private static final String SERVICE_MAINTENANCE = "_service_maintenance:";
    private static final int MAX_WEIGHT = 65535;

    private final String source;
    private final String service;

    HealthParser(String source, String service) {
        this.source = source;
        this.service = service;
    }

    /** @param entries how many the answer held, good and bad */
    record Instances(List<Instance> good, List<Problem> problems, int entries) {
        Instances {
            good = List.copyOf(good);
            problems = List.copyOf(problems);
        }
    }

    Instances parse(JsonNode answer) {
        if (!answer.isArray()) {
            throw new ConsulException("no list of instances, but " + answer.getNodeType());
        }
        List<JsonNode> newestFirst = new ArrayList<>();
        answer.forEach(newestFirst::add);
        newestFirst.sort(Comparator.comparingLong((JsonNode entry) ->
                        entry.path("Service").path("ModifyIndex").asLong())
                .reversed());
        List<Problem> problems = new ArrayList<>();
        List<Instance> good = new ArrayList<>();
        Map<String, String> taken = new HashMap<>();
        for (JsonNode entry : newestFirst) {
            instance(entry, problems).ifPresent(instance -> {
                String socket = instance.address() + " " + instance.port();
                String newer = taken.putIfAbsent(socket, instance.id());
                if (newer == null) {
                    good.add(instance);
                } else {
                    problems.add(problem(
                            instance.id(),
                            "has the address and port of instance " + newer + ", which is newer",
                            "its own"));
                }
            });
        }
        good.sort(Comparator.comparing(Instance::address).thenComparingInt(Instance::port));
        problems.sort(Comparator.comparing(Problem::where));
        return new Instances(good, problems, answer.size());
    }

    private Optional<Instance> instance(JsonNode entry, List<Problem> problems) {
        JsonNode registered = entry.path("Service");
        JsonNode node = entry.path("Node");
        String id = registered.path("ID").asText();
        String address = firstSaid(registered.path("Address"), node.path("Address"));
        if (!Addresses.isCallable(address)) {
            problems.add(problem(id, "address '" + address + "'", Addresses.EXPECTED));
            return Optional.empty();
        }
        int port = registered.path("Port").asInt();
        if (port < 1 || port > 65535) {
            problems.add(problem(id, "port " + port, "1..65535"));
            return Optional.empty();
        }
        Health health = health(entry.path("Checks"));
        int weight = registered
                .path("Weights")
                .path(health == Health.WARNING ? "Warning" : "Passing")
                .asInt(1);
        if (weight < 0 || weight > MAX_WEIGHT) {
            problems.add(problem(id, "weight " + weight, "0.." + MAX_WEIGHT));
            return Optional.empty();
        }
        Map<String, String> meta = new HashMap<>();
        registered
                .path("Meta")
                .properties()
                .forEach(each -> meta.put(each.getKey(), each.getValue().asText()));
        List<String> tags = new ArrayList<>();
        registered.path("Tags").forEach(tag -> tags.add(tag.asText()));
        return Optional.of(new Instance(
                id,
                address,
                port,
                weight,
                health,
                meta.getOrDefault("region", node.path("Datacenter").asText()),
                meta.getOrDefault(
                        "zone",
                        firstSaid(
                                registered.path("Locality").path("Zone"),
                                node.path("Locality").path("Zone"))),
                meta,
                tags));
    }

    /** The worst of all checks; one that has a status unknown to us is critical. */
    private static Health health(JsonNode checks) {
        Health worst = Health.PASSING;
        for (JsonNode check : checks) {
            Health health =
                    health(check.path("CheckID").asText(), check.path("Status").asText());
            if (health.compareTo(worst) > 0) {
                worst = health;
            }
        }
        return worst;
    }

    private static Health health(String check, String status) {
        if (check.equals(NODE_MAINTENANCE) || check.startsWith(SERVICE_MAINTENANCE)) {
            return Health.MAINTENANCE;
        }
        return switch (status) {
            case "passing" -> Health.PASSING;
            case "warning" -> Health.WARNING;
            default -> Health.CRITICAL;
        };
    }

    private static String firstSaid(JsonNode first, JsonNode second) {
        return first.asText().isEmpty() ? second.asText() : first.asText();
    }

    private Problem problem(String id, String reason, String expected) {
        return new Problem(source, "service " + service + " instance " + id, reason, expected);
    }
}
