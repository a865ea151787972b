package io.sluice.sync.file;

import io.sluice.sync.file.YamlValue.Entry;
import io.sluice.sync.model.Health;
import io.sluice.sync.model.Instance;
import io.sluice.sync.model.Problem;
import io.sluice.sync.model.Service;
import io.sluice.sync.model.ServicePolicy;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/** A service as a list of its instances, or as an object with its policy beside them. */
final class ServiceParser {
    private static final Map<String, Health> HEALTH = Map.of(
            "passing", Health.PASSING,
            "warning", Health.WARNING,
            "critical", Health.CRITICAL,
            "maintenance", Health.MAINTENANCE);

    private final List<Problem> problems;

    /** @param problems where wrong instances are added, beside which the service is good */
    ServiceParser(List<Problem> problems) {
        this.problems = problems;
    }

    /** @param policy empty when the service says nothing of it */
    record Parsed(Service service, Optional<ServicePolicy> policy) {}

    Parsed parse(Entry entry) {
        String name = name(entry);
        if (entry.value().isList()) {
            return new Parsed(new Service(name, ServicePolicy.DEFAULT, instances(entry.value())), Optional.empty());
        }
        YamlMapping service = entry.value().mapping();
        Optional<List<Instance>> instances = service.need("instances", this::instances);
        boolean own = PolicyParser.WORDS.stream().anyMatch(service::has);
        ServicePolicy policy = PolicyParser.read(service);
        return new Parsed(
                new Service(name, ServicePolicy.DEFAULT, instances.orElseThrow()),
                own ? Optional.of(policy) : Optional.empty());
    }

    static String name(Entry entry) {
        if (!entry.name().matches("[!-~]{1,128}")) {
            throw entry.refused("name '" + entry.name() + "'", "at most 128 ASCII characters without spaces");
        }
        return entry.name();
    }

    private List<Instance> instances(YamlValue value) {
        List<Instance> instances = new ArrayList<>();
        Set<String> ids = new HashSet<>();
        for (YamlValue item : value.items()) {
            try {
                Instance instance = instance(item);
                if (!ids.add(instance.id())) {
                    throw item.refused(instance.id() + " stands here twice", "each address once");
                }
                instances.add(instance);
            } catch (RefusedException e) {
                problems.addAll(e.problems());
            }
        }
        return instances;
    }

    private static Instance instance(YamlValue value) {
        if (value.isText()) {
            return instance(socket(value), 1, Health.PASSING, "", "", Map.of(), List.of());
        }
        YamlMapping instance = value.mapping();
        Optional<Socket> address = instance.need("address", ServiceParser::socket);
        Optional<Integer> weight = instance.read("weight", given -> given.integer(0, 65535));
        Optional<Health> health = instance.read("health", given -> given.word(HEALTH));
        Optional<String> region = instance.read("region", YamlValue::text);
        Optional<String> zone = instance.read("zone", YamlValue::text);
        Function<YamlValue, Map<String, String>> meta = given ->
                given.each(entry -> Map.entry(entry.name(), entry.value().text())).stream()
                        .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
        Optional<Map<String, String>> about = instance.read("meta", meta);
        Optional<List<String>> tags = instance.read("tags", given -> given.oneOrMore(YamlValue::text));
        instance.finish();
        return instance(
                address.orElseThrow(),
                weight.orElse(1),
                health.orElse(Health.PASSING),
                region.orElse(""),
                zone.orElse(""),
                about.orElse(Map.of()),
                tags.orElse(List.of()));
    }

    private static Instance instance(
            Socket socket,
            int weight,
            Health health,
            String region,
            String zone,
            Map<String, String> meta,
            List<String> tags) {
        return new Instance(socket.text(), socket.address(), socket.port(), weight, health, region, zone, meta, tags);
    }

    private record Socket(String text, String address, int port) {}

    private static Socket socket(YamlValue value) {
        String text = value.text();
        String[] parts = Addresses.split(text)
                .orElseThrow(
                        () -> value.refused("address '" + text + "'", "IP:PORT, such as 10.0.0.7:80 or [fd00::7]:80"));
        if (!Addresses.isCallable(parts[0])) {
            throw value.refused("address '" + text + "'", Addresses.EXPECTED + ", and its port");
        }
        int port = parts[1].matches("\\d{1,5}") ? Integer.parseInt(parts[1]) : 0;
        if (port < 1 || port > 65535) {
            throw value.refused("port '" + parts[1] + "'", "1..65535");
        }
        return new Socket(text, parts[0], port);
    }
}
