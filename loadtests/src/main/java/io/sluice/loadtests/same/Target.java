package io.sluice.loadtests.same;

import io.sluice.loadtests.harness.Envoy;
import io.sluice.loadtests.harness.Gateway;
import io.sluice.loadtests.harness.ProgramProcess;
import java.nio.file.Path;
import java.util.Map;

/** A data plane that obeys a bootstrap. */
enum Target {
    GATEWAY {
        @Override
        ProgramProcess start(Path bootstrap, int adminPort) {
            return Gateway.start(bootstrap, adminPort, Map.of()).process();
        }

        @Override
        ProgramProcess validate(Path bootstrap) {
            return Gateway.validate(bootstrap);
        }
    },
    ENVOY {
        @Override
        ProgramProcess start(Path bootstrap, int adminPort) {
            return Envoy.start(bootstrap, adminPort).process();
        }

        @Override
        ProgramProcess validate(Path bootstrap) {
            return Envoy.validate(bootstrap);
        }
    };

    /** @throws IllegalStateException with its output, when it refuses the bootstrap */
    abstract ProgramProcess start(Path bootstrap, int adminPort);

    /** @return a process that ends with 0 when the bootstrap is accepted */
    abstract ProgramProcess validate(Path bootstrap);
}
