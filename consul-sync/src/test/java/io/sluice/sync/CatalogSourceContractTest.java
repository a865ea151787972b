package io.sluice.sync;

import java.nio.file.Path;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Every source of {@link CatalogSources}, held to the same contract. */
class CatalogSourceContractTest {

    @Nested
    class File extends CatalogSourceContract {
        @TempDir
        Path folder;

        @Override
        World newWorld() {
            return new FileWorld(folder);
        }
    }

    @Nested
    class Consul extends CatalogSourceContract {
        @RegisterExtension
        static final ConsulAgent AGENT = new ConsulAgent();

        @Override
        World newWorld() {
            return new ConsulWorld(AGENT);
        }
    }
}
