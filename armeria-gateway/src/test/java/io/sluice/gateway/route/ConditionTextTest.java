package io.sluice.gateway.route;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.re2j.Pattern;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Every condition says what the request has and what was expected. */
class ConditionTextTest {
    private static final FakeRequest REQUEST = new FakeRequest("shop.example", "/pay/1")
            .header("x-user", "ada")
            .header("x-user", "bob")
            .header("content-type", "text/plain")
            .query("page", "2")
            .random(70);

    private static Condition condition(String kind) {
        return switch (kind) {
            case "exact" -> new PathMatcher.Exact("/pay", true);
            case "any case" -> new PathMatcher.Exact("/PAY", false);
            case "prefix" -> new PathMatcher.Prefix("/orders", true);
            case "segments" -> new PathMatcher.SegmentPrefix("/pa", true);
            case "regex" -> new PathMatcher.Regex(Pattern.compile("/[a-z]+"));
            case "template" -> new PathMatcher.Template(UriTemplate.parse("/{shop}"));
            case "header" -> new HeaderMatcher("x-user", new ValueMatcher.Exact("eve", false), false, false);
            case "no header" -> new HeaderMatcher("x-user", new ValueMatcher.Present(), true, false);
            case "absent" -> new HeaderMatcher("x-other", new ValueMatcher.Range(1, 5), false, false);
            case "query" -> new QueryMatcher("page", new ValueMatcher.Prefix("3", true));
            case "no query" -> new QueryMatcher("size", new ValueMatcher.Contains("3", false));
            case "grpc" -> RouteMatch.Grpc.ONLY;
            case "fraction" -> new RouteMatch.Fraction(10, 100);
            case "certificate" -> new RouteMatch.CallersCertificate(true, null);
            case "metadata" ->
                new MetadataMatcher(
                        "jwt",
                        List.of("corp", "sub"),
                        new MetadataMatcher.Value.Text(new ValueMatcher.Suffix("x", false)),
                        false);
            default -> throw new IllegalArgumentException(kind);
        };
    }

    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
        exact       | path '/pay/1' (expected: exactly '/pay')
        any case    | path '/pay/1' (expected: exactly '/PAY' in any case)
        prefix      | path '/pay/1' (expected: prefix '/orders')
        segments    | path '/pay/1' (expected: segments '/pa')
        regex       | path '/pay/1' (expected: regex '/[a-z]+')
        template    | path '/pay/1' (expected: template '/{shop}')
        header      | header x-user 'ada', 'bob' (expected: exactly 'eve')
        no header   | header x-user 'ada', 'bob' (expected: not present)
        absent      | header x-other is not there (expected: a whole number from 1 up to but not 5)
        query       | query parameter page '2' (expected: prefix '3' in any case)
        no query    | query parameter size is not there (expected: containing '3')
        grpc        | content-type 'text/plain' (expected: gRPC: content-type application/grpc)
        fraction    | by chance not among those (expected: 10 of 100 requests)
        certificate | the caller shows no certificate (expected: a certificate of the caller)
        metadata    | metadata jwt corp.sub is another, or not there before the filters ran (expected: suffix 'x')
        """)
    void saysWhatIsUnmet(String kind, String text) {
        assertThat(ConditionText.unmet(condition(kind), REQUEST)).isEqualTo(text);
    }

    @Test
    void tellsTheFirstUnmetConditionAndThePathBeforeTheOthers() {
        RouteMatch match = new RouteMatch(
                new PathMatcher.Regex(Pattern.compile("/orders")),
                List.of(new HeaderMatcher("x-other", new ValueMatcher.Present(), false, false)),
                List.of(new QueryMatcher("page", new ValueMatcher.Exact("3", false))),
                false,
                null);
        assertThat(match.unmet(REQUEST)).isEqualTo(match.path());
        assertThat(match.unmet(new FakeRequest("a", "/orders").query("page", "3")))
                .isEqualTo(match.headers().getFirst());
        assertThat(match.unmet(new FakeRequest("a", "/orders").header("x-other", "")))
                .isEqualTo(match.query().getFirst());
        assertThat(match.unmet(
                        new FakeRequest("a", "/orders").header("x-other", "").query("page", "3")))
                .isNull();
        assertThat(ConditionText.of(match))
                .isEqualTo("path regex '/orders', header x-other present, query parameter page exactly '3'");
    }

    @Test
    void cutsLongValues() {
        String text = ConditionText.unmet(
                new PathMatcher.Exact("/", true),
                new FakeRequest("a", "/" + "x".repeat(9_999)).metadata("f", Map.of()));
        assertThat(text).hasSizeLessThan(300).contains("...'");
    }
}
