package io.sluice.loadtests.same;

import io.sluice.loadtests.harness.Headers;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What must be observed; what is not said is not asked. Texts may hold the placeholders of {@link BootstrapTemplate}.
 *
 * @param log pattern that the whole line of the access log matches
 * @param flags of the access log, {@code -} for none
 * @param attempts requests that all upstreams saw together
 * @param upstream the last request that any upstream saw, or that one of its {@code from}
 * @param spread share of the answers by upstream, in any unit
 * @param handshake pattern of what caller and target agreed on: {@code TLSv1.3 h2 server}, or {@code alert bad_certificate}
 */
record Expectation(
        Optional<Integer> status,
        Headers headers,
        List<String> present,
        List<String> absent,
        Optional<String> body,
        Optional<String> bodyPrefix,
        Headers trailers,
        Optional<List<String>> echoes,
        Optional<List<Integer>> interim,
        Optional<String> end,
        Optional<Boolean> closed,
        Optional<String> flags,
        Optional<String> log,
        Optional<Integer> attempts,
        Optional<Seen> upstream,
        Map<String, Integer> spread,
        Optional<String> handshake) {
    /** Of a request as an upstream saw it. */
    record Seen(
            Optional<String> from,
            Optional<String> method,
            Optional<String> path,
            Optional<String> body,
            Optional<String> protocol,
            Optional<String> tls,
            Headers headers,
            List<String> present,
            List<String> absent) {
        private static final Set<String> KEYS =
                Set.of("from", "method", "path", "body", "protocol", "tls", "headers", "present", "absent");

        static Seen parse(Item item) {
            item.only(KEYS);
            return new Seen(
                    item.get("from").map(Item::text),
                    item.get("method").map(Item::text),
                    item.get("path").map(Item::text),
                    item.get("body").map(Item::text),
                    item.get("protocol").map(Item::text),
                    item.get("tls").map(Item::text),
                    item.get("headers").map(Item::headers).orElse(Headers.NONE),
                    item.get("present").map(Item::texts).orElse(List.of()),
                    item.get("absent").map(Item::texts).orElse(List.of()));
        }
    }

    private static final Set<String> KEYS = Set.of(
            "status",
            "headers",
            "present",
            "absent",
            "body",
            "body_prefix",
            "trailers",
            "echoes",
            "interim",
            "end",
            "closed",
            "flags",
            "log",
            "attempts",
            "upstream",
            "spread",
            "handshake");

    static final Expectation NOTHING = new Expectation(
            Optional.empty(),
            Headers.NONE,
            List.of(),
            List.of(),
            Optional.empty(),
            Optional.empty(),
            Headers.NONE,
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Map.of(),
            Optional.empty());

    /** A status, or a map. */
    static Expectation parse(Item item) {
        Item map = item.node().isIntegralNumber()
                ? new Item(item.where(), Yaml.object().set("status", item.node()))
                : item;
        map.only(KEYS);
        return new Expectation(
                map.get("status").map(Item::number),
                map.get("headers").map(Item::headers).orElse(Headers.NONE),
                map.get("present").map(Item::texts).orElse(List.of()),
                map.get("absent").map(Item::texts).orElse(List.of()),
                map.get("body").map(Item::text),
                map.get("body_prefix").map(Item::text),
                map.get("trailers").map(Item::headers).orElse(Headers.NONE),
                map.get("echoes").map(Item::texts),
                map.get("interim")
                        .map(list -> list.items().stream().map(Item::number).toList()),
                map.get("end").map(Item::text),
                map.get("closed").map(Item::truth),
                map.get("flags").map(Item::text),
                map.get("log").map(Item::text),
                map.get("attempts").map(Item::number),
                map.get("upstream").map(Seen::parse),
                map.get("spread").map(Item::entries).orElse(Map.of()).entrySet().stream()
                        .collect(Collectors.toMap(
                                Map.Entry::getKey, entry -> entry.getValue().number())),
                map.get("handshake").map(Item::text));
    }
}
