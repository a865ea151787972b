package io.sluice.gateway.ratelimit;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.gateway.ratelimit.LimitRule.FailurePolicy;
import io.sluice.gateway.ratelimit.LimitRule.Refill;
import io.sluice.gateway.xds.Problems;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** One document of a limits file. Source: envoyproxy/ratelimit, README, "Configuration"; {@code algorithm} and {@code on_failure} are ours. */
final class LimitTreeReader {
    private static final Set<String> DOCUMENT = Set.of("domain", "version", "descriptors");
    private static final Set<String> DESCRIPTOR =
            Set.of("key", "value", "rate_limit", "descriptors", "shadow_mode", "detailed_metric", "value_to_metric");
    private static final Set<String> RATE_LIMIT =
            Set.of("unit", "requests_per_unit", "unlimited", "name", "algorithm", "on_failure");

    private final long version;

    private LimitTreeReader(long version) {
        this.version = version;
    }

    /** @param modified the version of a document that names none */
    static void read(JsonNode document, long modified, Problems problems, Map<String, LimitTree> domains) {
        String domain = document.path("domain").asText();
        if (domain.isEmpty() || domain.equals(SelfDescribedLimits.DOMAIN)) {
            problems.expected("domain", "'" + domain + "'", "a name other than '" + SelfDescribedLimits.DOMAIN + "'");
            return;
        }
        Problems place = problems.at("domain '" + domain + "'");
        known(document, DOCUMENT, place);
        var reader = new LimitTreeReader(document.path("version").asLong(modified));
        LimitTree.Node root = new LimitTree.Node(Optional.empty(), reader.children(document, place));
        if (domains.put(domain, new LimitTree(root)) != null) {
            problems.wrong("domain", "'" + domain + "' is there twice");
        }
    }

    private Map<String, LimitTree.Level> children(JsonNode parent, Problems problems) {
        var levels = new HashMap<String, LevelBuilder>();
        int i = 0;
        for (JsonNode child : parent.path("descriptors")) {
            Problems place = problems.at("descriptors[" + i++ + "]");
            known(child, DESCRIPTOR, place);
            String key = child.path("key").asText();
            if (key.isEmpty()) {
                place.expected("key", "''", "the key of a descriptor's entry");
            } else {
                var node = new LimitTree.Node(rule(child, place), children(child, place));
                levels.computeIfAbsent(key, k -> new LevelBuilder())
                        .add(child.path("value").asText(), node, place);
            }
        }
        var built = new HashMap<String, LimitTree.Level>();
        levels.forEach((key, level) -> built.put(key, level.build()));
        return built;
    }

    private static final class LevelBuilder {
        private final Map<String, LimitTree.Node> exact = new HashMap<>();
        private final List<LimitTree.Wildcard> wildcards = new ArrayList<>();
        private final Set<String> seen = new HashSet<>();
        private Optional<LimitTree.Node> any = Optional.empty();

        void add(String value, LimitTree.Node node, Problems problems) {
            if (!seen.add(value)) {
                problems.wrong("value", "'" + value + "' is there twice");
            } else if (value.isEmpty()) {
                any = Optional.of(node);
            } else if (value.indexOf('*') >= 0) {
                wildcards.add(LimitTree.Wildcard.of(value, node));
            } else {
                exact.put(value, node);
            }
        }

        LimitTree.Level build() {
            return new LimitTree.Level(exact, wildcards, any);
        }
    }

    private Optional<LimitRule> rule(JsonNode descriptor, Problems problems) {
        JsonNode limit = descriptor.path("rate_limit");
        if (limit.isMissingNode()) {
            return Optional.empty();
        }
        Problems place = problems.at("rate_limit");
        known(limit, RATE_LIMIT, place);
        boolean unlimited = limit.path("unlimited").asBoolean();
        if (unlimited && limit.has("unit")) {
            return place.wrong("unit", "says nothing beside unlimited: true");
        }
        JsonNode requests = limit.path("requests_per_unit");
        if (!unlimited && (!requests.isIntegralNumber() || requests.asLong() < 0)) {
            return place.expected("requests_per_unit", requests.isMissingNode() ? "nothing" : requests, "0 or more");
        }
        Optional<LimitUnit> unit = unlimited
                ? Optional.of(LimitUnit.SECOND)
                : word(limit.path("unit").asText(), LimitUnit.values(), "unit", place);
        Optional<Refill> refill = algorithm(limit.path("algorithm").asText("fixed_window"), place);
        Optional<FailurePolicy> onFailure =
                word(limit.path("on_failure").asText("local_share"), FailurePolicy.values(), "on_failure", place);
        return unit.flatMap(per -> refill.flatMap(how -> onFailure.map(otherwise -> new LimitRule(
                new Decision.Limit(limit.path("name").asText(), requests.asLong(), per),
                how,
                version,
                unlimited,
                descriptor.path("shadow_mode").asBoolean(),
                otherwise))));
    }

    private static Optional<Refill> algorithm(String word, Problems problems) {
        return switch (word) {
            case "fixed_window" -> Optional.of(Refill.ALIGNED_WINDOW);
            case "token_bucket" -> Optional.of(Refill.SMOOTH);
            default -> problems.expected("algorithm", word, "fixed_window or token_bucket");
        };
    }

    private static <E extends Enum<E>> Optional<E> word(String word, E[] values, String field, Problems problems) {
        for (E value : values) {
            if (value.name().equals(word.toUpperCase(Locale.ROOT))) {
                return Optional.of(value);
            }
        }
        List<String> known = List.of(values).stream()
                .map(value -> value.name().toLowerCase(Locale.ROOT))
                .toList();
        return problems.expected(field, "'" + word + "'", "one of " + known);
    }

    private static void known(JsonNode node, Set<String> fields, Problems problems) {
        node.fieldNames().forEachRemaining(name -> {
            if (!fields.contains(name)) {
                problems.expected(
                        name, "unknown", "one of " + fields.stream().sorted().toList());
            }
        });
    }
}
