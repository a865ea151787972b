package io.sluice.gateway.compile;

import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A port and what happens with connections on it. Immutable.
 *
 * @param chains at least one, or else a default
 * @param otherwise for connections that no chain is for; null closes them
 */
public record CompiledListener(
        String name,
        InetSocketAddress address,
        ListenerLook look,
        List<CompiledChain> chains,
        @Nullable CompiledChain otherwise) {
    public CompiledListener {
        chains = List.copyOf(chains);
    }

    /** All chains, the default one last. */
    public List<CompiledChain> all() {
        List<CompiledChain> all = new ArrayList<>(chains);
        if (otherwise != null) {
            all.add(otherwise);
        }
        return all;
    }

    /** The secrets that its chains name. */
    Set<String> secrets() {
        Set<String> names = new HashSet<>();
        for (CompiledChain chain : all()) {
            if (chain.tls() != null) {
                names.addAll(chain.tls().secrets());
            }
        }
        return names;
    }

    /** Of the first chain: what holds for the port as a whole is taken from it. */
    public HttpConnectionManager manager() {
        return all().getFirst().manager();
    }
}
