package io.sluice.gateway.filter.jwt;

import io.sluice.gateway.filter.Exchange;
import io.sluice.gateway.filter.jwt.Jws.RefusedException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Checks one request against a requirement, as Envoy's verifiers do; goes on later where keys must be fetched. On the exchange's loop. */
final class TokenCheck {
    private final Exchange exchange;
    private final long nowSeconds;
    private final JwtStats stats;
    private final Map<String, @Nullable Object> metadata = new HashMap<>();

    TokenCheck(Exchange exchange, long nowSeconds, JwtStats stats) {
        this.exchange = exchange;
        this.nowSeconds = nowSeconds;
        this.stats = stats;
    }

    /** What is to be kept of the tokens, or of their failure. */
    Map<String, @Nullable Object> metadata() {
        return metadata;
    }

    void check(Requirement requirement, Consumer<JwtStatus> then) {
        switch (requirement) {
            case Requirement.Nothing nothing -> then.accept(JwtStatus.OK);
            case Requirement.Token token ->
                tokens(token.places(), token.provider(), token.audiences(), List.of(), Tolerance.NONE, then);
            case Requirement.Optional optional ->
                tokens(
                        optional.places(),
                        null,
                        null,
                        optional.all(),
                        optional.failedToo() ? Tolerance.FAILED : Tolerance.MISSING,
                        then);
            case Requirement.All all -> all(all.of().iterator(), then);
            case Requirement.Any any -> any(any, any.of().iterator(), JwtStatus.MISSING, then);
        }
    }

    private void all(Iterator<Requirement> left, Consumer<JwtStatus> then) {
        if (!left.hasNext()) {
            then.accept(JwtStatus.OK);
            return;
        }
        check(left.next(), status -> {
            if (status == JwtStatus.OK) {
                all(left, then);
            } else {
                then.accept(status);
            }
        });
    }

    /** @param worst of those before: what is missing or of another issuer says least */
    private void any(Requirement.Any any, Iterator<Requirement> left, JwtStatus worst, Consumer<JwtStatus> then) {
        if (!left.hasNext()) {
            boolean tolerated = any.failed() || (any.missing() && worst == JwtStatus.MISSING);
            then.accept(tolerated ? JwtStatus.OK : worst);
            return;
        }
        check(left.next(), status -> {
            if (status == JwtStatus.OK) {
                then.accept(JwtStatus.OK);
                return;
            }
            boolean telling = status != JwtStatus.MISSING && status != JwtStatus.UNKNOWN_ISSUER;
            any(any, left, telling || worst == JwtStatus.MISSING ? status : worst, then);
        });
    }

    private enum Tolerance {
        NONE,
        MISSING,
        FAILED
    }

    private void tokens(
            TokenPlaces places,
            @Nullable Provider provider,
            @Nullable Audiences audiences,
            List<Provider> all,
            Tolerance tolerance,
            Consumer<JwtStatus> then) {
        places.sanitize(exchange.request());
        Deque<TokenPlaces.Found> found = new ArrayDeque<>(places.find(exchange.request()));
        if (found.isEmpty()) {
            fail(provider, JwtStatus.MISSING);
            then.accept(tolerance == Tolerance.NONE ? JwtStatus.MISSING : JwtStatus.OK);
            return;
        }
        next(found, provider, audiences, all, tolerance, then);
    }

    /**
     * All tokens must be good: an upstream might read the one that we did not. Envoy begins with the last one.
     *
     * @param all where no provider is given: the issuer tells which
     */
    private void next(
            Deque<TokenPlaces.Found> left,
            @Nullable Provider provider,
            @Nullable Audiences audiences,
            List<Provider> all,
            Tolerance tolerance,
            Consumer<JwtStatus> then) {
        one(left.removeLast(), provider, audiences, all, status -> {
            if (status != JwtStatus.OK && tolerance != Tolerance.FAILED) {
                then.accept(status);
            } else if (left.isEmpty()) {
                then.accept(JwtStatus.OK);
            } else {
                next(left, provider, audiences, all, tolerance, then);
            }
        });
    }

    private void one(
            TokenPlaces.Found found,
            @Nullable Provider given,
            @Nullable Audiences audiences,
            List<Provider> all,
            Consumer<JwtStatus> then) {
        Jwt cached = given == null
                ? null
                : given.cache().get(found.token(), given.keys().current());
        if (given != null) {
            (cached == null ? stats.cacheMisses() : stats.cacheHits()).increment();
        }
        Jwt token;
        Provider provider;
        try {
            token = cached == null ? Jwt.parse(found.token()) : cached;
            if (!found.place().allows(token.issuer())) {
                throw new RefusedException(JwtStatus.UNKNOWN_ISSUER);
            }
            provider = given == null ? providerOf(token, all) : given;
            check(token, provider, audiences, nowSeconds);
        } catch (RefusedException e) {
            then.accept(fail(given, e.status()));
            return;
        }
        if (cached != null) {
            believe(found, token, provider);
            then.accept(JwtStatus.OK);
            return;
        }
        JwkSet keys = provider.keys().current();
        if (keys != null) {
            verify(found, token, provider, keys, true, then);
        } else {
            provider.keys().fetch(exchange.eventLoop(), fetched -> {
                if (fetched == null) {
                    then.accept(fail(provider, JwtStatus.KEYS_NOT_FETCHED));
                } else {
                    verify(found, token, provider, fetched, true, then);
                }
            });
        }
    }

    static Provider providerOf(Jwt token, List<Provider> all) throws RefusedException {
        Provider any = null;
        for (Provider provider : all) {
            if (provider.issuer().equals(token.issuer()) && !provider.issuer().isEmpty()) {
                return provider;
            }
            any = any == null && provider.issuer().isEmpty() ? provider : any;
        }
        if (any == null) {
            throw new RefusedException(JwtStatus.UNKNOWN_ISSUER);
        }
        return any;
    }

    /** All but the signature. */
    static void check(Jwt token, Provider provider, @Nullable Audiences audiences, long nowSeconds)
            throws RefusedException {
        JwtStatus time = token.checkTime(nowSeconds, provider.clockSkewSeconds());
        if (time != JwtStatus.OK) {
            throw new RefusedException(time);
        }
        if (!(audiences == null ? provider.audiences() : audiences).allow(token.audiences())) {
            throw new RefusedException(JwtStatus.AUDIENCE_NOT_ALLOWED);
        }
        if ((provider.subjects() != null && !provider.subjects().matches(token.subject()))
                || !hasLifetime(token, provider, nowSeconds)) {
            throw new RefusedException(JwtStatus.VERIFICATION_FAILS);
        }
    }

    private static boolean hasLifetime(Jwt token, Provider provider, long nowSeconds) {
        if (token.expires() < 0) {
            return !provider.requireExpiration() && provider.maxLifetime() == null;
        }
        return provider.maxLifetime() == null
                || token.expires() - nowSeconds <= provider.maxLifetime().toSeconds();
    }

    /** @param first whether keys may be fetched once more, for an id that they do not hold */
    private void verify(
            TokenPlaces.Found found,
            Jwt token,
            Provider provider,
            JwkSet keys,
            boolean first,
            Consumer<JwtStatus> then) {
        JwtStatus status = keys.verify(token.signed());
        if (status == JwtStatus.OK) {
            provider.cache().put(found.token(), token, keys);
            believe(found, token, provider);
            then.accept(status);
        } else if (status == JwtStatus.KEYS_NONE_MATCHES && first && !(provider.keys() instanceof KeySource.Local)) {
            provider.keys()
                    .fetchUnknown(
                            exchange.eventLoop(),
                            fetched -> verify(found, token, provider, fetched == null ? keys : fetched, false, then));
        } else {
            then.accept(fail(provider, status));
        }
    }

    private void believe(TokenPlaces.Found found, Jwt token, Provider provider) {
        ClaimsForward.apply(exchange.request(), token, provider);
        if (!provider.forward()) {
            found.removeFrom(exchange.request());
        }
        keep(token, provider, metadata);
        if (provider.clearRouteCache()) {
            exchange.refreshRoute();
        }
    }

    static void keep(Jwt token, Provider provider, Map<String, @Nullable Object> metadata) {
        Provider.Metadata names = provider.metadata();
        if (!names.header().isEmpty()) {
            metadata.put(names.header(), ClaimsForward.struct(token.signed().header(), List.of()));
        }
        if (!names.payload().isEmpty()) {
            metadata.put(names.payload(), ClaimsForward.struct(token.claims(), names.spaceDelimited()));
        }
    }

    private JwtStatus fail(@Nullable Provider provider, JwtStatus status) {
        if (provider != null && !provider.metadata().failedStatus().isEmpty()) {
            metadata.put(
                    provider.metadata().failedStatus(),
                    new HashMap<>(Map.of("code", (double) status.code(), "message", status.text())));
        }
        return status;
    }
}
