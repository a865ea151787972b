package io.sluice.loadtests.harness;

import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/** What a test does without the real parts it needs: in CI it fails, elsewhere it is skipped with the line that says how to get them. */
public final class RealParts {
    private RealParts() {}

    public static void require(Part... parts) {
        for (Part part : parts) {
            boolean there = part.find().isPresent();
            if (!there && Boolean.parseBoolean(System.getenv("CI"))) {
                fail(part.missing());
            }
            assumeTrue(there, part::missing);
        }
    }
}
