package io.sluice.xdsserver.stream;

import io.envoyproxy.envoy.config.core.v3.ControlPlane;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.sluice.xdsserver.snapshot.ResourceType;
import io.sluice.xdsserver.snapshot.Snapshot;
import io.sluice.xdsserver.snapshot.VersionedResource;
import java.time.InstantSource;
import java.util.Collections;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What one client is told, and when: a state machine without I/O. Requests and snapshots go in at any time; {@link #next} is asked for the
 * next response whenever the client can take one, and tells the newest state. All on one thread.
 *
 * <p>The order, so that nothing a client uses refers to what it does not have (docs/adr/0030-steps-of-a-stream.md):
 *
 * <ol>
 *   <li>clusters and endpoints. Endpoints follow their clusters on the wire but do not wait for the ACK: Envoy withholds it until the
 *       clusters are warm, for which it needs the endpoints;
 *   <li>secrets, likewise: clusters are not warm before they have theirs;
 *   <li>listeners and routes, once the clusters, and the endpoints and secrets that the client waits for, are acknowledged;
 *   <li>what is gone: routes, clusters, endpoints, secrets, one after the other, once everything else is accepted.
 * </ol>
 *
 * A refusal parks its own type: nothing of it is sent before there is something else to say. Additions of other types go on, but listeners
 * and routes that the client runs stay as they are while their newer version leads to a cluster which it refused and never had. Removals
 * wait, since the client may still run what refers to them.
 *
 * @param <Q> the variant's request
 * @param <R> the variant's response
 */
abstract sealed class AdsStream<Q, R> permits SotwStream, DeltaStream {
    private static final List<ResourceType> REMOVAL_ORDER =
            List.of(ResourceType.ROUTE, ResourceType.CLUSTER, ResourceType.ENDPOINT, ResourceType.SECRET);

    private final Map<ResourceType, Subscription> subscriptions = new EnumMap<>(ResourceType.class);
    private final Subscription clusters;
    private final Subscription endpoints;
    private final Subscription secrets;
    private final Optional<ResourceType> only;
    private final ControlPlane controlPlane;
    private final StreamListener listener;
    private long nonce;
    private boolean grown;

    private @Nullable Snapshot newest;
    /** The newest, or an older one while its listeners and routes wait for its clusters: else a flow of new clusters would starve routes. */
    private @Nullable Snapshot target;

    private boolean routesWait;

    /**
     * @param only the one type of this stream; empty for all
     * @param maxAnswerBytes where an answer is cut that need not be whole; a single larger resource still travels
     */
    AdsStream(
            Variant variant,
            Optional<ResourceType> only,
            ControlPlane controlPlane,
            int maxAnswerBytes,
            InstantSource time,
            StreamListener listener) {
        this.only = only;
        grown = only.isPresent();
        this.controlPlane = controlPlane;
        this.listener = listener;
        for (ResourceType type : ResourceType.values()) {
            subscriptions.put(
                    type, new Subscription(type, variant, () -> Long.toString(++nonce), time, maxAnswerBytes));
        }
        clusters = of(ResourceType.CLUSTER);
        endpoints = of(ResourceType.ENDPOINT);
        secrets = of(ResourceType.SECRET);
    }

    /** Takes a request. Types not served are ignored: an answer would be a guess, an error would end the other types with it. */
    abstract void receive(Q request);

    /** The node; only the first request of a stream need have it. */
    abstract Node node(Q request);

    abstract R render(Answer answer, ControlPlane controlPlane);

    final void publish(Snapshot snapshot) {
        newest = snapshot;
    }

    /**
     * To be called once, some time after the stream began: a type the client has not asked for by then is one it does without. A client
     * that comes back asks type by type; until then it may run routes that use what is gone.
     */
    final void grow() {
        grown = true;
    }

    /** The next response, or empty when there is nothing to tell or the client must acknowledge first. */
    final Optional<R> next() {
        if (newest == null) {
            return Optional.empty();
        }
        Snapshot now = target(newest);
        return additions(now, newest).or(() -> removals(now)).map(answer -> {
            listener.sent(answer.type());
            return render(answer, controlPlane);
        });
    }

    /** What the client asked for so far. */
    final List<Client.Subscribed> view() {
        return subscriptions.values().stream()
                .filter(Subscription::open)
                .map(each -> each.view(newest))
                .toList();
    }

    /** Of the newest snapshot; empty before the first. */
    final Optional<String> version() {
        return Optional.ofNullable(newest).map(Snapshot::version);
    }

    /** The type that a request means, if it is one of this stream; on a stream of one type a request need not say it. */
    final Optional<ResourceType> served(String typeUrl) {
        return typeUrl.isEmpty() ? only : ResourceType.of(typeUrl).filter(type -> only.isEmpty() || type == only.get());
    }

    final Subscription of(ResourceType type) {
        Subscription subscription = subscriptions.get(type);
        if (subscription == null) {
            throw new IllegalArgumentException("type: " + type);
        }
        return subscription;
    }

    final void accepted(ResourceType type, String nonce) {
        Subscription subscription = of(type);
        subscription.land(nonce).ifPresent(answer -> {
            if (subscription.accept(answer)) {
                listener.recovered(type, answer.version());
            }
        });
    }

    final void refused(ResourceType type, String nonce, String reason) {
        Subscription subscription = of(type);
        subscription.land(nonce).ifPresent(answer -> listener.refused(type, subscription.refuse(answer, reason)));
    }

    private Snapshot target(Snapshot latest) {
        Snapshot current = target;
        if (current == null
                || !routesWait
                || current.version(ResourceType.CLUSTER).equals(latest.version(ResourceType.CLUSTER))
                || !routesHaveNews(current)) {
            current = latest;
            target = current;
            routesWait = false;
        }
        return current;
    }

    private Optional<Answer> additions(Snapshot now, Snapshot latest) {
        Optional<Answer> answer = clusters.additions(now);
        answer.ifPresent(this::askForWarming);
        if (answer.isPresent()) {
            return answer;
        }
        answer = endpoints.additions(latest).or(() -> secrets.additions(latest));
        if (answer.isPresent()) {
            return answer;
        }
        if (clusters.inFlight() || endpoints.awaits(latest) || secrets.awaits(latest)) {
            routesWait = !clusters.hasNews(now) && routesHaveNews(now);
            return Optional.empty();
        }
        routesWait = false;
        Set<String> lacking = lacking(now);
        for (ResourceType type : List.of(ResourceType.LISTENER, ResourceType.ROUTE)) {
            if (lacking.isEmpty() || of(type).updates(now).noneMatch(update -> Mentions.any(update.body(), lacking))) {
                answer = of(type).additions(now);
                answer.ifPresent(this::askForWarming);
                if (answer.isPresent()) {
                    return answer;
                }
            }
        }
        return Optional.empty();
    }

    /** Clusters that the client refused and never held, or whose endpoints it did. */
    private Set<String> lacking(Snapshot now) {
        Set<String> lacking = new HashSet<>(clusters.lacking());
        Set<String> withoutEndpoints = endpoints.lacking();
        if (!withoutEndpoints.isEmpty()) {
            for (VersionedResource cluster : now.of(ResourceType.CLUSTER).values()) {
                if (!Collections.disjoint(WarmingParser.parse(cluster, ResourceType.ENDPOINT), withoutEndpoints)) {
                    lacking.add(cluster.name());
                }
            }
        }
        return lacking;
    }

    private Optional<Answer> removals(Snapshot now) {
        boolean complete = subscriptions.values().stream().allMatch(each -> each.settled(now) && asked(each));
        if (!complete) {
            return Optional.empty();
        }
        return REMOVAL_ORDER.stream()
                .map(type -> of(type).removals(now))
                .flatMap(Optional::stream)
                .findFirst();
    }

    /** Many clients never ask for secrets, and nothing that is removed before them is used by one. */
    private boolean asked(Subscription subscription) {
        return grown || subscription.open() || subscription == secrets;
    }

    private boolean routesHaveNews(Snapshot now) {
        return of(ResourceType.LISTENER).hasNews(now) || of(ResourceType.ROUTE).hasNews(now);
    }

    /** Two clusters may share endpoints the client already holds: it does not ask for those again, so each new one counts. */
    private void askForWarming(Answer answer) {
        for (ResourceType type : WarmingParser.awaitedBy(answer.type())) {
            Subscription awaited = of(type);
            // A client that comes with nothing asks by itself, so nothing is parsed for it.
            if (of(answer.type()).holdsAny() || awaited.holdsAny()) {
                for (VersionedResource changed : answer.changed()) {
                    awaited.ask(WarmingParser.parse(changed, type));
                }
            }
        }
    }
}
