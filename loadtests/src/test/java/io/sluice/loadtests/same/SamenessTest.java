package io.sluice.loadtests.same;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.loadtests.harness.Part;
import io.sluice.loadtests.harness.RealParts;
import java.util.EnumSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Every row of ours, on the gateway and on a real Envoy. */
class SamenessTest {
    private static final long BEGAN = System.nanoTime();

    @AfterAll
    static void sayHowLong() {
        int rows = RowFiles.all().stream().mapToInt(file -> file.rows().size()).sum();
        System.out.printf("sameness: %d rows in %d s%n", rows, (System.nanoTime() - BEGAN) / 1_000_000_000);
    }

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
