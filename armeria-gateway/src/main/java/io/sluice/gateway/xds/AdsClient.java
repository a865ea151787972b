package io.sluice.gateway.xds;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.rpc.Status;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryResponse;
import io.envoyproxy.envoy.service.discovery.v3.Resource;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The gateway's side of one ADS stream, delta or full state over the same store. A response is acknowledged after all of it was checked and
 * compiled; what is wrong in it is refused by name and keeps its last good version, the rest goes in force. Everything happens on one thread,
 * the executor given.
 */
public final class AdsClient {
    /** How long a name is waited for before what needs it goes on without it; Envoy's {@code initial_fetch_timeout}. */
    static final Duration FETCH_TIMEOUT = Duration.ofSeconds(15);

    /** How long after a port could not be had it is tried again. */
    static final Duration PORT_RETRY = Duration.ofSeconds(5);

    private static final Logger log = LoggerFactory.getLogger(AdsClient.class);
    private static final String WRAPPED = "type.googleapis.com/envoy.service.discovery.v3.Resource";
    private static final int INVALID_ARGUMENT = 3;
    private static final int COMPILE_ROUNDS = 3;
    private static final String AGENT = "sluice-gateway";

    private final AdsTransport transport;
    private final boolean delta;
    private final Node node;
    private final Set<ResourceKind> discovered;
    private final ConfigSink sink;
    private final SupportMatrix matrix;
    private final PgvCheck rules = new PgvCheck();
    private final LastGood disk;
    private final AdsMeters meters;
    private final ScheduledExecutorService xds;
    private final InstantSource clock;
    private final Backoff reconnect;
    private final Map<ResourceKind, TypeState> types = new EnumMap<>(ResourceKind.class);
    private final Map<ResourceKey, Entry> accepted = new HashMap<>();
    private final Map<ResourceKey, Refusal> refusals = new HashMap<>();
    private final Set<ResourceKey> gaveUp = new HashSet<>();
    private Resources good = new Resources();
    private Set<ResourceKey> wanted = Set.of();
    private Set<ResourceKey> notInForce = Set.of();
    private AdsTransport.@Nullable Stream stream;
    private AdsTransport.@Nullable Listener attached;
    private boolean nodeSent;
    private boolean everConnected;
    private int failures;
    private boolean away;
    private boolean configured;
    private @Nullable Instant lostSince;
    private @Nullable ScheduledFuture<?> portRetry;
    private volatile View view = new View(false, Map.of(), Map.of(), null);

    /** One accepted resource. */
    public record Entry(Message message, String version, Instant since) {}

    /** One refused resource; its last good version, if any, stays in force. */
    public record Refusal(String version, String reason, Instant since) {}

    /**
     * What other threads may see.
     *
     * @param configured whether a first configuration is live, with everything it waited for
     * @param lostSince null while the xDS server answers
     */
    public record View(
            boolean configured,
            Map<ResourceKey, Entry> accepted,
            Map<ResourceKey, Refusal> refused,
            @Nullable Instant lostSince) {}

    /** What one type's subscription knows. */
    private static final class TypeState {
        final Set<String> names = new TreeSet<>();
        final Map<ResourceKey, String> nacked = new HashMap<>();
        final Backoff nackDelay;
        String nonce = "";
        String version = "";
        String error = "";
        boolean sent;
        boolean answered;

        @Nullable
        ScheduledFuture<?> held;

        TypeState(RandomGenerator random) {
            nackDelay = new Backoff(Duration.ofSeconds(1), Duration.ofSeconds(30), random);
        }
    }

    /** What one response offers, in either variant. */
    private static final class Offer {
        final Map<ResourceKey, Message> changed = new HashMap<>();
        final Map<ResourceKey, String> versions = new HashMap<>();
        final Map<ResourceKey, String> wrong = new HashMap<>();
        final Set<ResourceKey> removed = new HashSet<>();
        boolean news;

        void refuse(ResourceKey key, String version, String reason) {
            changed.remove(key);
            versions.put(key, version);
            wrong.putIfAbsent(key, reason);
        }
    }

    /**
     * @param delta whether to ask for differences; else for full states
     * @param disk where the last good resources are kept
     * @param random for the jitter of delays
     */
    public AdsClient(
            AdsTransport transport,
            boolean delta,
            BootstrapParser.Start start,
            ConfigSink sink,
            SupportMatrix matrix,
            LastGood disk,
            MeterRegistry registry,
            ScheduledExecutorService xds,
            InstantSource clock,
            RandomGenerator random) {
        this.transport = transport;
        this.delta = delta;
        this.node = start.node().toBuilder().setUserAgentName(AGENT).build();
        this.discovered = start.discovered();
        this.sink = sink;
        this.matrix = matrix;
        this.disk = disk;
        this.meters = new AdsMeters(registry);
        this.xds = xds;
        this.clock = clock;
        this.reconnect = new Backoff(Duration.ofMillis(250), Duration.ofSeconds(10), random);
        for (ResourceKind kind : ResourceKind.values()) {
            types.put(kind, new TypeState(random));
        }
    }

    /** Any thread. */
    public View view() {
        return view;
    }

    /** Puts the last good configuration of the disk in force, if there is one, then connects. Any thread. */
    public void start() {
        xds.execute(() -> {
            List<Resource> saved = disk.read();
            Resources resources = new Resources();
            saved.forEach(resource -> restore(resource, resources));
            settle(resources, Map.of()).values().forEach(AdsClient::passedOver);
            if (!accepted.isEmpty()) {
                log.info("started from the last good configuration on disk resources={}", accepted.size());
                configured = true;
            }
            show();
            connect();
        });
    }

    private void restore(Resource resource, Resources into) {
        Optional<ResourceKind> kind = ResourceKind.of(resource.getResource().getTypeUrl());
        if (kind.isEmpty() || (kind.get().isWildcard() && !discovered.contains(kind.get()))) {
            return;
        }
        Offer offer = new Offer();
        read(kind.get(), resource.getName(), resource.getVersion(), resource.getResource(), offer);
        offer.wrong.values().forEach(AdsClient::passedOver);
        offer.changed.forEach((key, message) -> {
            into.put(key, message);
            accepted.put(key, new Entry(message, resource.getVersion(), clock.instant()));
        });
    }

    private static void passedOver(String reason) {
        log.warn("a resource on disk is passed over reason=\"{}\"", reason);
    }

    // --- the stream

    private void connect() {
        AdsTransport.Listener listener = new AdsTransport.Listener() {
            @Override
            public void onMessage(byte[] message) {
                xds.execute(() -> {
                    if (this == attached) {
                        guarded(() -> received(message));
                    }
                });
            }

            @Override
            public void onClose(String reason) {
                xds.execute(() -> {
                    if (this == attached) {
                        lost(reason);
                    }
                });
            }
        };
        attached = listener;
        nodeSent = false;
        for (TypeState type : types.values()) {
            release(type);
            type.nonce = "";
            type.error = "";
            type.sent = false;
            type.nacked.clear();
        }
        meters.streamBegins();
        stream = transport.open(delta, listener);
        for (ResourceKind kind : ResourceKind.values()) {
            subscribe(kind);
        }
    }

    /** A fault of ours must not leave the server without an answer for ever. */
    private void guarded(Runnable step) {
        try {
            step.run();
        } catch (RuntimeException e) {
            log.error("an xDS response could not be processed; the last good configuration stays in force", e);
            if (stream != null) {
                stream.cancel();
            }
            lost("internal error");
        }
    }

    /** A server that never answered is missed at the second try: a name may have to be resolved first. */
    private void lost(String reason) {
        stream = null;
        attached = null;
        failures++;
        if (lostSince == null) {
            lostSince = clock.instant();
        }
        if (!away && (everConnected || failures > 1)) {
            away = true;
            log.warn(
                    "xDS server away reason=\"{}\" in_force={}",
                    reason,
                    accepted.isEmpty() ? "only what is static" : "the last good configuration");
        }
        meters.connected(false);
        show();
        xds.schedule(this::connect, reconnect.next().toMillis(), TimeUnit.MILLISECONDS);
    }

    private void answers() {
        if (away && lostSince != null) {
            log.info(
                    "xDS server back away_ms={}",
                    Duration.between(lostSince, clock.instant()).toMillis());
        }
        away = false;
        lostSince = null;
        everConnected = true;
        failures = 0;
        meters.connected(true);
        reconnect.reset();
    }

    private void received(byte[] message) {
        try {
            if (delta) {
                DeltaDiscoveryResponse response = DeltaDiscoveryResponse.parseFrom(message);
                answers();
                subscribed(response.getTypeUrl()).ifPresent(kind -> onDelta(kind, response));
            } else {
                DiscoveryResponse response = DiscoveryResponse.parseFrom(message);
                answers();
                subscribed(response.getTypeUrl()).ifPresent(kind -> onFullState(kind, response));
            }
        } catch (InvalidProtocolBufferException e) {
            if (stream != null) {
                stream.cancel();
            }
            lost("unreadable message: " + e.getMessage());
        }
    }

    /** What nobody asked for is not answered. */
    private Optional<ResourceKind> subscribed(String typeUrl) {
        return ResourceKind.of(typeUrl).filter(kind -> state(kind).sent);
    }

    /** Sends what the type's subscription is now, where that changed or was not sent on this stream yet. */
    private void subscribe(ResourceKind kind) {
        TypeState type = state(kind);
        if (kind.isWildcard() && (type.sent || !discovered.contains(kind))) {
            return;
        }
        Set<String> now = kind.isWildcard() ? Set.of() : wantedNames(kind);
        if (!kind.isWildcard() && (type.sent ? now.equals(type.names) : now.isEmpty())) {
            return;
        }
        List<String> more = new ArrayList<>(now);
        List<String> less = new ArrayList<>();
        if (type.sent) {
            more.removeAll(type.names);
            less.addAll(type.names);
            less.removeAll(now);
        }
        boolean first = !type.sent;
        type.sent = true;
        type.names.clear();
        type.names.addAll(now);
        for (String name : more) {
            await(new ResourceKey(kind, name));
        }
        if (delta) {
            DeltaDiscoveryRequest.Builder request = DeltaDiscoveryRequest.newBuilder()
                    .setTypeUrl(kind.typeUrl())
                    .addAllResourceNamesSubscribe(more)
                    .addAllResourceNamesUnsubscribe(less);
            if (isFirstOfStream()) {
                request.setNode(node);
            }
            if (first) {
                request.putAllInitialResourceVersions(versions(kind));
            }
            send(request.build());
        } else {
            release(type); // a refusal held back goes with this request
            sendFullStateRequest(kind);
        }
    }

    /** The node goes with the first request of a stream only. */
    private boolean isFirstOfStream() {
        boolean first = !nodeSent;
        nodeSent = true;
        return first;
    }

    private void sendFullStateRequest(ResourceKind kind) {
        TypeState type = state(kind);
        DiscoveryRequest.Builder request = DiscoveryRequest.newBuilder()
                .setTypeUrl(kind.typeUrl())
                .setVersionInfo(type.version)
                .setResponseNonce(type.nonce)
                .addAllResourceNames(type.names);
        if (isFirstOfStream()) {
            request.setNode(node);
        }
        if (!type.error.isEmpty()) {
            request.setErrorDetail(error(type.error));
            type.error = "";
        }
        send(request.build());
    }

    private void sendDeltaAnswer(ResourceKind kind) {
        TypeState type = state(kind);
        DeltaDiscoveryRequest.Builder request =
                DeltaDiscoveryRequest.newBuilder().setTypeUrl(kind.typeUrl()).setResponseNonce(type.nonce);
        if (!type.error.isEmpty()) {
            request.setErrorDetail(error(type.error));
            type.error = "";
        }
        send(request.build());
    }

    private static Status error(String text) {
        return Status.newBuilder().setCode(INVALID_ARGUMENT).setMessage(text).build();
    }

    private void send(Message message) {
        if (stream != null) {
            stream.send(message.toByteArray());
        }
    }

    private TypeState state(ResourceKind kind) {
        return Objects.requireNonNull(types.get(kind));
    }

    private Map<String, String> versions(ResourceKind kind) {
        Map<String, String> versions = new TreeMap<>();
        accepted.forEach((key, entry) -> {
            if (key.kind() == kind) {
                versions.put(key.name(), entry.version());
            }
        });
        return versions;
    }

    private Set<String> wantedNames(ResourceKind kind) {
        Set<String> names = new TreeSet<>();
        wanted.stream().filter(key -> key.kind() == kind).forEach(key -> names.add(key.name()));
        return names;
    }

    /** A name that nobody answers for is given up after a while; what waited for it goes on without it. */
    private void await(ResourceKey key) {
        xds.schedule(
                () -> {
                    if (good.get(key).isEmpty() && wanted.contains(key) && gaveUp.add(key)) {
                        log.warn(
                                "no answer name=\"{}\" after_ms={}; going on without it",
                                key,
                                FETCH_TIMEOUT.toMillis());
                        settle(good, Map.of());
                        show();
                    }
                },
                FETCH_TIMEOUT.toMillis(),
                TimeUnit.MILLISECONDS);
    }

    // --- responses

    private void onDelta(ResourceKind kind, DeltaDiscoveryResponse response) {
        Offer offer = new Offer();
        for (Resource resource : response.getResourcesList()) {
            read(kind, resource, offer);
        }
        for (String name : response.getRemovedResourcesList()) {
            offer.removed.add(new ResourceKey(kind, name));
        }
        Map<ResourceKey, String> refused = take(kind, offer);
        answer(kind, response.getNonce(), refused, offer);
    }

    private void onFullState(ResourceKind kind, DiscoveryResponse response) {
        Offer offer = new Offer();
        String version = response.getVersionInfo();
        boolean allNamed = true;
        for (Any any : response.getResourcesList()) {
            try {
                if (any.getTypeUrl().equals(WRAPPED)) {
                    Resource wrapped = Resource.parseFrom(any.getValue());
                    read(kind, wrapped.toBuilder().setVersion(version).build(), offer);
                } else {
                    read(kind, kind.nameOf(kind.parse(any)), version, any, offer);
                }
            } catch (InvalidProtocolBufferException e) {
                ResourceKey unknown = new ResourceKey(kind, "?");
                offer.refuse(unknown, version, unknown + " > value: " + e.getMessage());
                allNamed = false;
            }
        }
        if (kind.isWildcard() && allNamed) { // else the one without a name might be any that is missing
            Set<ResourceKey> gone = new HashSet<>(refusals.keySet());
            good.of(kind).keySet().forEach(name -> gone.add(new ResourceKey(kind, name)));
            gone.removeIf(key -> key.kind() != kind || offer.versions.containsKey(key));
            offer.removed.addAll(gone);
        }
        Map<ResourceKey, String> refused = take(kind, offer);
        if (refused.isEmpty()) {
            state(kind).version = version;
        }
        answer(kind, response.getNonce(), refused, offer);
    }

    private void read(ResourceKind kind, Resource resource, Offer offer) {
        String name = resource.getName();
        if (resource.hasTtl()) {
            ResourceKey key = new ResourceKey(kind, name);
            offer.refuse(key, resource.getVersion(), key + " > ttl: not supported by armeria-gateway");
            return;
        }
        read(kind, name, resource.getVersion(), resource.getResource(), offer);
    }

    private void read(ResourceKind kind, String name, String version, Any any, Offer offer) {
        ResourceKey key = new ResourceKey(kind, name);
        Problems problems = Problems.of(key.toString());
        if (offer.versions.put(key, version) != null) {
            problems.wrong("name", "twice in one response");
        } else if (!any.getTypeUrl().equals(kind.typeUrl())) {
            problems.expected("@type", "'" + any.getTypeUrl() + "'", kind.typeUrl());
        } else {
            try {
                Message message = kind.parse(any);
                if (!kind.nameOf(message).equals(name)) {
                    problems.expected("name", "'" + kind.nameOf(message) + "'", "'" + name + "', as it was sent");
                }
                matrix.check(message, problems);
                rules.check(message, problems);
                if (!problems.any()) {
                    offer.changed.put(key, message);
                }
            } catch (InvalidProtocolBufferException e) {
                problems.wrong("value", String.valueOf(e.getMessage()));
            }
        }
        if (problems.any()) {
            offer.refuse(key, version, problems.toString());
        }
    }

    /**
     * Puts everything acceptable of a response in force.
     *
     * @return what was refused, and why
     */
    private Map<ResourceKey, String> take(ResourceKind kind, Offer offer) {
        offer.news = bringsNews(kind, offer);
        Resources next = new Resources(good);
        offer.versions.keySet().forEach(gaveUp::remove);
        offer.removed.forEach(key -> remove(key, next));
        offer.changed.forEach(next::put);
        Map<ResourceKey, String> refused = settle(next, offer.wrong);
        offer.versions.forEach((key, version) -> {
            if (!refused.containsKey(key)) {
                refusals.remove(key);
                good.get(key).ifPresent(message -> accepted.put(key, new Entry(message, version, clock.instant())));
            }
        });
        refused.forEach((key, reason) -> {
            Refusal known = refusals.get(key);
            String version = offer.versions.getOrDefault(key, known == null ? "" : known.version());
            refusals.put(key, new Refusal(version, reason, known == null ? clock.instant() : known.since()));
            if (known == null || !known.reason().equals(reason)) {
                log.warn("resource refused name=\"{}\" version={} reason=\"{}\"", key, version, reason);
            }
        });
        if (offer.wrong.keySet().stream().noneMatch(key -> key.name().equals("?"))) {
            refusals.remove(new ResourceKey(kind, "?"));
        }
        state(kind).answered |= refused.isEmpty() || !good.of(kind).isEmpty();
        meters.update(kind, refused.isEmpty());
        show();
        disk.write(accepted);
        return refused;
    }

    /** Endpoints and routes that something in force still names end with what names them, as with Envoy. */
    private void remove(ResourceKey key, Resources next) {
        refusals.remove(key);
        if (!key.kind().isWildcard() && wanted.contains(key)) {
            if (good.get(key).isEmpty()) {
                gaveUp.add(key); // told that it does not exist: nobody waits for it
            }
            return;
        }
        next.remove(key);
        accepted.remove(key);
    }

    /** Compiles; takes what was refused back to its last good version; publishes; adjusts what is asked for. */
    private Map<ResourceKey, String> settle(Resources next, Map<ResourceKey, String> wrong) {
        Map<ResourceKey, String> refused = new HashMap<>(wrong);
        ConfigSink.Candidate candidate = sink.compile(next, Set.copyOf(gaveUp));
        for (int round = 0; !candidate.refused().isEmpty() && round < COMPILE_ROUNDS; round++) {
            candidate.refused().forEach(refused::putIfAbsent);
            if (!takeBack(candidate.refused().keySet(), next)) {
                takeAllBack(candidate.refused(), next, refused);
            }
            candidate = sink.compile(next, Set.copyOf(gaveUp));
        }
        good = next;
        wanted = Set.copyOf(candidate.wanted());
        forgetUnwanted();
        inForce(sink.publish(candidate), refused);
        if (stream != null) {
            subscribe(ResourceKind.ENDPOINTS);
            subscribe(ResourceKind.ROUTES);
            subscribe(ResourceKind.SECRET);
        }
        return refused;
    }

    /** @return whether anything changed by that */
    private boolean takeBack(Set<ResourceKey> keys, Resources next) {
        boolean changed = false;
        for (ResourceKey key : keys) {
            Optional<Message> last = good.get(key);
            if (!last.equals(next.get(key))) {
                last.ifPresentOrElse(message -> next.put(key, message), () -> next.remove(key));
                changed = true;
            }
        }
        return changed;
    }

    /** Only what did not change is refused: something that did is to blame. */
    private void takeAllBack(Map<ResourceKey, String> reasons, Resources next, Map<ResourceKey, String> refused) {
        String reason = String.join("\n", reasons.values());
        for (ResourceKind kind : ResourceKind.values()) {
            next.of(kind).forEach((name, message) -> {
                ResourceKey key = new ResourceKey(kind, name);
                if (!good.get(key).equals(Optional.of(message))) {
                    refused.putIfAbsent(key, reason);
                }
            });
            next.of(kind).clear();
            next.of(kind).putAll(good.of(kind));
        }
    }

    /** What nothing names any more would be stale when it is named again. */
    private void forgetUnwanted() {
        for (ResourceKind kind : ResourceKind.values()) {
            if (!kind.isWildcard()) {
                good.of(kind).keySet().removeIf(name -> !wanted.contains(new ResourceKey(kind, name)));
            }
        }
        accepted.keySet().removeIf(key -> isUnwanted(key) || good.get(key).isEmpty());
        refusals.keySet().removeIf(this::isUnwanted);
        gaveUp.removeIf(this::isUnwanted);
    }

    private boolean isUnwanted(ResourceKey key) {
        return !key.kind().isWildcard() && !wanted.contains(key);
    }

    /** What could not be put in force, a port that is taken, is refused too, and tried again until it can. */
    private void inForce(Map<ResourceKey, String> failed, Map<ResourceKey, String> refused) {
        for (ResourceKey key : notInForce) {
            Refusal refusal = refusals.get(key);
            if (!failed.containsKey(key) && refusal != null && !refused.containsKey(key)) {
                refusals.remove(key);
                good.get(key)
                        .ifPresent(
                                message -> accepted.put(key, new Entry(message, refusal.version(), clock.instant())));
                log.info("resource in force after all name=\"{}\" version={}", key, refusal.version());
            }
        }
        notInForce = Set.copyOf(failed.keySet());
        failed.forEach(refused::putIfAbsent);
        if (!notInForce.isEmpty() && portRetry == null) {
            portRetry = xds.schedule(
                    () -> {
                        portRetry = null;
                        settle(good, Map.of());
                        show();
                    },
                    PORT_RETRY.toMillis(),
                    TimeUnit.MILLISECONDS);
        }
    }

    /** Whether anything in it was neither accepted nor refused before in this version. */
    private boolean bringsNews(ResourceKind kind, Offer offer) {
        Map<ResourceKey, String> nacked = state(kind).nacked;
        return offer.removed.stream().anyMatch(accepted::containsKey)
                || offer.versions.entrySet().stream().anyMatch(offered -> {
                    Entry known = accepted.get(offered.getKey());
                    return !offered.getValue().equals(nacked.get(offered.getKey()))
                            && (known == null || !offered.getValue().equals(known.version()));
                });
    }

    /**
     * A refusal of what was refused before in the same version is held back: a server that sends it again at once would not stop. Not so where
     * it comes along with something new: the server waits for the answer before it goes on.
     */
    private void answer(ResourceKind kind, String nonce, Map<ResourceKey, String> refused, Offer offer) {
        TypeState type = state(kind);
        release(type);
        type.nonce = nonce;
        type.error = describe(refused);
        boolean again = !refused.isEmpty() && !offer.news;
        for (ResourceKey key : refused.keySet()) {
            String version = offer.versions.getOrDefault(key, "");
            again &= version.equals(type.nacked.put(key, version));
        }
        type.nacked.keySet().retainAll(refused.keySet());
        if (again) {
            type.held = xds.schedule(
                    () -> {
                        type.held = null;
                        sendAnswer(kind);
                    },
                    type.nackDelay.next().toMillis(),
                    TimeUnit.MILLISECONDS);
        } else {
            type.nackDelay.reset();
            sendAnswer(kind);
        }
    }

    private void sendAnswer(ResourceKind kind) {
        if (delta) {
            sendDeltaAnswer(kind);
        } else {
            sendFullStateRequest(kind);
        }
    }

    private static void release(TypeState type) {
        if (type.held != null) {
            type.held.cancel(false);
            type.held = null;
        }
    }

    private static String describe(Map<ResourceKey, String> refused) {
        Map<String, String> sorted = new TreeMap<>();
        refused.forEach((key, reason) -> sorted.put(key.toString(), reason));
        return String.join("\n", sorted.values());
    }

    private void show() {
        configured |= discovered.stream().allMatch(kind -> state(kind).answered)
                && wanted.stream().allMatch(key -> good.get(key).isPresent() || gaveUp.contains(key));
        view = new View(configured, Map.copyOf(accepted), Map.copyOf(refusals), lostSince);
        meters.resources(view);
    }
}
