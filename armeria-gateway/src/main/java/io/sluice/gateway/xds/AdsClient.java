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
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The gateway's side of one ADS stream, delta or full state over the same store. A response is acknowledged after all of it was checked and
 * compiled; what is wrong in it is refused by name and keeps its last good version, the rest goes in force. Everything happens on one thread,
 * the executor given.
 */
public final class AdsClient {
    private static final Logger log = LoggerFactory.getLogger(AdsClient.class);
    private static final Duration FETCH_TIMEOUT = Duration.ofSeconds(15);
    private static final int INVALID_ARGUMENT = 3;
    private static final String AGENT = "sluice-gateway";

    private final AdsTransport transport;
    private final boolean delta;
    private final Node node;
    private final ConfigSink sink;
    private final SupportMatrix matrix;
    private final PgvCheck rules = new PgvCheck();
    private final LastGood disk;
    private final ScheduledExecutorService xds;
    private final Map<ResourceKind, TypeState> types = new EnumMap<>(ResourceKind.class);
    private final Map<ResourceKey, Entry> accepted = new HashMap<>();
    private final Map<ResourceKey, Refusal> refusals = new HashMap<>();
    private final Set<ResourceKey> gaveUp = new HashSet<>();
    private Resources good = new Resources();
    private Set<ResourceKey> wanted = Set.of();
    private AdsTransport.@Nullable Stream stream;
    private AdsTransport.@Nullable Listener attached;
    private boolean nodeSent;
    private final Backoff reconnect = new Backoff(Duration.ofMillis(250), Duration.ofSeconds(10));
    private @Nullable Instant lostSince;
    private volatile View view = new View(false, Map.of(), List.of(), null);

    /** One accepted resource. */
    public record Entry(Message message, String version, Instant since) {}

    /** One refused resource; its last good version, if any, stays in force. */
    public record Refusal(String version, String reason, Instant since) {}

    /**
     * What other threads may see.
     *
     * @param lostSince null while the stream is there
     */
    public record View(
            boolean configured,
            Map<ResourceKey, Entry> accepted,
            List<Map.Entry<ResourceKey, Refusal>> refused,
            @Nullable Instant lostSince) {}

    /** What one type's subscription knows. */
    private static final class TypeState {
        final Set<String> names = new TreeSet<>();
        final Map<String, String> nacked = new HashMap<>();
        final Backoff nackDelay = new Backoff(Duration.ofSeconds(1), Duration.ofSeconds(30));
        String nonce = "";
        String version = "";
        boolean sent;
    }

    public AdsClient(
            AdsTransport transport,
            boolean delta,
            BootstrapParser.Start start,
            ConfigSink sink,
            SupportMatrix matrix,
            LastGood disk,
            ScheduledExecutorService xds) {
        this.transport = transport;
        this.delta = delta;
        this.node = start.node().toBuilder().setUserAgentName(AGENT).build();
        this.sink = sink;
        this.matrix = matrix;
        this.disk = disk;
        this.xds = xds;
        for (ResourceKind kind : ResourceKind.values()) {
            types.put(kind, new TypeState());
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
            if (!saved.isEmpty()) {
                log.info("starting from the last good configuration on disk resources={}", saved.size());
                Resources resources = new Resources();
                saved.forEach(resource -> restore(resource, resources));
                settle(resources, Map.of());
            }
            connect();
        });
    }

    private void restore(Resource resource, Resources into) {
        ResourceKind.of(resource.getResource().getTypeUrl()).ifPresent(kind -> {
            try {
                ResourceKey key = new ResourceKey(kind, resource.getName());
                Message message = kind.parse(resource.getResource());
                into.put(key, message);
                accepted.put(key, new Entry(message, resource.getVersion(), Instant.now()));
            } catch (InvalidProtocolBufferException e) {
                log.warn("a resource on disk is not readable name={} reason={}", resource.getName(), e.getMessage());
            }
        });
    }

    // --- the stream

    private void connect() {
        AdsTransport.Listener listener = new AdsTransport.Listener() {
            @Override
            public void onMessage(byte[] message) {
                xds.execute(() -> {
                    if (current(this)) {
                        received(message);
                    }
                });
            }

            @Override
            public void onClose(String reason) {
                xds.execute(() -> {
                    if (current(this)) {
                        lost(reason);
                    }
                });
            }
        };
        attached = listener;
        nodeSent = false;
        stream = transport.open(delta, listener);
        types.values().forEach(type -> {
            type.nonce = "";
            type.sent = false;
        });
        for (ResourceKind kind : ResourceKind.values()) {
            subscribe(kind);
        }
    }

    private boolean current(AdsTransport.Listener listener) {
        return listener.equals(attached);
    }

    private void lost(String reason) {
        stream = null;
        if (lostSince == null) {
            lostSince = Instant.now();
            log.warn("xDS stream lost reason=\"{}\"; the last good configuration stays in force", reason);
            show();
        }
        xds.schedule(this::connect, reconnect.next().toMillis(), TimeUnit.MILLISECONDS);
    }

    private void received(byte[] message) {
        if (lostSince != null) {
            log.info(
                    "xDS stream back lost_ms={}",
                    Duration.between(lostSince, Instant.now()).toMillis());
            lostSince = null;
        }
        reconnect.reset();
        try {
            if (delta) {
                DeltaDiscoveryResponse response = DeltaDiscoveryResponse.parseFrom(message);
                ResourceKind.of(response.getTypeUrl()).ifPresent(kind -> onDelta(kind, response));
            } else {
                DiscoveryResponse response = DiscoveryResponse.parseFrom(message);
                ResourceKind.of(response.getTypeUrl()).ifPresent(kind -> onFullState(kind, response));
            }
        } catch (InvalidProtocolBufferException e) {
            log.error("unreadable message from the xDS server reason={}", e.getMessage());
            if (stream != null) {
                stream.cancel();
            }
            lost("unreadable message");
        }
    }

    /** Sends what the type's subscription is now, where that changed or was not sent on this stream yet. */
    private void subscribe(ResourceKind kind) {
        TypeState type = state(kind);
        Set<String> wanted = kind.isWildcard() ? Set.of() : wantedNames(kind);
        if (type.sent && (kind.isWildcard() || wanted.equals(type.names))) {
            return;
        }
        if (!kind.isWildcard() && !type.sent && wanted.isEmpty()) {
            return;
        }
        List<String> more = new ArrayList<>(wanted);
        List<String> less = new ArrayList<>();
        if (type.sent) {
            more.removeAll(type.names);
            less.addAll(type.names);
            less.removeAll(wanted);
        }
        boolean first = !type.sent;
        type.sent = true;
        type.names.clear();
        type.names.addAll(wanted);
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
            send(fullStateRequest(kind, "").build());
        }
    }

    /** The node goes with the first request of a stream only. */
    private boolean isFirstOfStream() {
        boolean first = !nodeSent;
        nodeSent = true;
        return first;
    }

    private DiscoveryRequest.Builder fullStateRequest(ResourceKind kind, String error) {
        TypeState type = state(kind);
        DiscoveryRequest.Builder request = DiscoveryRequest.newBuilder()
                .setTypeUrl(kind.typeUrl())
                .setVersionInfo(type.version)
                .setResponseNonce(type.nonce)
                .addAllResourceNames(type.names);
        if (isFirstOfStream()) {
            request.setNode(node);
        }
        if (!error.isEmpty()) {
            request.setErrorDetail(Status.newBuilder().setCode(INVALID_ARGUMENT).setMessage(error));
        }
        return request;
    }

    private void send(Message message) {
        if (stream != null) {
            stream.send(message.toByteArray());
        }
    }

    private TypeState state(ResourceKind kind) {
        return java.util.Objects.requireNonNull(types.get(kind));
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
                        log.warn("no answer for {} ms={}; going on without it", key, FETCH_TIMEOUT.toMillis());
                        settle(good, Map.of());
                    }
                },
                FETCH_TIMEOUT.toMillis(),
                TimeUnit.MILLISECONDS);
    }

    // --- responses

    private void onDelta(ResourceKind kind, DeltaDiscoveryResponse response) {
        TypeState type = state(kind);
        type.nonce = response.getNonce();
        Resources next = new Resources(good);
        Map<ResourceKey, String> versions = new HashMap<>();
        Map<ResourceKey, String> wrong = new HashMap<>();
        for (Resource resource : response.getResourcesList()) {
            ResourceKey key = new ResourceKey(kind, resource.getName());
            versions.put(key, resource.getVersion());
            check(key, resource.getResource(), next, wrong);
        }
        for (String name : response.getRemovedResourcesList()) {
            remove(new ResourceKey(kind, name), next);
        }
        Map<ResourceKey, String> refused = take(next, versions, wrong);
        String error = describe(refused);
        DeltaDiscoveryRequest.Builder answer =
                DeltaDiscoveryRequest.newBuilder().setTypeUrl(kind.typeUrl()).setResponseNonce(response.getNonce());
        if (!error.isEmpty()) {
            answer.setErrorDetail(Status.newBuilder().setCode(INVALID_ARGUMENT).setMessage(error));
        }
        answer(kind, refused, versions, answer.build());
    }

    private void onFullState(ResourceKind kind, DiscoveryResponse response) {
        TypeState type = state(kind);
        type.nonce = response.getNonce();
        Resources next = new Resources(good);
        Map<ResourceKey, String> versions = new HashMap<>();
        Map<ResourceKey, String> wrong = new HashMap<>();
        Set<String> there = new HashSet<>();
        for (Any any : response.getResourcesList()) {
            try {
                String name = kind.nameOf(kind.parse(any));
                there.add(name);
                ResourceKey key = new ResourceKey(kind, name);
                versions.put(key, response.getVersionInfo());
                check(key, any, next, wrong);
            } catch (InvalidProtocolBufferException e) {
                wrong.put(new ResourceKey(kind, "?"), String.valueOf(e.getMessage()));
            }
        }
        if (kind.isWildcard()) {
            for (String name : List.copyOf(next.of(kind).keySet())) {
                if (!there.contains(name)) {
                    remove(new ResourceKey(kind, name), next);
                }
            }
        }
        Map<ResourceKey, String> refused = take(next, versions, wrong);
        String error = describe(refused);
        if (error.isEmpty()) {
            type.version = response.getVersionInfo();
        }
        answer(kind, refused, versions, fullStateRequest(kind, error).build());
    }

    private void check(ResourceKey key, Any any, Resources next, Map<ResourceKey, String> wrong) {
        Problems problems = Problems.of(key.toString());
        try {
            if (!any.getTypeUrl().equals(key.kind().typeUrl())) {
                problems.expected("@type", any.getTypeUrl(), key.kind().typeUrl());
            } else {
                Message message = key.kind().parse(any);
                matrix.check(message, problems);
                rules.check(message, problems);
                if (!problems.any()) {
                    next.put(key, message);
                }
            }
        } catch (InvalidProtocolBufferException e) {
            problems.wrong("value", String.valueOf(e.getMessage()));
        }
        if (problems.any()) {
            wrong.put(key, problems.toString());
        }
    }

    private void remove(ResourceKey key, Resources next) {
        next.remove(key);
        accepted.remove(key);
        refusals.remove(key);
        if (!key.kind().isWildcard()) {
            gaveUp.add(key); // told that it does not exist: nobody waits for it
        }
    }

    /**
     * Puts everything acceptable of a response in force.
     *
     * @return what was refused, and why
     */
    private Map<ResourceKey, String> take(
            Resources next, Map<ResourceKey, String> versions, Map<ResourceKey, String> wrong) {
        versions.keySet().forEach(gaveUp::remove);
        Map<ResourceKey, String> refused = settle(next, wrong);
        Instant now = Instant.now();
        versions.forEach((key, version) -> {
            String reason = refused.get(key);
            if (reason == null) {
                refusals.remove(key);
                good.get(key).ifPresent(message -> accepted.put(key, new Entry(message, version, now)));
            } else {
                Refusal known = refusals.get(key);
                refusals.put(key, new Refusal(version, reason, known == null ? now : known.since()));
                log.warn("resource refused name=\"{}\" version={} reason=\"{}\"", key, version, reason);
            }
        });
        show();
        disk.write(accepted);
        return refused;
    }

    /** Compiles; takes what was refused back to its last good version; publishes; adjusts what is asked for. */
    private Map<ResourceKey, String> settle(Resources next, Map<ResourceKey, String> wrong) {
        Map<ResourceKey, String> refused = new HashMap<>(wrong);
        ConfigSink.Candidate candidate = sink.compile(next, gaveUp);
        for (int round = 0; !candidate.refused().isEmpty() && round < 3; round++) {
            candidate.refused().forEach((key, reason) -> {
                refused.putIfAbsent(key, reason);
                good.get(key).ifPresentOrElse(last -> next.put(key, last), () -> next.remove(key));
            });
            candidate = sink.compile(next, gaveUp);
        }
        good = next;
        wanted = candidate.wanted();
        sink.publish(candidate);
        if (stream != null) {
            subscribe(ResourceKind.ENDPOINTS);
            subscribe(ResourceKind.ROUTES);
        }
        show();
        return refused;
    }

    private static String describe(Map<ResourceKey, String> refused) {
        return String.join("\n", new TreeMap<>(byText(refused)).values());
    }

    private static Map<String, String> byText(Map<ResourceKey, String> refused) {
        Map<String, String> texts = new HashMap<>();
        refused.forEach((key, reason) -> texts.put(key.toString(), reason));
        return texts;
    }

    /** A refusal of what was refused before in the same version is held back: a server that sends it again at once would not stop. */
    private void answer(
            ResourceKind kind, Map<ResourceKey, String> refused, Map<ResourceKey, String> versions, Message message) {
        TypeState type = state(kind);
        boolean again = !refused.isEmpty();
        for (ResourceKey key : refused.keySet()) {
            String version = versions.getOrDefault(key, "");
            again &= version.equals(type.nacked.put(key.name(), version));
        }
        if (refused.isEmpty()) {
            type.nackDelay.reset();
        }
        if (again) {
            xds.schedule(() -> send(message), type.nackDelay.next().toMillis(), TimeUnit.MILLISECONDS);
        } else {
            send(message);
        }
    }

    private void show() {
        view = new View(
                view.configured() || !accepted.isEmpty(),
                Map.copyOf(accepted),
                List.copyOf(Map.copyOf(refusals).entrySet()),
                lostSince);
    }

    /** Doubling delays with jitter. */
    private static final class Backoff {
        private final Duration first;
        private final Duration longest;
        private Duration next;

        Backoff(Duration first, Duration longest) {
            this.first = first;
            this.longest = longest;
            next = first;
        }

        Duration next() {
            Duration now = next;
            next = now.multipliedBy(2).compareTo(longest) > 0 ? longest : now.multipliedBy(2);
            return now.plusMillis(ThreadLocalRandom.current().nextLong(now.toMillis() / 4 + 1));
        }

        void reset() {
            next = first;
        }
    }
}
