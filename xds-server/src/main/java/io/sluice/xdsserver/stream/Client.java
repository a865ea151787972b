package io.sluice.xdsserver.stream;

import io.sluice.xdsserver.snapshot.ResourceType;
import io.sluice.xdsserver.translate.NodeGroup;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * One connected stream as it was at one moment: for people, never read by the protocol.
 *
 * @param nodeId as the client says it, unverified
 * @param peer address and port of the other end of the connection
 * @param variant {@code sotw} or {@code delta}
 * @param version of the snapshot it is told of; empty before there is one
 * @param types only those the client asked for, in the order in which changes are sent
 */
public record Client(
        String nodeId,
        NodeGroup group,
        String peer,
        String variant,
        Instant since,
        Optional<String> version,
        List<Subscribed> types) {
    public Client {
        types = List.copyOf(types);
    }

    /** Whether it took everything that this version says to it. */
    public boolean live() {
        return version.isPresent() && types.stream().allMatch(Subscribed::live);
    }

    /**
     * What the client does with one type.
     *
     * @param live whether it took everything the snapshot says of this type
     * @param wildcard whether it follows every resource, beside those it names
     * @param sent the newest answer, acknowledged or not; empty before the first
     * @param accepted the newest answer it took; a restarted server knows it from the client's own word, then since the stream began
     * @param rejection present from a refused answer until the next accepted one
     */
    public record Subscribed(
            ResourceType type,
            boolean live,
            boolean wildcard,
            SortedSet<String> names,
            Optional<Stamp> sent,
            Optional<Stamp> accepted,
            Optional<Rejection> rejection) {
        public Subscribed {
            names = Collections.unmodifiableSortedSet(new TreeSet<>(names));
        }
    }

    /** A version and since when. */
    public record Stamp(String version, Instant since) {}

    /**
     * A refused answer.
     *
     * @param version of the refused answer
     * @param reason the client's own words, cut after 4,096 characters
     */
    public record Rejection(String version, String reason, Instant since) {}
}
