package io.sluice.gateway.route;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class UriTemplateTest {
    @ParameterizedTest(name = "{0} matches {1}: {2}")
    @CsvSource(delimiter = '|', textBlock = """
                    /a/b           | /a/b         | true
                    /a/b           | /a/b/        | false
                    /a/            | /a/          | true
                    /              | /            | true
                    /a/*           | /a/b         | true
                    /a/*           | /a/          | false
                    /a/*           | /a/b/c       | false
                    /a/*/c         | /a/b/c       | true
                    /a/**          | /a/b/c       | true
                    /a/**          | /a/          | true
                    /a/**          | /a           | false
                    /**            | /            | true
                    /{a}/{b}       | /x/y         | true
                    /{a}/{b}       | /x           | false
                    /{a=b/*}/c     | /b/d/c       | true
                    /{a=b/*}/c     | /x/d/c       | false
                    /{a=**}.m3u8   | /x/y.m3u8    | true
                    /{a=**}.m3u8   | /x/y.ts      | false
                    /a.b           | /axb         | false
                    /a/*           | /a/%2F~b;c=d | true
                    /a/*           | /a/b^        | false
                    """)
    void matches(String template, String path, boolean expected) {
        assertThat(UriTemplate.parse(template).matches(path)).isEqualTo(expected);
    }

    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource(delimiter = '|', textBlock = """
                    a/b                     | a slash at the beginning
                    /**/a/*                 | behind '**'
                    /{a=**}/{b}             | behind '**'
                    /{a}/{a}                | no variable 'a' twice
                    /{a}/{b}/{c}/{d}/{e}/{f}| at most 5 variables
                    /{1a}                   | a name of letters
                    /{a                     | a '}' behind
                    /{a=}                   | a pattern behind '='
                    /{abcdefghijklmnopq}    | a name of letters
                    /a*                     | a slash behind
                    /*a/b                   | a slash behind
                    /a^b                    | only characters of paths
                    """)
    void isRefused(String template, String problem) {
        assertThatThrownBy(() -> UriTemplate.parse(template)).hasMessageContaining(problem);
    }

    @ParameterizedTest(name = "{0} makes {2} of {1}")
    @CsvSource(delimiter = '|', textBlock = """
                    /{a}/{b}     | /{b}/{a}   | /x/y      | /y/x
                    /v1/{r=**}   | /{r}       | /v1/x/y   | /x/y
                    /{a=b/*}/c   | /n/{a}/m   | /b/d/c    | /n/b/d/m
                    /a/*         | /fixed     | /a/b      | /fixed
                    /{a}         | /{a}-{a}   | /x        | /x-x
                    """)
    void isWrittenAnew(String template, String rewrite, String path, String expected) {
        assertThat(UriTemplate.Rewrite.parse(UriTemplate.parse(template), rewrite)
                        .of(path))
                .isEqualTo(expected);
    }

    @ParameterizedTest(name = "{1} of {0}: {2}")
    @CsvSource(delimiter = '|', textBlock = """
                    /{a} | /{b}  | only variables of the match
                    /{a} | {a}   | a slash at the beginning
                    /{a} | /{a   | only variables of the match
                    /{a} | /^    | only characters of paths
                    """)
    void isNotWrittenAnew(String template, String rewrite, String problem) {
        UriTemplate matched = UriTemplate.parse(template);
        assertThatThrownBy(() -> UriTemplate.Rewrite.parse(matched, rewrite)).hasMessageContaining(problem);
    }
}
