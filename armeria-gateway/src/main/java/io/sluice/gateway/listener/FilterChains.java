package io.sluice.gateway.listener;

import io.sluice.gateway.compile.CompiledChain;
import io.sluice.gateway.compile.CompiledListener;
import io.sluice.gateway.compile.HttpConnectionManager;
import io.sluice.gateway.secret.DownstreamTls;
import io.sluice.gateway.secret.Secrets;
import io.sluice.gateway.secret.ServerTls;
import io.sluice.gateway.secret.TlsMeters;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A port's filter chains at one moment. Immutable. */
final class FilterChains {
    private static final Logger log = LoggerFactory.getLogger(FilterChains.class);

    private final List<Chain> all;
    private final boolean looksFirst;

    /**
     * @param secrets that the TLS was made with
     * @param tls null in clear text, and while a secret is missing: then connections are closed
     */
    record Chain(
            CompiledChain compiled,
            Secrets secrets,
            @Nullable ServerTls tls) {
        boolean isSecure() {
            return compiled.tls() != null;
        }

        HttpConnectionManager manager() {
            return compiled.manager();
        }
    }

    private FilterChains(List<Chain> all) {
        this.all = List.copyOf(all);
        looksFirst = all.stream().anyMatch(Chain::isSecure);
    }

    /** @param before whose TLS is kept where nothing about it changed, so that callers may resume their sessions */
    static FilterChains of(
            CompiledListener listener, Secrets secrets, TlsMeters meters, @Nullable FilterChains before) {
        List<Chain> chains = new ArrayList<>();
        for (CompiledChain compiled : listener.all()) {
            Secrets used = used(compiled.tls(), secrets);
            Chain known = before == null ? null : before.with(compiled.tls(), used);
            chains.add(new Chain(compiled, used, known == null ? tls(listener, compiled, used, meters) : known.tls()));
        }
        return new FilterChains(chains);
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

    /** Whether a connection's first bytes are looked at before its chain is known. */
    boolean lookFirst() {
        return looksFirst;
    }

    Chain first() {
        return all.getFirst();
    }
}
