package io.sluice.gateway.filter.jwt;

import io.sluice.gateway.filter.Exchange;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What a request shows of what is required, without fetching keys: a signature is checked where they are at hand. Claims of tokens that are good
 * so far stand in the metadata afterwards, for the filters behind.
 */
final class JwtExplanation {
    private final Exchange asked;
    private final long nowSeconds;
    private final List<String> lines = new ArrayList<>();

    private JwtExplanation(Exchange asked, long nowSeconds) {
        this.asked = asked;
        this.nowSeconds = nowSeconds;
    }

    static List<String> of(Requirement requirement, Exchange asked, long nowSeconds) {
        JwtExplanation explanation = new JwtExplanation(asked, nowSeconds);
        explanation.add(requirement);
        return explanation.lines;
    }

    private void add(Requirement requirement) {
        switch (requirement) {
            case Requirement.Nothing nothing -> lines.add("asks for nothing");
            case Requirement.Token token -> {
                lines.add("asks for a token of provider '" + token.provider().name() + "'");
                tokens(token.places(), List.of(token.provider()), token.audiences(), "401 " + JwtStatus.MISSING.text());
            }
            case Requirement.Optional optional -> {
                lines.add("asks for a token of " + names(optional.all()) + ", or none"
                        + (optional.failedToo() ? ", or any bad one" : ""));
                tokens(optional.places(), optional.all(), null, "goes on without");
            }
            case Requirement.Any any -> {
                lines.add("asks for one of these" + (any.failed() ? ", or any bad token" : "")
                        + (any.missing() ? ", or none" : ""));
                any.of().forEach(this::add);
            }
            case Requirement.All all -> {
                lines.add("asks for all of these");
                all.of().forEach(this::add);
            }
        }
    }

    private static String names(List<Provider> providers) {
        return providers.stream()
                .map(provider -> "provider '" + provider.name() + "'")
                .collect(Collectors.joining(" or "));
    }

    private void tokens(TokenPlaces places, List<Provider> providers, @Nullable Audiences audiences, String whereNone) {
        List<TokenPlaces.Found> found = places.find(asked.request());
        if (found.isEmpty()) {
            lines.add("no token in "
                    + places.places().stream().map(JwtExplanation::named).collect(Collectors.joining(", "))
                    + ": " + whereNone);
        }
        for (TokenPlaces.Found one : found) {
            lines.add("token in " + named(one.place()) + ": " + judged(one, providers, audiences));
        }
    }

    private static String named(TokenPlaces.Place place) {
        return switch (place.kind()) {
            case HEADER -> "header " + place.name();
            case PARAMETER -> "query parameter " + place.name();
            case COOKIE -> "cookie " + place.name();
        };
    }

    private String judged(TokenPlaces.Found found, List<Provider> providers, @Nullable Audiences audiences) {
        try {
            Jwt token = Jwt.parse(found.token());
            String issuer = "issuer '" + token.issuer() + "', ";
            try {
                return issuer + judged(found, token, providers, audiences);
            } catch (Jws.RefusedException e) {
                return issuer + e.status().text();
            }
        } catch (Jws.RefusedException e) {
            return e.status().text();
        }
    }

    private String judged(TokenPlaces.Found found, Jwt token, List<Provider> providers, @Nullable Audiences audiences)
            throws Jws.RefusedException {
        if (!found.place().allows(token.issuer())) {
            throw new Jws.RefusedException(JwtStatus.UNKNOWN_ISSUER);
        }
        Provider provider = providers.size() == 1 ? providers.getFirst() : TokenCheck.providerOf(token, providers);
        TokenCheck.check(token, provider, audiences, nowSeconds);
        JwkSet keys = provider.keys().current();
        JwtStatus signature = keys == null ? JwtStatus.OK : keys.verify(token.signed());
        if (signature != JwtStatus.OK) {
            throw new Jws.RefusedException(signature);
        }
        TokenCheck.keep(token, provider, asked.metadata(JwtFilter.NAMESPACE));
        return keys == null ? "good but for its signature, whose keys are not fetched here" : "good";
    }
}
