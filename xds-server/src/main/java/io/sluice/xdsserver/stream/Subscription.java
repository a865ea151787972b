package io.sluice.xdsserver.stream;

import com.google.protobuf.Any;
import io.sluice.xdsserver.snapshot.ResourceType;
import io.sluice.xdsserver.snapshot.Snapshot;
import io.sluice.xdsserver.snapshot.VersionedResource;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What one client wants, holds and has refused of one type, and the answer that follows from it: the same for both variants. At most one
 * answer waits for its ACK; whatever happens meanwhile is told by the next one, in its newest state.
 *
 * <p>A refused answer leaves its contents in doubt, because clients apply its good part. So they count as not held; but they travel again
 * only along with something the client has not refused yet.
 */
final class Subscription {
    static final String WILDCARD = "*";

    /** Stands in {@link #refused} for "was to be dropped"; no resource has an empty version. */
    private static final String DROPPED = "";

    private static final int MAX_REASON_CHARS = 4096;

    private final ResourceType type;
    private final Variant variant;
    private final Supplier<String> nonces;
    private final InstantSource time;
    private final int maxAnswerBytes;

    private boolean open;
    private List<String> requested = List.of();
    private boolean everNamed;
    private boolean wildcard;
    private final Set<String> names = new TreeSet<>();

    /** Accepted, or claimed by the client when it came; what it claimed has no body. Only what it wants. */
    private final Map<String, VersionedResource> held = new HashMap<>();
    /** Name to refused version. Only what it wants. */
    private final Map<String, String> refused = new HashMap<>();
    /** Removals that were refused, until an answer is accepted. */
    private final Set<String> kept = new HashSet<>();
    /** Those of {@link #refused} that the client seems to mean; the others of that answer it may well use. */
    private final Set<String> blamed = new HashSet<>();
    /** To be answered even if held. May name what the client does not want yet. */
    private final Set<String> asked = new HashSet<>();
    /** Whether the client waits for an answer even if there is nothing to tell. */
    private boolean owed;
    /** The version of everything that the client says it holds, until there is a snapshot to compare with. */
    private @Nullable String claimed;

    private @Nullable Answer inFlight;
    /** Whether {@link #inFlight} brings something new to the client, not only newer. */
    private boolean inFlightAwaited;
    /** What there is to tell, without what is in flight; kept over an ACK, so that one costs what it acknowledges and not what there is. */
    private Pending pending = Pending.NONE;
    /** The version {@link #pending} was computed for; null when something else it depends on has changed. */
    private @Nullable String pendingOf;
    /** Whether {@link #pending} was computed since {@link #inFlight} was sent, so that it counts that as not held. */
    private boolean comparedInFlight;

    private String lastNonce = "";
    private Client.@Nullable Stamp sent;
    private Client.@Nullable Stamp accepted;
    private Client.@Nullable Rejection rejection;

    Subscription(ResourceType type, Variant variant, Supplier<String> nonces, InstantSource time, int maxAnswerBytes) {
        this.type = type;
        this.variant = variant;
        this.nonces = nonces;
        this.time = time;
        this.maxAnswerBytes = maxAnswerBytes;
    }

    // What the client says.

    /**
     * SotW: these are all the names it wants from now on.
     *
     * @param version the one it says it holds; only the first request of a stream can mean one of another stream
     */
    void want(List<String> resourceNames, String version) {
        if (open && resourceNames.equals(requested)) {
            return;
        }
        requested = List.copyOf(resourceNames);
        pendingOf = null;
        Set<String> wanted = new TreeSet<>(requested);
        boolean everything = wanted.remove(WILDCARD) || (requested.isEmpty() && !everNamed && type.wildcard());
        everNamed |= !requested.isEmpty();
        owed |= variant.fullState(type) && (!open || (everything && !wildcard));
        claimed = !open && variant.fullState(type) && everything && wanted.isEmpty() ? version : null;
        for (String name : wanted) {
            if (names.add(name)) {
                asked.add(name);
            }
        }
        names.retainAll(wanted);
        wildcard = everything;
        open = true;
        forgetUnwanted();
    }

    /**
     * Delta: what it wants more and what less.
     *
     * @param initialVersions what it holds from another stream, by name; counts on the first request only
     */
    void change(Collection<String> more, Collection<String> less, Map<String, String> initialVersions) {
        boolean first = !open;
        if (!first && more.isEmpty() && less.isEmpty()) {
            return;
        }
        pendingOf = null;
        open = true;
        if (first && more.isEmpty() && less.isEmpty() && type.wildcard()) {
            wildcard = true;
            owed = true;
        }
        for (String name : less) {
            unsubscribe(name);
        }
        if (!less.isEmpty()) {
            forgetUnwanted();
        }
        for (String name : more) {
            subscribe(name, first && initialVersions.containsKey(name));
        }
        if (first && !initialVersions.isEmpty()) {
            owed = false;
            initialVersions.forEach((name, version) -> {
                if (wants(name)) {
                    held.put(name, new VersionedResource(type, name, version, Any.getDefaultInstance()));
                }
            });
        }
    }

    private void unsubscribe(String name) {
        if (!name.equals(WILDCARD)) {
            names.remove(name);
            if (wildcard) {
                asked.add(name);
            }
        } else if (wildcard) {
            wildcard = false;
            asked.addAll(names);
        }
    }

    private void subscribe(String name, boolean claimed) {
        if (!name.equals(WILDCARD)) {
            names.add(name);
            if (!claimed) {
                asked.add(name);
            }
        } else {
            if (wildcard) {
                asked.addAll(held.keySet());
            }
            wildcard = true;
            owed = true;
        }
    }

    /** Asks in the client's name: something it holds or is about to get waits for these, changed or not. */
    void ask(Collection<String> awaited) {
        pendingOf = null;
        asked.addAll(awaited);
    }

    /** Whether a SotW request answers an older response than the last: a newer request is on its way then. */
    boolean stale(String nonce) {
        return !lastNonce.isEmpty() && !lastNonce.equals(nonce);
    }

    /** Takes the answer with this nonce out of flight; empty if there is none, which is so for a nonce seen before. */
    Optional<Answer> land(String nonce) {
        Answer answer = inFlight;
        if (answer == null || !answer.nonce().equals(nonce)) {
            return Optional.empty();
        }
        if (comparedInFlight) {
            pendingOf = null;
        }
        inFlight = null;
        inFlightAwaited = false;
        return Optional.of(answer);
    }

    /** Returns whether a refused one came before. */
    boolean accept(Answer answer) {
        for (VersionedResource resource : answer.resources()) {
            forgive(resource.name());
            if (wants(resource.name())) {
                held.put(resource.name(), resource);
            }
        }
        for (String name : answer.removed()) {
            forgive(name);
            held.remove(name);
        }
        if (variant.fullState(type)) {
            refused.clear();
            blamed.clear();
        }
        if (!kept.isEmpty()) {
            kept.clear();
            pendingOf = null;
        }
        accepted = new Client.Stamp(answer.version(), time.instant());
        boolean recovered = rejection != null;
        rejection = null;
        return recovered;
    }

    /** @param reason the client's own words; most clients name the resources they mean */
    Client.Rejection refuse(Answer answer, String reason) {
        pendingOf = null;
        boolean named = answer.changed().stream().anyMatch(resource -> NameInText.says(reason, resource.name()));
        for (VersionedResource resource : answer.changed()) {
            if (wants(resource.name())) {
                refused.put(resource.name(), resource.version());
                if (!named || NameInText.says(reason, resource.name())) {
                    blamed.add(resource.name());
                } else {
                    blamed.remove(resource.name());
                }
            }
        }
        for (String name : answer.removed()) {
            if (held.containsKey(name) || refused.containsKey(name)) {
                refused.put(name, DROPPED);
                kept.add(name);
            }
        }
        String cut = reason.length() <= MAX_REASON_CHARS ? reason : reason.substring(0, MAX_REASON_CHARS);
        rejection = new Client.Rejection(answer.version(), cut, time.instant());
        return rejection;
    }

    private void forgive(String name) {
        refused.remove(name);
        blamed.remove(name);
    }

    // What follows from it.

    /** Whether the client asked for this type at all. */
    boolean open() {
        return open;
    }

    /** Whether the client is known to hold anything. */
    boolean holdsAny() {
        return !held.isEmpty() || !refused.isEmpty();
    }

    /** What the client refused and never held in any version, so that whatever leads there would lead nowhere. */
    Set<String> lacking() {
        if (blamed.isEmpty()) {
            return Set.of();
        }
        Set<String> lacking = new HashSet<>(blamed);
        lacking.removeAll(held.keySet());
        return lacking;
    }

    /** What there is to tell of resources that the client holds in another version. */
    Stream<VersionedResource> updates(Snapshot snapshot) {
        return pending(snapshot).fresh.stream().filter(resource -> held.containsKey(resource.name()));
    }

    /** Whether the last answer has not been acknowledged yet. */
    boolean inFlight() {
        return inFlight != null;
    }

    /** Whether there is something to tell which the client has not refused already; what waits to be removed does not count. */
    boolean hasNews(Snapshot snapshot) {
        if (!open) {
            return false;
        }
        Pending now = pending(snapshot);
        return owed || !now.fresh.isEmpty() || !now.absent.isEmpty() || (removesWithAdditions() && newlyDropped(now));
    }

    /** Whether the client waits for something it does not hold in any version, or has asked for again. */
    boolean awaits(Snapshot snapshot) {
        if (!open) {
            return false;
        }
        Pending now = pending(snapshot);
        return inFlightAwaited
                || owed
                || !now.absent.isEmpty()
                || now.fresh.stream().anyMatch(this::awaited);
    }

    /** Whether the client has accepted all this snapshot says of the type, but for removals that wait for other types. */
    boolean settled(Snapshot snapshot) {
        return !open || (inFlight == null && !hasNews(snapshot) && !parked(pending(snapshot)));
    }

    /** All there is to tell now, without the removals that wait for other types. */
    Optional<Answer> additions(Snapshot snapshot) {
        if (inFlight != null || !hasNews(snapshot)) {
            return Optional.empty();
        }
        Pending now = pending(snapshot);
        List<String> dropped = removesWithAdditions() ? now.dropped : List.of();
        if (variant.fullState(type)) {
            return Optional.of(sendFull(snapshot, removesWithAdditions() ? List.of() : now.dropped, dropped));
        }
        List<String> removed = new ArrayList<>(now.absent);
        removed.addAll(dropped);
        return Optional.of(send(snapshot.version(type), batch(now), removed));
    }

    /** The removals that waited for other types; to be asked for only when there is nothing to add. */
    Optional<Answer> removals(Snapshot snapshot) {
        Pending now = pending(snapshot);
        if (!open || inFlight != null || !newlyDropped(now)) {
            return Optional.empty();
        }
        if (variant.fullState(type)) {
            return Optional.of(sendFull(snapshot, List.of(), now.dropped));
        }
        if (variant == Variant.DELTA) {
            return Optional.of(send(snapshot.version(type), List.of(), now.dropped));
        }
        // Nothing to say it with: the client drops these along with what refers to them.
        now.dropped.forEach(name -> {
            held.remove(name);
            forgive(name);
        });
        pendingOf = null;
        return Optional.empty();
    }

    /** @param snapshot null before there is one */
    Client.Subscribed view(@Nullable Snapshot snapshot) {
        return new Client.Subscribed(
                type,
                snapshot != null && settled(snapshot) && rejection == null,
                wildcard,
                new TreeSet<>(names),
                Optional.ofNullable(sent),
                Optional.ofNullable(accepted),
                Optional.ofNullable(rejection));
    }

    /** Two listeners cannot share an address, so the old one goes in the same message as the new one comes. */
    private boolean removesWithAdditions() {
        return type == ResourceType.LISTENER;
    }

    private boolean newlyDropped(Pending now) {
        return now.dropped.stream().anyMatch(name -> !kept.contains(name));
    }

    private boolean parked(Pending now) {
        return !now.again.isEmpty() || (!now.dropped.isEmpty() && !newlyDropped(now));
    }

    private boolean awaited(VersionedResource resource) {
        return asked.contains(resource.name()) || !held.containsKey(resource.name());
    }

    private boolean wants(String name) {
        return wildcard || names.contains(name);
    }

    private boolean holds(VersionedResource resource) {
        VersionedResource there = held.get(resource.name());
        return there != null && there.version().equals(resource.version()) && !refused.containsKey(resource.name());
    }

    private void forgetUnwanted() {
        held.keySet().removeIf(name -> !wants(name));
        if (refused.keySet().removeIf(name -> !wants(name)) && refused.isEmpty()) {
            rejection = null; // of nothing that it still wants
        }
        blamed.removeIf(name -> !wants(name));
        kept.removeIf(name -> !wants(name));
        asked.removeIf(name -> !wants(name));
    }

    /**
     * SotW of a type whose answers list everything.
     *
     * @param withheld what is gone from the snapshot but must stay with the client for now
     */
    private Answer sendFull(Snapshot snapshot, List<String> withheld, List<String> dropped) {
        List<VersionedResource> resources = new ArrayList<>();
        forEachWanted(snapshot, resources::add);
        for (String name : withheld) {
            VersionedResource still = held.get(name);
            if (still != null) {
                resources.add(still);
            }
        }
        // Only the whole of a snapshot carries its version: a client that comes back with it is believed to hold just
        // that.
        boolean whole = wildcard && withheld.isEmpty();
        Answer answer = send(whole ? snapshot.version(type) : snapshot.version(type) + "~", resources, dropped);
        asked.removeIf(this::wants);
        pending = new Pending(List.of(), List.of(), List.of(), pending.dropped);
        return answer;
    }

    private Answer send(String version, List<VersionedResource> resources, List<String> removed) {
        List<VersionedResource> changed =
                resources.stream().filter(resource -> !holds(resource)).toList();
        inFlightAwaited = !removed.isEmpty() || resources.stream().anyMatch(this::awaited);
        resources.forEach(resource -> asked.remove(resource.name()));
        removed.forEach(asked::remove);
        owed = false;
        pending = pending.without(resources, removed);
        comparedInFlight = false;
        lastNonce = nonces.get();
        sent = new Client.Stamp(version, time.instant());
        inFlight = new Answer(type, lastNonce, version, List.copyOf(resources), changed, List.copyOf(removed));
        return inFlight;
    }

    /** As much as fits into one message, what the client has not refused first: a refused part must not hide the rest for ever. */
    private List<VersionedResource> batch(Pending now) {
        List<VersionedResource> all = new ArrayList<>(now.fresh);
        all.addAll(now.again);
        List<VersionedResource> batch = new ArrayList<>();
        long bytes = 0;
        for (VersionedResource resource : all) {
            bytes += resource.body().getSerializedSize()
                    + resource.name().length()
                    + resource.version().length();
            if (bytes > maxAnswerBytes && !batch.isEmpty()) {
                break;
            }
            batch.add(resource);
        }
        return batch;
    }

    private void forEachWanted(Snapshot snapshot, Consumer<VersionedResource> action) {
        SortedMap<String, VersionedResource> all = snapshot.of(type);
        if (wildcard) {
            all.values().forEach(action);
            return;
        }
        for (String name : names) {
            VersionedResource resource = all.get(name);
            if (resource != null) {
                action.accept(resource);
            }
        }
    }

    private Pending pending(Snapshot snapshot) {
        String version = snapshot.version(type);
        if (!version.equals(pendingOf)) {
            Optional<Set<String>> changed =
                    pendingOf == null ? Optional.empty() : snapshot.changedSince(type, pendingOf);
            pending = changed.isPresent() ? compareAgain(snapshot, changed.get()) : compare(snapshot);
            pendingOf = version;
        }
        return pending;
    }

    /** Costs what changed, not what there is. */
    private Pending compareAgain(Snapshot snapshot, Set<String> changed) {
        Map<String, VersionedResource> all = snapshot.of(type);
        Answer answer = inFlight;
        if (answer != null && !comparedInFlight) {
            comparedInFlight = answer.resources().stream().anyMatch(resource -> changed.contains(resource.name()))
                    || answer.removed().stream().anyMatch(changed::contains);
        }
        Pending rest = pending.withoutNames(changed);
        List<VersionedResource> fresh = new ArrayList<>(rest.fresh);
        List<VersionedResource> again = new ArrayList<>(rest.again);
        Set<String> absent = new TreeSet<>(rest.absent);
        Set<String> dropped = new TreeSet<>(rest.dropped);
        for (String name : changed) {
            VersionedResource resource = all.get(name);
            if (resource != null && wants(name)) {
                compare(resource, fresh, again);
            } else if (resource == null) {
                if (isAbsent(name, all)) {
                    absent.add(name);
                }
                if (held.containsKey(name) || refused.containsKey(name)) {
                    dropped.add(name);
                }
            }
        }
        fresh.sort(Comparator.comparing(VersionedResource::name));
        again.sort(Comparator.comparing(VersionedResource::name));
        return new Pending(fresh, again, List.copyOf(absent), List.copyOf(dropped));
    }

    private void compare(VersionedResource resource, List<VersionedResource> fresh, List<VersionedResource> again) {
        if (asked.contains(resource.name())) {
            fresh.add(resource);
        } else if (!holds(resource)) {
            boolean same = resource.version().equals(refused.get(resource.name()));
            (same ? again : fresh).add(resource);
        }
    }

    /** Whether the client is to hear that there is no such thing. */
    private boolean isAbsent(String name, Map<String, VersionedResource> all) {
        return (variant == Variant.DELTA || variant.fullState(type))
                && asked.contains(name)
                && wants(name)
                && !all.containsKey(name)
                && !held.containsKey(name)
                && !refused.containsKey(name);
    }

    private Pending compare(Snapshot snapshot) {
        comparedInFlight = inFlight != null;
        Map<String, VersionedResource> all = snapshot.of(type);
        if (claimed != null && !claimed.isEmpty() && claimed.equals(snapshot.version(type))) {
            held.putAll(all);
            owed = false;
            accepted = new Client.Stamp(claimed, time.instant());
        }
        claimed = null;
        List<VersionedResource> fresh = new ArrayList<>();
        List<VersionedResource> again = new ArrayList<>();
        forEachWanted(snapshot, resource -> compare(resource, fresh, again));
        List<String> absent = asked.stream().filter(name -> isAbsent(name, all)).toList();
        Set<String> dropped = new TreeSet<>();
        for (Set<String> known : List.of(held.keySet(), refused.keySet())) {
            for (String name : known) {
                if (!all.containsKey(name)) {
                    dropped.add(name);
                }
            }
        }
        return new Pending(fresh, again, absent, List.copyOf(dropped));
    }

    /**
     * The difference between what the client wants of a snapshot and what it holds.
     *
     * @param fresh not refused in this version, or asked for
     * @param again refused in this very version
     * @param absent asked for, and there is none
     * @param dropped held, or half taken, and not in the snapshot any more
     */
    private record Pending(
            List<VersionedResource> fresh, List<VersionedResource> again, List<String> absent, List<String> dropped) {
        static final Pending NONE = new Pending(List.of(), List.of(), List.of(), List.of());

        Pending without(List<VersionedResource> sent, List<String> removed) {
            Set<String> told = new HashSet<>();
            sent.forEach(resource -> told.add(resource.name()));
            return without(told, new HashSet<>(removed));
        }

        Pending withoutNames(Set<String> names) {
            return without(names, names);
        }

        private Pending without(Set<String> present, Set<String> gone) {
            return new Pending(
                    fresh.stream()
                            .filter(each -> !present.contains(each.name()))
                            .toList(),
                    again.stream()
                            .filter(each -> !present.contains(each.name()))
                            .toList(),
                    absent.stream().filter(name -> !gone.contains(name)).toList(),
                    dropped.stream().filter(name -> !gone.contains(name)).toList());
        }
    }
}
