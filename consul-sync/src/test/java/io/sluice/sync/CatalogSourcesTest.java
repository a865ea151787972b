package io.sluice.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.sync.source.CatalogSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CatalogSourcesTest {

    @Test
    void makesAFileSource() {
        try (CatalogSource source = CatalogSources.create("file:some/folder")) {
            assertThat(source.name()).isEqualTo("file:some/folder");
            assertThat(source.status().synced()).isFalse();
            assertThat(source.status().waitingFor()).containsExactly("some/folder");
        }
    }

    @ParameterizedTest(name = "--source {0}")
    @CsvSource(delimiter = '|', textBlock = """
            ''            | --source : unknown (expected: file:DIR or consul://HOST:PORT)
            file:         | --source file:: unknown (expected: file:DIR or consul://HOST:PORT)
            etcd://a:1    | --source etcd://a:1: unknown (expected: file:DIR or consul://HOST:PORT)
            """)
    void refuses(String address, String message) {
        assertThatThrownBy(() -> CatalogSources.create(address))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(message);
    }
}
