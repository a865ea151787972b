package io.sluice.gateway.cluster;

import io.sluice.gateway.endpoint.Endpoint;
import io.sluice.gateway.secret.UpstreamTls;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * By what a cluster's endpoints are reached.
 *
 * @param matches the first whose values an endpoint has is its own
 * @param otherwise null for clear text
 * @param nameFromHost whether the request's host is the name that is asked for
 * @param nameMustMatch whether that name must be one of the certificate's
 */
public record Sockets(
        List<Match> matches, @Nullable UpstreamTls otherwise, boolean nameFromHost, boolean nameMustMatch) {
    public static final Sockets CLEAR_TEXT = new Sockets(List.of(), null, false, false);

    /**
     * @param values of the endpoint's metadata {@code envoy.transport_socket_match}
     * @param tls null for clear text
     */
    public record Match(
            Map<String, String> values, @Nullable UpstreamTls tls) {
        public Match {
            values = Map.copyOf(values);
        }
    }

    public Sockets {
        matches = List.copyOf(matches);
    }

    /** Those that are TLS. */
    public List<UpstreamTls> all() {
        List<UpstreamTls> all = new ArrayList<>();
        for (Match match : matches) {
            if (match.tls() != null) {
                all.add(match.tls());
            }
        }
        if (otherwise != null) {
            all.add(otherwise);
        }
        return all;
    }

    /** The secrets that they name. */
    public Set<String> secrets() {
        Set<String> names = new HashSet<>();
        all().forEach(tls -> names.addAll(tls.secrets()));
        return names;
    }

    /** Whether no endpoint speaks TLS. */
    boolean areClear() {
        return all().isEmpty();
    }

    /** Null for clear text. */
    public @Nullable UpstreamTls of(Endpoint endpoint) {
        for (Match match : matches) {
            if (endpoint.traits()
                    .socketMatch()
                    .entrySet()
                    .containsAll(match.values().entrySet())) {
                return match.tls();
            }
        }
        return otherwise;
    }
}
