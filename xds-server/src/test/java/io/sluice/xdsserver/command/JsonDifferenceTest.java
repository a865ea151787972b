package io.sluice.xdsserver.command;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class JsonDifferenceTest {
    @ParameterizedTest(name = "{0} and {1}: {2}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
        {"a": 1}               | {"a": 1}                    | ``
        {"a": 1}               | {"a": 2}                    | a: 1 -> 2
        {"a": {"b": "x"}}      | {"a": {"b": "y"}}           | a.b: "x" -> "y"
        {"a": [1, 2]}          | {"a": [1, 3, 4]}            | a[1]: 2 -> 3; a[2]: + 4
        {"a": [1, 2]}          | {"a": [1]}                  | a[1]: - 2
        {"a": 1}               | {"b": {"c": 1}}             | a: - 1; b: + {"c":1}
        {"a": [1]}             | {"a": {"b": 1}}             | a: [1] -> {"b":1}
        """)
    void tells(String before, String after, String lines) throws IOException {
        ObjectMapper json = new ObjectMapper();
        List<String> told = new ArrayList<>();
        JsonDifference.of(json.readTree(before), json.readTree(after), told);
        assertThat(String.join("; ", told)).isEqualTo(lines);
    }
}
