package io.sluice.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.Configurator;
import ch.qos.logback.classic.spi.Configurator.ExecutionStatus;
import ch.qos.logback.classic.util.LogbackMDCAdapter;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.util.ServiceLoader;
import org.junit.jupiter.api.Test;

class LogConfiguratorTest {
    private final LoggerContext context = new LoggerContext();

    @Test
    void writesALineToStandardErrorAndKeepsLibrariesQuiet() {
        PrintStream before = System.err;
        ByteArrayOutputStream written = new ByteArrayOutputStream();
        System.setErr(new PrintStream(written, true, UTF_8));
        try {
            context.setMDCAdapter(new LogbackMDCAdapter());
            LogConfigurator.standardError(context);
            context.getLogger("io.sluice.Some").info("said a={}", 1);
            context.getLogger("io.netty.Some").info("not said");
            context.getLogger("io.sluice.Some").debug("not said");
            assertThat(context.getLogger("com.hazelcast").getLevel()).isEqualTo(Level.WARN);
        } finally {
            context.stop();
            System.setErr(before);
        }
        assertThat(written.toString(UTF_8)).matches("\\d{4}-\\d\\d-\\d\\dT[0-9:.]+\\S+ INFO  Some said a=1\\R");
    }

    /** The tests have a file of their own. */
    @Test
    void aFileOnTheClassPathComesFirst() {
        assertThat(new LogConfigurator().configure(context)).isEqualTo(ExecutionStatus.INVOKE_NEXT_IF_ANY);
    }

    @Test
    void isFoundByLogback() {
        assertThat(ServiceLoader.load(Configurator.class)).hasAtLeastOneElementOfType(LogConfigurator.class);
    }
}
