package io.sluice.gateway;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.Configurator;
import ch.qos.logback.classic.spi.ConfiguratorRank;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.spi.ContextAwareBase;
import java.util.Map;

/**
 * Logs to standard error as a {@code logback.xml} would have it, without the XML parser that every start would pay for. Who has such a file, on the class
 * path or named by {@code -Dlogback.configurationFile}, is served from it as ever.
 */
@ConfiguratorRank(ConfiguratorRank.CUSTOM_NORMAL_PRIORITY)
public final class LogConfigurator extends ContextAwareBase implements Configurator {
    private static final String PATTERN = "%d{yyyy-MM-dd'T'HH:mm:ss.SSSX} %-5level %logger{0} %msg%n%ex{3}";
    private static final Map<String, Level> LEVELS = Map.of(
            "com.linecorp.armeria", Level.WARN,
            "com.hazelcast", Level.WARN,
            "io.netty", Level.WARN,
            // Armeria registers the meters of its shared blocking executor once per server, and only the first time
            // counts
            "io.micrometer.core.instrument.MeterRegistry", Level.ERROR,
            // a caller that speaks no HTTP/2 is counted, not told
            "com.linecorp.armeria.internal.common.AbstractHttp2ConnectionHandler", Level.ERROR);

    @Override
    public ExecutionStatus configure(LoggerContext context) {
        if (isGiven()) {
            return ExecutionStatus.INVOKE_NEXT_IF_ANY;
        }
        standardError(context);
        return ExecutionStatus.DO_NOT_INVOKE_NEXT_IF_ANY;
    }

    static void standardError(LoggerContext context) {
        PatternLayoutEncoder encoder = new PatternLayoutEncoder();
        encoder.setContext(context);
        encoder.setPattern(PATTERN);
        encoder.start();
        ConsoleAppender<ILoggingEvent> err = new ConsoleAppender<>();
        err.setContext(context);
        err.setName("err");
        err.setTarget("System.err");
        err.setEncoder(encoder);
        err.start();
        LEVELS.forEach((name, level) -> context.getLogger(name).setLevel(level));
        var root = context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
        root.setLevel(Level.INFO);
        root.addAppender(err);
    }

    private static boolean isGiven() {
        ClassLoader classes = LogConfigurator.class.getClassLoader();
        return System.getProperty("logback.configurationFile") != null
                || classes.getResource("logback-test.xml") != null
                || classes.getResource("logback.xml") != null;
    }
}
