package io.sluice.gateway.route;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.re2j.Pattern;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Source: Envoy docs, config.route.v3.RouteMatch, HeaderMatcher and QueryParameterMatcher. */
class MatchersTest {
    @ParameterizedTest(name = "{0} matches {1}: {2}")
    @CsvSource(delimiter = '|', textBlock = """
        exact:/pay       | /pay          | true
        exact:/pay       | /pay/         | false
        exact:/pay       | /Pay          | false
        EXACT:/pay       | /PAY          | true
        EXACT:/pay       | /pays         | false
        prefix:/pay      | /payments     | true
        prefix:/pay      | /pa           | false
        prefix:/         | /             | true
        PREFIX:/Pay      | /pAY/1        | true
        segment:/pay     | /pay          | true
        segment:/pay     | /pay/         | true
        segment:/pay     | /pay/1        | true
        segment:/pay     | /payments     | false
        segment:/pay     | /PAY/1        | false
        SEGMENT:/pay     | /PAY/1        | true
        SEGMENT:/pay     | /PAYS         | false
        regex:/a.c       | /abc          | true
        regex:/a.c       | /abcd         | false
        regex:/a.c       | x/abc         | false
        regex:(?i)/a     | /A            | true
        EXACT:/\u00e9    | /\u00c9       | false
        PREFIX:/\u00e9   | /\u00c9x      | false
        SEGMENT:/\u00e9  | /\u00c9/x     | false
        """)
    void comparesPaths(String matcher, String path, boolean expected) {
        assertThat(Paths.of(unescaped(matcher)).matches(unescaped(path))).isEqualTo(expected);
    }

    private static String unescaped(String text) {
        return text.translateEscapes();
    }

    @ParameterizedTest(name = "{0} {1} matches {2}: {3}")
    @CsvSource(delimiter = '|', nullValues = "-", emptyValue = "", textBlock = """
        present  | ''     | x          | true
        exact    | abc    | abc        | true
        exact    | abc    | ABC        | false
        EXACT    | abc    | ABC        | true
        exact    | a,b    | a,b        | true
        exact    | a      | a,b        | false
        prefix   | ab     | abc        | true
        prefix   | ab     | a          | false
        PREFIX   | AB     | abc        | true
        suffix   | bc     | abc        | true
        suffix   | abcd   | abc        | false
        SUFFIX   | BC     | abc        | true
        contains | b      | abc        | true
        contains | B      | abc        | false
        CONTAINS | B      | abc        | true
        contains | ''     | ''         | true
        regex    | a.c    | abc        | true
        regex    | a.     | abc        | false
        range    | 10..20 | 10         | true
        range    | 10..20 | 19         | true
        range    | 10..20 | 20         | false
        range    | 10..20 | 9          | false
        range    | -5..5  | -5         | true
        range    | -5..5  | -6         | false
        range    | 10..20 | 15x        | false
        range    | 10..20 | 15.0       | false
        range    | 10..20 | ''         | false
        range    | 10..20 | 99999999999999999999 | false
        """)
    void comparesValues(String kind, String expected, String actual, boolean matches) {
        assertThat(value(kind, expected).matches(actual)).isEqualTo(matches);
    }

    @ParameterizedTest(name = "{0} invert={1} missingIsEmpty={2} on {3}: {4}")
    @CsvSource(delimiter = '|', nullValues = "-", textBlock = """
        exact:a  | false | false | a  | true
        exact:a  | false | false | b  | false
        exact:a  | true  | false | b  | true
        exact:a  | true  | false | a  | false
        exact:a  | false | false | -  | false
        exact:a  | true  | false | -  | false
        exact:a  | true  | true  | -  | true
        exact:a  | false | true  | -  | false
        prefix:  | false | true  | -  | true
        prefix:  | true  | true  | -  | false
        present: | false | false | a  | true
        present: | false | false | -  | false
        present: | true  | false | a  | false
        present: | true  | false | -  | true
        exact:b  | false | false | a,b | true
        exact:b  | true  | false | a,b | false
        exact:c  | true  | false | a,b | true
        present: | true  | false | a,b | false
        """)
    void comparesHeaders(
            String word, boolean invert, boolean missingIsEmpty, @Nullable String actual, boolean matches) {
        int colon = word.indexOf(':');
        ValueMatcher value = value(word.substring(0, colon), word.substring(colon + 1));
        FakeRequest request = new FakeRequest("a.com", "/");
        if (actual != null) {
            Stream.of(actual.split(",")).forEach(one -> request.header("x-a", one));
        }
        assertThat(new HeaderMatcher("x-a", value, invert, missingIsEmpty).matches(request))
                .isEqualTo(matches);
    }

    @ParameterizedTest(name = "{0} {1} on {2}: {3}")
    @CsvSource(delimiter = '|', nullValues = "-", emptyValue = "", textBlock = """
        present | '' | a=1 | true
        present | '' | a=  | true
        present | '' | b=1 | false
        exact   | 1  | a=1 | true
        exact   | 1  | a=%31 | false
        exact   | 1  | -   | false
        prefix  | '' | -   | false
        """)
    void comparesQueryParameters(String kind, String expected, @Nullable String given, boolean matches) {
        FakeRequest request = new FakeRequest("a.com", "/");
        if (given != null) {
            request.query(given.substring(0, 1), given.substring(2));
        }
        assertThat(new QueryMatcher("a", value(kind, expected)).matches(request))
                .isEqualTo(matches);
    }

    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource(delimiter = '|', nullValues = "-", textBlock = """
        application/grpc              | true
        application/grpc+proto        | true
        application/grpc+json         | true
        application/grpc-web          | false
        application/grpcx             | false
        application/json              | false
        -                             | false
        """)
    void knowsGrpcByItsContentType(@Nullable String type, boolean matches) {
        FakeRequest request = new FakeRequest("a.com", "/");
        if (type != null) {
            request.header("content-type", type);
        }
        assertThat(new RouteMatch(Paths.of("prefix:/"), List.of(), List.of(), true, null).matches(request))
                .isEqualTo(matches);
    }

    @ParameterizedTest(name = "{0}/{1} with {2}: {3}")
    @CsvSource(delimiter = '|', textBlock = """
        0   | 100     | 0       | false
        1   | 100     | 0       | true
        1   | 100     | 1       | false
        50  | 100     | 149     | true
        50  | 100     | 150     | false
        100 | 100     | 199     | true
        1   | 1000000 | 1000000 | true
        1   | 1000000 | 1000001 | false
        """)
    void takesAFractionOfRequests(long numerator, long denominator, long random, boolean matches) {
        RouteMatch match = new RouteMatch(
                Paths.of("prefix:/"), List.of(), List.of(), false, new RouteMatch.Fraction(numerator, denominator));
        assertThat(match.matches(new FakeRequest("a.com", "/").random(random))).isEqualTo(matches);
    }

    private static ValueMatcher value(String kind, String value) {
        return switch (kind) {
            case "present" -> new ValueMatcher.Present();
            case "exact" -> new ValueMatcher.Exact(value, false);
            case "EXACT" -> new ValueMatcher.Exact(value, true);
            case "prefix" -> new ValueMatcher.Prefix(value, false);
            case "PREFIX" -> new ValueMatcher.Prefix(value, true);
            case "suffix" -> new ValueMatcher.Suffix(value, false);
            case "SUFFIX" -> new ValueMatcher.Suffix(value, true);
            case "contains" -> new ValueMatcher.Contains(value, false);
            case "CONTAINS" -> new ValueMatcher.Contains(value, true);
            case "regex" -> new ValueMatcher.Regex(Pattern.compile(value));
            case "range" -> {
                String[] ends = value.split("\\.\\.");
                yield new ValueMatcher.Range(Long.parseLong(ends[0]), Long.parseLong(ends[1]));
            }
            default -> throw new IllegalArgumentException(kind);
        };
    }

    @ParameterizedTest(name = "{0} {1} inverted {2}: {3}")
    @CsvSource(delimiter = '|', textBlock = """
                    jwt  | sub       | false | true
                    jwt  | sub       | true  | false
                    jwt  | other     | false | false
                    jwt  | other     | true  | true
                    else | sub       | false | false
                    jwt  | deep/name | false | false
                    """)
    void looksAtWhatFiltersFoundOut(String filter, String path, boolean invert, boolean expected) {
        FakeRequest request = new FakeRequest("a", "/")
                .metadata("jwt", Map.of("sub", "alice", "deep", Map.of("name", "bob"), "all", List.of("x", "alice")));
        MetadataMatcher.Value alice = new MetadataMatcher.Value.Text(new ValueMatcher.Exact("alice", false));
        assertThat(new MetadataMatcher(filter, List.of(path.split("/")), alice, invert).matches(request))
                .isEqualTo(expected);
    }

    @Test
    void comparesWhatFiltersFoundOutByItsKind() {
        MetadataMatcher.Value alice = new MetadataMatcher.Value.Text(new ValueMatcher.Exact("alice", false));
        assertThat(new MetadataMatcher.Value.OneOf(alice).matches(List.of("x", "alice")))
                .isTrue();
        assertThat(new MetadataMatcher.Value.OneOf(alice).matches("alice")).isFalse();
        assertThat(new MetadataMatcher.Value.Truth(true).matches(true)).isTrue();
        assertThat(new MetadataMatcher.Value.Truth(true).matches("true")).isFalse();
        assertThat(new MetadataMatcher.Value.Range(1, 2).matches(1.5)).isTrue();
        assertThat(new MetadataMatcher.Value.Range(1, 2).matches(2)).isFalse();
        assertThat(new MetadataMatcher.Value.Range(2, 2).matches(2)).isTrue();
        assertThat(new MetadataMatcher.Value.Present(true).matches(null)).isFalse();
        assertThat(new MetadataMatcher.Value.Present(false).matches(1)).isFalse();
        assertThat(new MetadataMatcher.Value.AnyOf(List.of(alice, new MetadataMatcher.Value.Truth(true))).matches(true))
                .isTrue();
    }
}
