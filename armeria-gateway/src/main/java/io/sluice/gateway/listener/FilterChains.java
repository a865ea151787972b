package io.sluice.gateway.listener;

import io.sluice.gateway.compile.ChainMatch;
import io.sluice.gateway.compile.CompiledChain;
import io.sluice.gateway.compile.CompiledListener;
import io.sluice.gateway.compile.HttpConnectionManager;
import io.sluice.gateway.compile.ListenerLook;
import io.sluice.gateway.secret.DownstreamTls;
import io.sluice.gateway.secret.Secrets;
import io.sluice.gateway.secret.ServerTls;
import io.sluice.gateway.secret.TlsMeters;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A port's filter chains at one moment. Immutable. */
final class FilterChains {
    private static final Logger log = LoggerFactory.getLogger(FilterChains.class);

    private final ListenerLook look;
    private final List<Chain> matched;
    private final @Nullable Chain otherwise;
    private final List<Chain> all;
    private final boolean choosesAtOnce;
    private final boolean looksFirst;

    /**
     * @param secrets that the TLS was made with
     * @param tls null in clear text, and while a secret is missing: then connections are closed
     */
    record Chain(
            CompiledChain compiled,
            boolean isDefault,
            Secrets secrets,
            @Nullable ServerTls tls) {
        boolean isSecure() {
            return compiled.tls() != null;
        }

        HttpConnectionManager manager() {
            return compiled.manager();
        }
    }

    private FilterChains(ListenerLook look, List<Chain> matched, @Nullable Chain otherwise) {
        this.look = look;
        this.matched = List.copyOf(matched);
        this.otherwise = otherwise;
        all = otherwise == null
                ? this.matched
                : Stream.concat(matched.stream(), Stream.of(otherwise)).toList();
        choosesAtOnce = all.size() == 1 && all.getFirst().compiled().match().equals(ChainMatch.ALL);
        looksFirst = !choosesAtOnce || look.needsBytes() || all.stream().anyMatch(Chain::isSecure);
    }

    /** @param before whose TLS is kept where nothing about it changed, so that callers may resume their sessions */
    static FilterChains of(
            CompiledListener listener, Secrets secrets, TlsMeters meters, @Nullable FilterChains before) {
        List<Chain> chains = new ArrayList<>();
        for (CompiledChain compiled : listener.chains()) {
            chains.add(chain(listener, compiled, false, secrets, meters, before));
        }
        CompiledChain otherwise = listener.otherwise();
        return new FilterChains(
                listener.look(),
                chains,
                otherwise == null ? null : chain(listener, otherwise, true, secrets, meters, before));
    }

    private static Chain chain(
            CompiledListener listener,
            CompiledChain compiled,
            boolean isDefault,
            Secrets secrets,
            TlsMeters meters,
            @Nullable FilterChains before) {
        Secrets used = used(compiled.tls(), secrets);
        Chain known = before == null ? null : before.with(compiled.tls(), used);
        return new Chain(
                compiled, isDefault, used, known == null ? tls(listener, compiled, used, meters) : known.tls());
    }

    private @Nullable Chain with(@Nullable DownstreamTls spec, Secrets secrets) {
        for (Chain chain : all) {
            if (Objects.equals(chain.compiled().tls(), spec) && chain.secrets().equals(secrets)) {
                return chain;
            }
        }
        return null;
    }

    private static Secrets used(@Nullable DownstreamTls spec, Secrets secrets) {
        if (spec == null || spec.secrets().isEmpty()) {
            return Secrets.NONE;
        }
        return new Secrets(only(secrets.certificates(), spec), only(secrets.rules(), spec));
    }

    private static <T> Map<String, T> only(Map<String, T> all, DownstreamTls spec) {
        return all.entrySet().stream()
                .filter(entry -> spec.secrets().contains(entry.getKey()))
                .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
    }

    private static @Nullable ServerTls tls(
            CompiledListener listener, CompiledChain chain, Secrets secrets, TlsMeters meters) {
        if (chain.tls() == null) {
            return null;
        }
        try {
            return ServerTls.of(chain.tls(), secrets, meters).orElse(null);
        } catch (SSLException e) {
            log.error("TLS cannot be made listener={} chain={} reason={}", listener.name(), chain.name(), e.toString());
            return null;
        }
    }

    /** Tells filters that keep something between requests. */
    void goLive() {
        all.forEach(chain -> chain.manager().chain().goLive());
    }

    /** Whether a connection's first bytes are looked at, or its addresses. */
    boolean lookFirst() {
        return looksFirst;
    }

    /** Whether bytes must be there before a chain is chosen. */
    boolean chooseByBytes() {
        return look.needsBytes();
    }

    ListenerLook look() {
        return look;
    }

    /** What holds for the port as a whole is taken from it. */
    Chain first() {
        return all.getFirst();
    }

    /** Null where no chain is for it. */
    @Nullable
    Chain choose(ChainChoice.Asked asked) {
        if (choosesAtOnce) {
            return first();
        }
        Chain chosen = ChainChoice.of(matched, chain -> chain.compiled().match(), asked);
        return chosen == null ? otherwise : chosen;
    }

    /**
     * Today's chain for a connection that chose an earlier one: the one with the same match, so that its requests get the newest routes.
     *
     * @return null where there is none any more, or where its TLS is another by now
     */
    @Nullable
    Chain successor(Chain chosen) {
        boolean byDefault = chosen.isDefault();
        for (Chain chain : byDefault && otherwise != null ? List.of(otherwise) : matched) {
            if (chain.compiled().match().equals(chosen.compiled().match())
                    && Objects.equals(chain.compiled().tls(), chosen.compiled().tls())) {
                return chain;
            }
        }
        return null;
    }
}
