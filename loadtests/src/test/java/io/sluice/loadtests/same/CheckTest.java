package io.sluice.loadtests.same;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.loadtests.harness.Bytes;
import io.sluice.loadtests.harness.Headers;
import io.sluice.loadtests.harness.RecordedRequest;
import io.sluice.loadtests.harness.Response;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A comparison that overlooks something would make every row worthless: each thing it looks at must fail once. */
class CheckTest {
    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
                    status: 404                             | status: 200 (expected: 404)
                    headers: {x-a: [one]}                   | header x-a: [one, two] (expected: [one])
                    present: x-b                            | header x-b: absent (expected: present)
                    absent: x-a                             | header x-a: one,two (expected: absent)
                    body: other                             | body: hello (expected: other)
                    body_prefix: j                          | body: hello (expected: it begins with j)
                    trailers: {x-t: no}                     | trailer x-t: [yes] (expected: [no])
                    interim: [103]                          | interim: [] (expected: [103])
                    end: reset                              | end: complete (expected: reset)
                    closed: true                            | closed: false (expected: true)
                    flags: UF                               | flags: - (expected: UF)
                    log: 500 .*                             | log: 200 - (expected: 500 .*)
                    attempts: 2                             | attempts: 1 (expected: 2)
                    upstream: {method: PUT}                 | upstream method: GET (expected: PUT)
                    upstream: {path: /b}                    | upstream path: /a (expected: /b)
                    upstream: {from: other}                 | upstream: backend (expected: other)
                    upstream: {body: x}                     | upstream body:  (expected: x)
                    upstream: {protocol: HTTP/2}            | upstream protocol: HTTP/1.1 (expected: HTTP/2)
                    upstream: {headers: {host: b}}          | upstream header host: [a] (expected: [b])
                    upstream: {absent: host}                | upstream header host: a (expected: absent)
                    """)
    void seesWhatIsNotAsExpected(String expect, String problem) {
        Row row = row("expect: {" + expect + "}");
        assertThat(Check.problems(row, observed("hello"), Target.GATEWAY)).containsExactly(problem);
    }

    @Test
    void acceptsWhatIsAsExpected() {
        Row row = row("expect: {status: 200, headers: {x-a: [one, two]}, body: hello, flags: '-', attempts: 1}");
        assertThat(Check.problems(row, observed("hello"), Target.GATEWAY)).isEmpty();
    }

    @Test
    void aDifferenceBetweenTheTargetsFails() {
        assertThat(both("expect: 200", "hello", "hullo").problems())
                .containsExactly("only Envoy:   reply 1 body hullo", "only gateway: reply 1 body hello");
    }

    @Test
    void aDeclaredDifferenceMustBeThere() {
        String deviating = "expect: {status: 200}, deviates: why, gateway: {body: hello}";
        assertThat(both(deviating, "hello", "hullo").problems()).isEmpty();
        assertThat(both(deviating, "hello", "hello").problems())
                .containsExactly("both do the same now: take 'deviates' away");
    }

    @ParameterizedTest(name = "{0} of 10000 for a share of 70: {1}")
    @CsvSource({"7000, true", "6900, true", "6800, false", "7200, false", "10000, false"})
    void judgesASpread(int count, boolean likely) {
        assertThat(Spread.problem(Map.of("a", 70, "b", 30), Map.of("a", count, "b", 10_000 - count))
                        .isEmpty())
                .isEqualTo(likely);
    }

    @Test
    void aSpreadHasNoPlaceForOthers() {
        assertThat(Spread.problem(Map.of("a", 1, "b", 0), Map.of("a", 10, "b", 1)))
                .isPresent();
        assertThat(Spread.problem(Map.of("a", 1), Map.of("a", 10, "status 503", 1)))
                .isPresent();
    }

    @Test
    void masksWhatDiffersFromRunToRun() {
        assertThat(Transcript.masked("[2026-11-24T15:40:42.123Z] \"GET / HTTP/1.1\" 200 - 0 5 12 11 \"-\" \"curl\""
                        + " \"0f0c3c0e-1234-4567-89ab-0123456789ab\""))
                .isEqualTo("[<time>] \"GET / HTTP/1.1\" 200 - 0 5 <ms> <ms> \"-\" \"curl\" \"<id>\"");
    }

    private static Result both(String rest, String gateway, String envoy) {
        Map<Target, Observation> observations = new EnumMap<>(Target.class);
        observations.put(Target.GATEWAY, observed(gateway));
        observations.put(Target.ENVOY, observed(envoy));
        return Result.of(row(rest), observations);
    }

    private static Row row(String rest) {
        return RowFile.parse("f", "source: s\nrows: [{name: a, request: GET /a, " + rest + "}]")
                .rows()
                .getFirst();
    }

    private static Observation observed(String body) {
        Response response = new Response(
                200,
                Headers.of("x-a", "one", "x-a", "two"),
                Bytes.utf8(body),
                Headers.of("x-t", "yes"),
                List.of(),
                Response.End.COMPLETE);
        RecordedRequest request = new RecordedRequest(
                "GET", "/a", "HTTP/1.1", Headers.of("host", "a"), Bytes.NONE, Headers.NONE, 1, Bytes.NONE);
        return new Observation(
                List.of(new Observation.Reply(response, false, List.of())),
                List.of("200 -"),
                Map.of("backend", List.of(request)),
                Map.of(),
                new Placeholders(Map.of(), "row000"),
                "");
    }
}
