package io.sluice.gateway.listener;

import io.micrometer.core.instrument.MeterRegistry;
import io.netty.channel.EventLoopGroup;
import io.sluice.gateway.compile.CompiledListener;
import io.sluice.gateway.tracing.Tracing;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** All ports. Listeners come, change and go without touching each other. Changed by one thread. */
public final class Listeners {
    private static final Logger log = LoggerFactory.getLogger(Listeners.class);

    private final EventLoopGroup workers;
    private final Tracing tracing;
    private final MeterRegistry registry;
    private final HttpDate date = new HttpDate();
    private final Map<String, GatewayListener> open = new HashMap<>();

    public Listeners(EventLoopGroup workers, Tracing tracing, MeterRegistry registry) {
        this.workers = workers;
        this.tracing = tracing;
        this.registry = registry;
    }

    /**
     * Makes these the listeners in force; blocks until new ones take connections.
     *
     * @return for each listener that cannot have its port, why; it is not open, the others are
     */
    public synchronized Map<String, String> update(List<CompiledListener> listeners) {
        Map<String, String> failed = new HashMap<>();
        List<String> names = new ArrayList<>();
        for (CompiledListener listener : listeners) {
            names.add(listener.name());
            GatewayListener known = open.get(listener.name());
            if (known != null && known.address().equals(listener.address())) {
                known.update(listener.manager());
                continue;
            }
            if (known != null) {
                close(listener.name(), known, listener.manager().drainTimeout());
            }
            start(listener, failed);
        }
        for (String name : List.copyOf(open.keySet())) {
            if (!names.contains(name)) {
                GatewayListener gone = open.get(name);
                if (gone != null) {
                    close(name, gone, Duration.ofMinutes(10));
                }
            }
        }
        return failed;
    }

    /** The port that a listener has; what it was given where that is not 0. Empty while it is not open. */
    public synchronized OptionalInt port(String name) {
        GatewayListener listener = open.get(name);
        return listener == null ? OptionalInt.empty() : OptionalInt.of(listener.port());
    }

    private void start(CompiledListener listener, Map<String, String> failed) {
        ListenerMeters meters = new ListenerMeters(registry, listener.manager().statPrefix());
        GatewayListener next = new GatewayListener(listener, workers, new ListenerParts(tracing, meters, date));
        try {
            next.start().join();
            open.put(listener.name(), next);
            log.info("listener open name={} address={}", listener.name(), listener.address());
        } catch (CompletionException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            failed.put(listener.name(), "address " + listener.address() + ": " + cause.getMessage());
            log.error(
                    "listener refused name={} address={} reason={}",
                    listener.name(),
                    listener.address(),
                    cause.getMessage());
        }
    }

    private void close(String name, GatewayListener listener, Duration limit) {
        open.remove(name);
        log.info("listener closing name={} address={}", name, listener.address());
        listener.drain(limit).thenRun(() -> log.info("listener closed name={}", name));
    }

    /** Drains all; completes when nothing is left under way or the limit is over. */
    public synchronized CompletableFuture<Void> drain(Duration limit) {
        CompletableFuture<?>[] all =
                open.values().stream().map(listener -> listener.drain(limit)).toArray(CompletableFuture[]::new);
        open.clear();
        return CompletableFuture.allOf(all);
    }
}
