package io.sluice.gateway.filter.headermutation;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.gateway.accesslog.FakeStream;
import io.sluice.gateway.accesslog.Format;
import io.sluice.gateway.filter.HeaderMutations.Append;
import io.sluice.gateway.filter.headermutation.HeaderMutationFilter.QueryChange;
import io.sluice.gateway.xds.Problems;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class QueryTest {
    @ParameterizedTest(name = "{0} {1} {2} {3} -> {4}")
    @CsvSource(delimiter = '|', nullValues = "-", textBlock = """
            /p          | APPEND_IF_EXISTS_OR_ADD    | a | 1   | /p?a=1
            /p?a=0      | APPEND_IF_EXISTS_OR_ADD    | a | 1   | /p?a=0&a=1
            /p?b=0&a=0  | ADD_IF_ABSENT              | a | 1   | /p?a=0&b=0
            /p?b=0      | ADD_IF_ABSENT              | a | 1   | /p?a=1&b=0
            /p?a=0&a=2  | OVERWRITE_IF_EXISTS        | a | 1   | /p?a=1
            /p?b        | OVERWRITE_IF_EXISTS        | a | 1   | /p?b=
            /p?a=0&a=2  | OVERWRITE_IF_EXISTS_OR_ADD | a | 1   | /p?a=1
            /p?a=0&b=%20| ADD_IF_ABSENT              | a | -   | /p?b=%20
            /p?a=0      | ADD_IF_ABSENT              | a | -   | /p
            /p?         | ADD_IF_ABSENT              | a | x&y | /p?a=x%26y
            """)
    void changesOneParameter(String path, Append append, String name, @Nullable String value, String expected) {
        Format format =
                value == null ? null : Format.parse(value, Problems.of("test")).orElseThrow();
        assertThat(Query.of(path).apply(List.of(new QueryChange(name, format, append)), new FakeStream()))
                .hasToString(expected);
    }
}
