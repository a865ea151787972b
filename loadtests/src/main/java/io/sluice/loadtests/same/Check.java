package io.sluice.loadtests.same;

import io.sluice.loadtests.harness.Headers;
import io.sluice.loadtests.harness.RecordedRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Holds an observation against what a row expects. */
final class Check {
    private final Observation observation;
    private final List<String> problems = new ArrayList<>();

    private Check(Observation observation) {
        this.observation = observation;
    }

    /** @return one line per expectation that does not hold; empty when all do */
    static List<String> problems(Row row, Observation observation, Target target) {
        Check check = new Check(observation);
        if (row.refused().isPresent()) {
            check.refusal(row.refused().get(), target);
        } else if (row.unsupported().isPresent()) {
            check.unsupported(row.unsupported().get(), target);
        } else if (!observation.problem().isEmpty()) {
            check.problems.add(observation.problem());
        } else {
            check.replies(row, target);
        }
        return check.problems;
    }

    private void refusal(String text, Target target) {
        if (observation.problem().isEmpty()) {
            problems.add("accepted (expected: refused)");
        } else if (target == Target.GATEWAY && !observation.problem().contains(text)) {
            problems.add("the refusal does not say '" + text + "': " + observation.problem());
        }
    }

    private void unsupported(String text, Target target) {
        if (target == Target.GATEWAY) {
            refusal(text, target);
        } else if (!observation.problem().isEmpty()) {
            problems.add("refused (expected: accepted): " + observation.problem());
        }
    }

    private void replies(Row row, Target target) {
        for (int i = 0; i < row.asks().size(); i++) {
            reply(
                    "request " + (i + 1) + " ",
                    row.asks().get(i).expect(),
                    observation.replies().get(i),
                    i);
        }
        Expectation whole = row.expect(target);
        int last = row.asks().size() - 1;
        reply("", whole, observation.replies().get(last), last);
        whole.attempts().ifPresent(count -> same("attempts", count, observation.attempts()));
        whole.upstream().ifPresent(this::upstream);
        if (!whole.spread().isEmpty()) {
            Spread.problem(whole.spread(), observation.spread()).ifPresent(problems::add);
        }
    }

    private void reply(String where, Expectation expected, Observation.Reply reply, int index) {
        expected.status()
                .ifPresent(status ->
                        same(where + "status", status, reply.response().status()));
        headers(where + "header ", expected.headers(), reply.response().headers());
        presence(where, expected.present(), expected.absent(), reply.response().headers());
        expected.body()
                .ifPresent(body ->
                        same(where + "body", fill(body), reply.response().text()));
        expected.bodyPrefix()
                .filter(prefix -> !reply.response().text().startsWith(prefix))
                .ifPresent(prefix -> problems.add(
                        where + "body: " + reply.response().text() + " (expected: it begins with " + prefix + ")"));
        headers(where + "trailer ", expected.trailers(), reply.response().trailers());
        expected.echoes().ifPresent(echoes -> same(where + "echoes", echoes, reply.echoes()));
        expected.interim()
                .ifPresent(
                        codes -> same(where + "interim", codes, reply.response().interim()));
        expected.end()
                .ifPresent(end ->
                        same(where + "end", end, reply.response().end().name().toLowerCase(Locale.ROOT)));
        expected.handshake()
                .filter(pattern -> !reply.handshake().matches(pattern))
                .ifPresent(pattern ->
                        problems.add(where + "handshake: " + reply.handshake() + " (expected: " + pattern + ")"));
        expected.closed().ifPresent(closed -> same(where + "closed", closed, reply.closed()));
        String line = index < observation.log().size() ? observation.log().get(index) : "(no line in the access log)";
        expected.flags().ifPresent(flags -> same(where + "flags", flags, flags(line)));
        expected.log()
                .filter(pattern -> !observation.placeholders().mask(line).matches(pattern))
                .ifPresent(pattern -> problems.add(where + "log: " + line + " (expected: " + pattern + ")"));
    }

    private void upstream(Expectation.Seen expected) {
        List<RecordedRequest> all = new ArrayList<>();
        List<String> names = new ArrayList<>();
        observation.seen().forEach((name, requests) -> {
            if (!requests.isEmpty()) {
                names.add(name);
            }
            if (expected.from().orElse(name).equals(name)) {
                all.addAll(requests);
            }
        });
        if (all.isEmpty()) {
            problems.add(
                    names.isEmpty()
                            ? "upstream: no request came"
                            : "upstream: " + names.getLast() + " (expected: "
                                    + expected.from().orElse("") + ")");
            return;
        }
        RecordedRequest request = all.getLast();
        expected.method().ifPresent(method -> same("upstream method", method, request.method()));
        expected.path().ifPresent(path -> same("upstream path", fill(path), request.path()));
        expected.body().ifPresent(body -> same("upstream body", body, request.text()));
        expected.protocol().ifPresent(protocol -> same("upstream protocol", protocol, request.protocol()));
        expected.tls()
                .filter(pattern -> !request.tls().matches(pattern))
                .ifPresent(pattern -> problems.add("upstream tls: " + request.tls() + " (expected: " + pattern + ")"));
        headers("upstream header ", expected.headers(), request.headers());
        presence("upstream ", expected.present(), expected.absent(), request.headers());
    }

    private void headers(String where, Headers expected, Headers actual) {
        for (String name :
                expected.fields().stream().map(Headers.Field::name).distinct().toList()) {
            List<String> values = expected.fields().stream()
                    .filter(field -> field.name().equals(name))
                    .map(field -> fill(field.value()))
                    .toList();
            List<String> found = actual.fields().stream()
                    .filter(field -> field.name().equals(name))
                    .map(Headers.Field::value)
                    .toList();
            same(where + name, values, found);
        }
    }

    private void presence(String where, List<String> present, List<String> absent, Headers actual) {
        present.stream()
                .filter(name -> !actual.has(name))
                .forEach(name -> problems.add(where + "header " + name + ": absent (expected: present)"));
        absent.stream()
                .filter(actual::has)
                .forEach(name -> problems.add(
                        where + "header " + name + ": " + actual.get(name).orElse("") + " (expected: absent)"));
    }

    private <T> void same(String what, T expected, T actual) {
        if (!expected.equals(actual)) {
            problems.add(what + ": " + actual + " (expected: " + expected + ")");
        }
    }

    private String fill(String text) {
        return observation.placeholders().fill(text);
    }

    /** Of the template's short format, whose second word they are. */
    private static String flags(String line) {
        String[] words = line.split(" ");
        return words.length > 1 ? words[1] : line;
    }
}
