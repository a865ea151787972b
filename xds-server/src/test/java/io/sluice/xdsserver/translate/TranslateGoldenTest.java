package io.sluice.xdsserver.translate;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.sync.model.Catalog;
import io.sluice.xdsserver.translate.NodeGroup.Kind;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Each folder of {@code src/test/resources/translate} is a case; what to do to rewrite them stands in STYLE.md. */
class TranslateGoldenTest {
    static Stream<GoldenCase> folders() {
        return GoldenCase.all();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("folders")
    void translates(GoldenCase golden) {
        golden.assertMatches(golden.catalog());
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("folders")
    void envoyAcceptsWhatIsForEnvoys(GoldenCase golden, @TempDir Path folder) throws Exception {
        EnvoyValidation envoy = EnvoyValidation.orSkip();
        Catalog catalog = golden.catalog();
        for (NodeGroup group : golden.groups()) {
            if (group.kind() == Kind.ENVOY) {
                assertThat(envoy.complaints(golden.translate(catalog, group), folder))
                        .as("%s for %s", golden, group)
                        .isEmpty();
            }
        }
    }
}
