package io.sluice.loadtests.same;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.loadtests.harness.Part;
import io.sluice.loadtests.harness.RealParts;
import java.util.EnumSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Every row of ours, on the gateway and on a real Envoy. */
class SamenessTest {
    @TestFactory
    Stream<DynamicContainer> theGatewayDoesWhatEnvoyDoes() {
        RealParts.require(Part.ENVOY);
        return RowFiles.all().stream()
                .map(file -> DynamicContainer.dynamicContainer(
                        file.name(),
                        Rehearsal.of(file, EnumSet.allOf(Target.class)).stream()
                                .map(result -> DynamicTest.dynamicTest(
                                        result.row().name(),
                                        () -> assertThat(result.problems()).isEmpty()))));
    }
}
