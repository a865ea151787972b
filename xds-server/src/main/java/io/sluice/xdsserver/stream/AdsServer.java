package io.sluice.xdsserver.stream;

import com.linecorp.armeria.common.metric.NoopMeterRegistry;
import com.linecorp.armeria.server.Server;
import io.sluice.xdsserver.settings.HostPort;
import io.sluice.xdsserver.settings.SettingsException;
import java.time.Duration;
import java.util.concurrent.CompletionException;

/** The port on which streams are served. */
public final class AdsServer implements AutoCloseable {
    /** A connection whose other end is gone without a word is given up after two of these; streams are silent for hours otherwise. */
    private static final Duration PING_INTERVAL = Duration.ofSeconds(15);

    private final HostPort wanted;
    private final Server server;

    public AdsServer(HostPort address, AdsService service) {
        this(address, service, PING_INTERVAL);
    }

    AdsServer(HostPort address, AdsService service, Duration pingInterval) {
        wanted = address;
        server = Server.builder()
                .http(address.resolved())
                .service(service.grpcService())
                .meterRegistry(NoopMeterRegistry.get())
                .pingInterval(pingInterval)
                .idleTimeout(pingInterval.multipliedBy(2))
                .gracefulShutdownTimeoutMillis(0, 0)
                // A client that goes away is no exception, and each stream logs its own end.
                .unloggedExceptionsReportIntervalMillis(0)
                .build();
    }

    /** @throws SettingsException where the port cannot be had */
    public void start() {
        try {
            server.start().join();
        } catch (CompletionException e) {
            throw SettingsException.cannotListen("port", wanted, e);
        }
    }

    /** Where it listens; once started, the port it was given for 0. */
    public HostPort address() {
        return server.activePort() == null ? wanted : new HostPort(wanted.host(), server.activeLocalPort());
    }

    /** Ends all streams; their clients go to another replica, or come back. */
    @Override
    public void close() {
        server.stop().join();
    }
}
