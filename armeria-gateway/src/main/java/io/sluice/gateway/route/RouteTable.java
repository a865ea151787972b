package io.sluice.gateway.route;

import com.google.common.base.Ascii;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Envoy's routing: the virtual host by exact name, then the longest suffix wildcard, then the longest prefix wildcard, then {@code *}; in it the
 * first route that matches. {@code T} is where a match leads. Immutable.
 */
public final class RouteTable<T> {
    private final Map<String, Host<T>> exact = new HashMap<>();
    private final TreeMap<Integer, Map<String, Host<T>>> suffixes = new TreeMap<>(Comparator.reverseOrder());
    private final TreeMap<Integer, Map<String, Host<T>>> prefixes = new TreeMap<>(Comparator.reverseOrder());
    private final boolean ignorePort;
    private final boolean ignoreParameters;
    private @Nullable Host<T> any;

    private RouteTable(boolean ignorePort, boolean ignoreParameters) {
        this.ignorePort = ignorePort;
        this.ignoreParameters = ignoreParameters;
    }

    public static <T> RouteTable<T> of(List<VirtualHost<T>> hosts, boolean ignorePort) {
        return of(hosts, ignorePort, false);
    }

    /**
     * @param ignorePort whether a port in the request's host is disregarded
     * @param ignoreParameters whether paths count up to their first {@code ;} only
     * @throws IllegalArgumentException where a domain stands twice; check with {@link #firstTwice} before
     */
    public static <T> RouteTable<T> of(List<VirtualHost<T>> hosts, boolean ignorePort, boolean ignoreParameters) {
        RouteTable<T> table = new RouteTable<>(ignorePort, ignoreParameters);
        for (VirtualHost<T> host : hosts) {
            RouteIndex<T> index = new RouteIndex<>(host.routes());
            for (String domain : host.domains()) {
                table.add(Ascii.toLowerCase(domain), new Host<>(host, domain, index));
            }
        }
        return table;
    }

    /** A domain that two virtual hosts claim, which Envoy refuses. */
    public static Optional<String> firstTwice(List<? extends VirtualHost<?>> hosts) {
        Set<String> seen = new HashSet<>();
        for (VirtualHost<?> host : hosts) {
            for (String domain : host.domains()) {
                String lower = Ascii.toLowerCase(domain);
                if (!seen.add(lower)) {
                    return Optional.of(domain);
                }
            }
        }
        return Optional.empty();
    }

    private void add(String domain, Host<T> host) {
        Host<T> before;
        if (domain.equals("*")) {
            before = any;
            any = host;
        } else if (domain.startsWith("*")) {
            String rest = domain.substring(1);
            before = suffixes.computeIfAbsent(rest.length(), l -> new HashMap<>())
                    .put(rest, host);
        } else if (domain.endsWith("*")) {
            String rest = domain.substring(0, domain.length() - 1);
            before = prefixes.computeIfAbsent(rest.length(), l -> new HashMap<>())
                    .put(rest, host);
        } else {
            before = exact.put(domain, host);
        }
        if (before != null) {
            throw new IllegalArgumentException("domain '" + domain + "' stands twice");
        }
    }

    /** Whether requests show their paths up to the first {@code ;} only. */
    public boolean ignoresParameters() {
        return ignoreParameters;
    }

    /** Null where no virtual host is for the request's authority. */
    public @Nullable VirtualHost<T> virtualHost(RouteRequest request) {
        Host<T> host = host(request);
        return host == null ? null : host.described();
    }

    /** Null where no virtual host or none of its routes matches. */
    public @Nullable T match(RouteRequest request) {
        Host<T> host = host(request);
        if (host == null) {
            return null;
        }
        VirtualHost.Entry<T> entry = host.index().find(request);
        return entry == null ? null : entry.target();
    }

    /** Why {@link #match} answers what it does, told by the very conditions that it tests. Costs what the virtual host has routes. */
    public RouteExplanation<T> explain(RouteRequest request) {
        Host<T> host = host(request);
        if (host == null) {
            return new RouteExplanation<>(null, "", List.of());
        }
        List<RouteExplanation.Tried<T>> tried = new ArrayList<>();
        for (VirtualHost.Entry<T> entry : host.described().routes()) {
            tried.add(new RouteExplanation.Tried<>(entry, entry.match().unmet(request)));
        }
        return new RouteExplanation<>(host.described(), host.domain(), tried);
    }

    /** Every domain that has a virtual host, in no order. */
    public Set<String> domains() {
        Set<String> domains = new HashSet<>(exact.keySet());
        suffixes.values().forEach(group -> group.keySet().forEach(rest -> domains.add("*" + rest)));
        prefixes.values().forEach(group -> group.keySet().forEach(rest -> domains.add(rest + "*")));
        if (any != null) {
            domains.add("*");
        }
        return domains;
    }

    private @Nullable Host<T> host(RouteRequest request) {
        if (exact.isEmpty() && suffixes.isEmpty() && prefixes.isEmpty()) {
            return any;
        }
        String name = Ascii.toLowerCase(request.authority());
        if (ignorePort) {
            name = withoutPort(name);
        }
        Host<T> found = exact.get(name);
        if (found != null) {
            return found;
        }
        for (Map.Entry<Integer, Map<String, Host<T>>> group : suffixes.entrySet()) {
            int length = group.getKey();
            // a wildcard stands for at least one character
            if (length < name.length()) {
                found = group.getValue().get(name.substring(name.length() - length));
                if (found != null) {
                    return found;
                }
            }
        }
        for (Map.Entry<Integer, Map<String, Host<T>>> group : prefixes.entrySet()) {
            int length = group.getKey();
            if (length < name.length()) {
                found = group.getValue().get(name.substring(0, length));
                if (found != null) {
                    return found;
                }
            }
        }
        return any;
    }

    private static String withoutPort(String host) {
        int colon = host.lastIndexOf(':');
        return colon > 0 && colon > host.lastIndexOf(']') ? host.substring(0, colon) : host;
    }

    private record Host<T>(VirtualHost<T> described, String domain, RouteIndex<T> index) {}
}
