package io.sluice.sync.consul;

import io.netty.channel.EventLoop;
import io.sluice.sync.consul.HealthParser.Instances;
import io.sluice.sync.file.CatalogDraft;
import io.sluice.sync.file.DocumentParser;
import io.sluice.sync.file.DocumentSet;
import io.sluice.sync.model.Catalog;
import io.sluice.sync.model.Problem;
import io.sluice.sync.model.Service;
import io.sluice.sync.model.ServicePolicy;
import io.sluice.sync.source.CatalogSource;
import io.sluice.sync.source.SourceStatus;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Services out of Consul's catalog; routes, policies and listeners out of its KV store. One watch on each service to which a route leads,
 * and a few on the whole. Everything happens on one event loop.
 */
public final class ConsulCatalogSource implements CatalogSource {
    private static final Logger log = LoggerFactory.getLogger(ConsulCatalogSource.class);

    /** Changes that come closer together are one. */
    private static final Duration QUIET = Duration.ofMillis(3);

    /** Changes that never stop are published all the same. */
    private static final Duration LONGEST_QUIET = Duration.ofMillis(20);

    /** How long a service that is new to the routes may hold everything else back, until it was read for the first time. */
    private static final Duration NEWCOMER = Duration.ofSeconds(1);

    /** Catalog, servers, keys, and anybody's health. */
    private static final int WHOLE_WATCHES = 4;

    private final ConsulAddress address;
    private final ConsulClient client;
    private final EventLoop loop;
    private final Clock clock;
    private final RandomGenerator random;
    private final CompletableFuture<Void> synced = new CompletableFuture<>();
    private boolean whole;
    private final Watch<Set<String>> catalog;
    private final Watch<Set<String>> servers;
    private final Watch<Map<String, String>> keys;
    private final Watch<Long> anyHealth;
    private final Witness witness;
    private final Map<String, ServiceWatch> services = new TreeMap<>();
    private final Rotation rotation = new Rotation();
    private final DocumentSet documents;

    private volatile SourceStatus status;
    private volatile boolean closed;
    private @Nullable Consumer<Catalog> listener;
    private @Nullable Instant lostSince;
    private CatalogDraft draft = CatalogDraft.of(List.of());
    private Set<String> knownServers = Set.of();
    private @Nullable Catalog published;
    private boolean publishing;
    private int withoutConnection;
    private long firstChange;
    private long lastChange;

    private record ServiceWatch(Watch<Instances> watch, long since) {}

    /**
     * @param address {@code consul://HOST:PORT}, with options as in docs/yaml.md
     * @param token empty for none
     * @throws IllegalArgumentException naming what would have been right
     */
    public ConsulCatalogSource(String address, String token, Clock clock) {
        this(ConsulAddress.parse(address, token), clock, RandomGenerator.getDefault());
    }

    private ConsulCatalogSource(ConsulAddress address, Clock clock, RandomGenerator random) {
        this.address = address;
        this.clock = clock;
        this.random = random;
        client = new ConsulClient(address);
        loop = client.loop();
        catalog = Watch.scout(Subjects.catalog(), client, new ObservingCatalog(), random);
        servers = new Watch<>(Subjects.servers(), client, new ObservingServers(), random);
        keys = new Watch<>(Subjects.keys(), client, new ObservingKeys(), random);
        anyHealth = new Watch<>(Subjects.anyHealth(), client, new ObservingAnyHealth(), random);
        witness = new Witness(client, this::isPlausible);
        documents = new DocumentSet(new DocumentParser(address.name()));
        status = new SourceStatus(false, Optional.empty(), List.of(catalog.name(), servers.name(), keys.name()));
    }

    @Override
    public String name() {
        return address.name();
    }

    @Override
    public CompletionStage<Void> start(Consumer<Catalog> listener) {
        loop.execute(() -> {
            this.listener = listener;
            catalog.follow();
            servers.follow();
            keys.follow();
        });
        return synced.minimalCompletionStage();
    }

    @Override
    public SourceStatus status() {
        return status;
    }

    @Override
    public void close() {
        closed = true;
        if (loop.inEventLoop()) {
            stop();
        } else if (!loop.isShuttingDown()) {
            loop.submit(this::stop).awaitUninterruptibly();
        }
        client.close();
    }

    private void stop() {
        watches().forEach(Watch::close);
    }

    private Stream<Watch<?>> watches() {
        return Stream.concat(
                Stream.<Watch<?>>of(catalog, servers, keys, anyHealth),
                services.values().stream().map(ServiceWatch::watch));
    }

    /** What the watches tell, as far as it is the same for all. */
    private class Observing implements Watch.Observer {
        @Override
        public void changed() {
            changes();
        }

        @Override
        public void connectionChanged() {
            connection();
        }

        @Override
        public void ended() {
            rotation.turn();
        }

        @Override
        public void wentBack() {}

        @Override
        public boolean agrees(int size) {
            return isSettled();
        }
    }

    private final class ObservingCatalog extends Observing {
        @Override
        public void changed() {
            readOthers();
            followServices();
            changes();
        }

        @Override
        public void connectionChanged() {
            if (catalog.failure().isEmpty()) {
                watches().forEach(Watch::tryAgain);
            }
            super.connectionChanged();
        }

        @Override
        public void wentBack() {
            forgotten("index");
        }
    }

    private final class ObservingServers extends Observing {
        @Override
        public void changed() {
            Set<String> now = servers.value().orElse(Set.of());
            if (!now.isEmpty()) {
                if (!knownServers.isEmpty() && Collections.disjoint(now, knownServers)) {
                    forgotten("servers");
                }
                knownServers = now;
            }
            changes();
        }
    }

    private final class ObservingKeys extends Observing {
        @Override
        public void changed() {
            Map<String, String> texts = keys.value().orElse(Map.of());
            texts.forEach(documents::put);
            documents.retainAll(texts.keySet());
            draft = CatalogDraft.of(documents.documents());
            followServices();
            changes();
        }
    }

    private final class ObservingAnyHealth extends Observing {
        @Override
        public void changed() {
            readOthers();
        }
    }

    private final class ObservingService extends Observing {
        private final String name;

        ObservingService(String name) {
            this.name = name;
        }

        @Override
        public void changed() {
            followServices();
            changes();
        }

        @Override
        public boolean agrees(int size) {
            return isSettled() && (size > 0 || !names().contains(name));
        }
    }

    /** Whether the catalog was read since Consul was away, and Consul's own servers are in it as they were before. */
    private boolean isSettled() {
        return catalog.isCurrent()
                && servers.isCurrent()
                && (knownServers.isEmpty() || !servers.value().orElse(Set.of()).isEmpty())
                && isPlausible(names())
                && witness.agrees();
    }

    private boolean isPlausible(Set<String> services) {
        return knownServers.isEmpty() || services.contains("consul");
    }

    private void forgotten(String sign) {
        Stream<Watch<?>> told =
                Stream.concat(Stream.of(keys), services.values().stream().map(ServiceWatch::watch));
        if (told.filter(Watch::forgotten).count() > 0) {
            log.warn("consul lost its state source={} sign={}", name(), sign);
        }
    }

    private Set<String> names() {
        return catalog.value().orElse(Set.of());
    }

    /**
     * A service that is not in the catalog is not watched: Consul would wake such a query at every change of the catalog. One that had
     * instances is watched until its own answer is believed.
     */
    private void followServices() {
        Set<String> wanted = new HashSet<>(draft.servicesInUse());
        if (address.all()) {
            wanted.addAll(names());
            wanted.remove("consul");
        }
        Set<String> used = new HashSet<>(wanted);
        used.retainAll(names());
        List<String> unused = services.entrySet().stream()
                .filter(each -> !used.contains(each.getKey()))
                .filter(each -> !isPresent(each.getValue()) || !(address.all() || wanted.contains(each.getKey())))
                .map(Map.Entry::getKey)
                .toList();
        for (String name : unused) {
            Watch<Instances> watch =
                    Objects.requireNonNull(services.remove(name)).watch();
            watch.close();
            rotation.remove(watch);
        }
        for (String name : used) {
            services.computeIfAbsent(name, this::watch);
        }
        shareConnections();
    }

    private ServiceWatch watch(String name) {
        return new ServiceWatch(
                new Watch<>(Subjects.service(name(), name), client, new ObservingService(name), random),
                System.nanoTime());
    }

    private static boolean isPresent(ServiceWatch service) {
        return service.watch().value().map(Instances::entries).orElse(0) > 0;
    }

    /** Whoever has a connection keeps it. */
    private void shareConnections() {
        long free = address.connections()
                - WHOLE_WATCHES
                - Rotation.READERS
                - services.values().stream()
                        .filter(each -> each.watch().isFollowing())
                        .count();
        int others = 0;
        for (ServiceWatch service : services.values()) {
            if (!service.watch().isFollowing()) {
                if (free > 0) {
                    free--;
                    service.watch().follow();
                } else {
                    others++;
                    if (service.watch().value().isEmpty()) {
                        rotation.add(service.watch());
                    }
                }
            }
        }
        if (others != withoutConnection) {
            withoutConnection = others;
            log.info(
                    "services share connections source={} connections={} sharing={}",
                    name(),
                    address.connections(),
                    others);
        }
        if (others > 0 && !anyHealth.isFollowing()) {
            anyHealth.follow();
        }
    }

    private void readOthers() {
        services.values().stream()
                .map(ServiceWatch::watch)
                .filter(watch -> !watch.isFollowing())
                .forEach(rotation::add);
    }

    private void changes() {
        lastChange = System.nanoTime();
        if (!publishing) {
            publishing = true;
            firstChange = lastChange;
            publishIn(QUIET);
        }
    }

    private void publishIn(Duration delay) {
        loop.schedule(this::publishWhenQuiet, delay.toNanos(), TimeUnit.NANOSECONDS);
    }

    private void publishWhenQuiet() {
        long now = System.nanoTime();
        if (now - lastChange < QUIET.toNanos() && now - firstChange < LONGEST_QUIET.toNanos()) {
            publishIn(QUIET);
            return;
        }
        publishing = false;
        if (isWhole(now)) {
            publish();
        }
    }

    /** Whether everything was read that is in use. A newcomer is waited for, but not for long. */
    private boolean isWhole(long now) {
        if (!Stream.of(catalog, servers, keys).allMatch(watch -> watch.value().isPresent())) {
            return false;
        }
        List<ServiceWatch> unread = services.values().stream()
                .filter(each -> each.watch().value().isEmpty())
                .toList();
        if (unread.isEmpty()) {
            return true;
        }
        long youngest =
                unread.stream().mapToLong(each -> now - each.since()).min().orElse(0);
        if (synced.isDone() && youngest < NEWCOMER.toNanos()) {
            loop.schedule(this::changes, NEWCOMER.toNanos() - youngest, TimeUnit.NANOSECONDS);
        }
        return synced.isDone() && youngest >= NEWCOMER.toNanos();
    }

    private void publish() {
        List<Service> present = new ArrayList<>();
        List<Problem> problems = new ArrayList<>();
        draft.services()
                .forEach(each -> problems.add(each.place()
                        .problem(
                                "service '" + each.value().name() + "' is declared here",
                                "services registered in Consul; here stand routes, policies and listeners")));
        services.forEach((name, service) -> {
            Optional<Instances> instances = service.watch().value();
            instances.ifPresent(read -> problems.addAll(read.problems()));
            if (isPresent(service) || names().contains(name)) {
                Service known = new Service(
                        name,
                        ServicePolicy.DEFAULT,
                        instances.map(Instances::good).orElse(List.of()));
                present.add(known);
                if (known.checksAreDoubted()) {
                    problems.add(new Problem(
                            name(),
                            "service " + name,
                            "hardly anybody passes the checks, so that the critical instances are asked as well",
                            "at least one of five that passes or warns"));
                }
            }
        });
        watches().forEach(watch -> problem(watch).ifPresent(problems::add));
        Catalog next = draft.catalog(present, names(), problems);
        if (!next.equals(published) && !closed) {
            published = next;
            try {
                Objects.requireNonNull(listener).accept(next);
            } catch (RuntimeException e) {
                log.error("listener failed source={}", name(), e);
            }
        }
        whole = true;
        connection();
        synced.complete(null);
    }

    private Optional<Problem> problem(Watch<?> watch) {
        Optional<String> held = watch.heldBack();
        if (held.isPresent()) {
            return held.map(reason -> new Problem(name(), watch.name(), reason, "that Consul knows it again"));
        }
        if (watch.value().isEmpty()) {
            return watch.failure().map(reason -> new Problem(name(), watch.name(), "not read: " + reason, "an answer"));
        }
        return Optional.empty();
    }

    private void connection() {
        List<Watch<?>> waiting = watches()
                .filter(watch -> !watch.isCurrent() && (watch != anyHealth || watch.isFollowing()))
                .toList();
        Optional<Watch<?>> failing =
                waiting.stream().filter(watch -> watch.failure().isPresent()).findFirst();
        if (failing.isPresent() && lostSince == null) {
            lostSince = clock.instant();
            log.warn(
                    "source lost source={} part={} reason={}",
                    name(),
                    failing.get().name(),
                    failing.get().failure().orElse(""));
        } else if (failing.isEmpty() && lostSince != null) {
            log.info("source back source={} since={}", name(), lostSince);
            lostSince = null;
        }
        status = new SourceStatus(
                whole,
                Optional.ofNullable(lostSince),
                waiting.stream().map(Watch::name).toList(),
                watches()
                        .flatMap(watch -> watch.heldBack().stream().map(reason -> watch.name() + ": " + reason))
                        .toList());
    }
}
