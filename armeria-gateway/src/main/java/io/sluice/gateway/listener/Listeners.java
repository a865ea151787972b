package io.sluice.gateway.listener;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.netty.channel.EventLoopGroup;
import io.netty.util.NetUtil;
import io.sluice.gateway.compile.CompiledListener;
import io.sluice.gateway.secret.Secrets;
import io.sluice.gateway.secret.TlsMeters;
import io.sluice.gateway.tracing.Tracing;
import io.sluice.gateway.wire.WireMeters;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.TreeMap;
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
    private final Overload overload;
    private final Duration headersTimeout;
    private final HttpDate date = new HttpDate();
    private final Map<String, GatewayListener> open = new HashMap<>();
    private boolean draining;

    /** @param headersTimeout for a request's head, where its listener does not say */
    public Listeners(
            EventLoopGroup workers,
            Tracing tracing,
            MeterRegistry registry,
            Overload overload,
            Duration headersTimeout) {
        this.workers = workers;
        this.tracing = tracing;
        this.registry = registry;
        this.overload = overload;
        this.headersTimeout = headersTimeout;
    }

    /**
     * Makes these the listeners in force; blocks until new ones take connections. While draining nothing is opened any more.
     *
     * @return for each listener that cannot have its port, why; it stays as it was, open or not
     */
    public synchronized Map<String, String> update(List<CompiledListener> listeners, Secrets secrets) {
        Map<String, String> failed = new HashMap<>();
        if (draining) {
            return failed;
        }
        List<String> names = new ArrayList<>();
        for (CompiledListener listener : listeners) {
            names.add(listener.name());
            GatewayListener known = open.get(listener.name());
            if (known != null && known.address().equals(listener.address())) {
                known.update(listener, secrets);
                continue;
            }
            // the new address first, so that a port that cannot be had costs nothing
            if (start(listener, secrets, failed) && known != null) {
                close(listener.name(), known, listener.manager().drainTimeout());
            }
        }
        for (String name : List.copyOf(open.keySet())) {
            if (!names.contains(name)) {
                GatewayListener gone = open.get(name);
                if (gone != null) {
                    open.remove(name);
                    close(name, gone, Duration.ofMinutes(10));
                }
            }
        }
        return failed;
    }

    /** A line per fact: how near the process is to shedding. */
    public String overload() {
        return overload.toString();
    }

    /** Closes connections on which nothing is under way. */
    public synchronized void closeIdle() {
        open.values().forEach(GatewayListener::closeIdle);
    }

    /** The port that a listener has; what it was given where that is not 0. Empty while it is not open. */
    public synchronized OptionalInt port(String name) {
        GatewayListener listener = open.get(name);
        return listener == null ? OptionalInt.empty() : OptionalInt.of(listener.port());
    }

    /** Those that take connections, by name. */
    public synchronized SortedMap<String, InetSocketAddress> addresses() {
        SortedMap<String, InetSocketAddress> addresses = new TreeMap<>();
        open.forEach((name, listener) ->
                addresses.put(name, new InetSocketAddress(listener.address().getAddress(), listener.port())));
        return addresses;
    }

    /** What the open ones obey. */
    public synchronized List<CompiledListener> compiled() {
        return open.values().stream().map(GatewayListener::compiled).toList();
    }

    private boolean start(CompiledListener listener, Secrets secrets, Map<String, String> failed) {
        ListenerMeters meters = new ListenerMeters(registry, listener.manager().statPrefix());
        WireMeters wire = new WireMeters(registry, listener.manager().statPrefix());
        GatewayListener next = new GatewayListener(
                listener,
                secrets,
                workers,
                new ListenerParts(tracing, meters, wire, date, overload, headersTimeout),
                TlsMeters.ofListener(registry, statName(listener)),
                noMatch(listener));
        try {
            next.start().join();
            open.put(listener.name(), next);
            log.info("listener open name={} address={}", listener.name(), listener.address());
            return true;
        } catch (CompletionException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            String address = NetUtil.toSocketAddressString(listener.address());
            failed.put(listener.name(), "address " + address + ": " + cause.getMessage() + " (expected: a free port)");
            return false;
        }
    }

    /** As Envoy names a listener in its statistics. */
    private static String statName(CompiledListener listener) {
        InetSocketAddress address = listener.address();
        return NetUtil.toAddressString(address.getAddress()) + "_" + address.getPort();
    }

    private Counter noMatch(CompiledListener listener) {
        return Counter.builder("envoy.listener.no_filter_chain_match")
                .tag("envoy_listener_address", statName(listener))
                .register(registry);
    }

    private void close(String name, GatewayListener listener, Duration limit) {
        log.info("listener closing name={} address={}", name, listener.address());
        listener.drain(limit).thenRun(() -> log.info("listener closed name={}", name));
    }

    /** Drains all; completes when nothing is left under way or the limit is over. */
    public synchronized CompletableFuture<Void> drain(Duration limit) {
        draining = true;
        CompletableFuture<?>[] all =
                open.values().stream().map(listener -> listener.drain(limit)).toArray(CompletableFuture[]::new);
        open.clear();
        return CompletableFuture.allOf(all);
    }
}
