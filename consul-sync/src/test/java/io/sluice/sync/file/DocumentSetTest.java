package io.sluice.sync.file;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DocumentSetTest {
    private static final String GOOD = "routes: [{match: /a, to: a, name: a}]";

    private final DocumentSet documents = new DocumentSet(new DocumentParser("test"));

    private List<String> routes() {
        return documents.documents().stream()
                .flatMap(document -> document.routes().stream())
                .map(route -> route.value().name())
                .toList();
    }

    private long problems() {
        return documents.documents().stream()
                .mapToLong(document -> document.problems().size())
                .sum();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "routes: [{match: /a",
                "\u0000",
                "- 1",
                "42",
                "&a [*a]",
                "routes: 5",
                "routes: {a: b}",
                "listeners: edge\nroutes: [{match: /b, to: b, name: b}]",
                "services: [1]"
            })
    void standsForWhatItLastSaidWhereNobodyKnowsWhatItMeans(String poison) {
        documents.put("d", GOOD);
        documents.put("d", poison);
        assertThat(routes()).containsExactly("a");
        assertThat(problems()).isEqualTo(1);
        documents.put("d", GOOD);
        assertThat(problems()).isZero();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "routes: [{match: /b, to: b, name: b}, 7]",
                "rooutes: []\nroutes: [{match: /b, to: b, name: b}]",
                "patches: []\nroutes: [{match: /b, to: b, name: b}]"
            })
    void aWrongItemKeepsNothingElseBack(String text) {
        documents.put("d", GOOD);
        documents.put("d", text);
        assertThat(routes()).containsExactly("b");
        assertThat(problems()).isEqualTo(1);
    }

    @Test
    void sayingNothingOnPurposeIsBelieved() {
        documents.put("d", GOOD);
        documents.put("d", "routes:");
        assertThat(routes()).isEmpty();
        assertThat(problems()).isZero();
    }

    /** Where there is no better one, what can be read of it counts, then the next that is no worse. */
    @Test
    void theFirstIsReadAsFarAsItGoes() {
        documents.put("d", "listeners: edge\nroutes: [{match: /b, to: b, name: b}]");
        assertThat(routes()).containsExactly("b");
        documents.put("d", "listeners: edge\nroutes: [{match: /c, to: c, name: c}]");
        assertThat(routes()).containsExactly("c");
        assertThat(problems()).isEqualTo(1);
    }
}
