package io.sluice.gateway.compile;

import io.sluice.gateway.route.AddressRange;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Which connections a filter chain is for; what is empty is not asked.
 *
 * @param destinationPort 0 for any
 * @param serverNames whole, or a beginning of {@code *.}; in lower case
 * @param transport {@code tls}, {@code raw_buffer} or empty
 * @param applications protocols that the caller offers
 * @param directSources addresses of connections, whatever PROXY says
 */
public record ChainMatch(
        int destinationPort,
        List<AddressRange> destinations,
        List<String> serverNames,
        String transport,
        List<String> applications,
        List<AddressRange> directSources,
        SourceType sourceType,
        List<AddressRange> sources,
        List<Integer> sourcePorts) {
    /** Where a caller may be. */
    public enum SourceType {
        ANY,
        SAME_IP_OR_LOOPBACK,
        EXTERNAL
    }

    public static final ChainMatch ALL =
            new ChainMatch(0, List.of(), List.of(), "", List.of(), List.of(), SourceType.ANY, List.of(), List.of());

    public ChainMatch {
        destinations = List.copyOf(destinations);
        serverNames = List.copyOf(serverNames);
        applications = List.copyOf(applications);
        directSources = List.copyOf(directSources);
        sources = List.copyOf(sources);
        sourcePorts = List.copyOf(sourcePorts);
    }

    /** Whether some connection could be meant for both alike. */
    boolean overlaps(ChainMatch other) {
        return destinationPort == other.destinationPort
                && transport.equals(other.transport)
                && sourceType == other.sourceType
                && share(destinations, other.destinations)
                && share(serverNames, other.serverNames)
                && share(applications, other.applications)
                && share(directSources, other.directSources)
                && share(sources, other.sources)
                && share(sourcePorts, other.sourcePorts);
    }

    private static <T> boolean share(List<T> one, List<T> other) {
        Set<T> both = new HashSet<>(one);
        both.retainAll(other);
        return !both.isEmpty() || (one.isEmpty() && other.isEmpty());
    }
}
