package io.sluice.gateway.filter.jwt;

import com.google.common.base.Ascii;
import com.linecorp.armeria.common.RequestHeadersBuilder;
import io.sluice.gateway.filter.Cookies;
import io.sluice.gateway.filter.QueryString;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Where tokens stand in a request, for one or several providers, in Envoy's order: headers, parameters, cookies, each sorted by name.
 *
 * @param ownHeaders set by us from a believed token, so never the caller's
 */
record TokenPlaces(List<Place> places, List<String> ownHeaders) {
    private static final String TOKEN = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";

    TokenPlaces {
        places = List.copyOf(places);
        ownHeaders = List.copyOf(ownHeaders);
    }

    /** What one provider says of them. */
    record Spec(
            String issuer,
            List<HeaderPlace> headers,
            List<String> parameters,
            List<String> cookies,
            List<String> ownHeaders) {
        Spec {
            headers = List.copyOf(headers);
            parameters = List.copyOf(parameters);
            cookies = List.copyOf(cookies);
            ownHeaders = List.copyOf(ownHeaders);
        }

        private boolean saysNothing() {
            return headers.isEmpty() && parameters.isEmpty() && cookies.isEmpty();
        }
    }

    record HeaderPlace(String name, String prefix) {}

    enum Kind {
        HEADER,
        PARAMETER,
        COOKIE
    }

    /** @param issuers that may stand here; the empty one means any */
    record Place(Kind kind, String name, String prefix, Set<String> issuers) {
        private Place copy() {
            return new Place(kind, name, prefix, Set.copyOf(issuers));
        }

        boolean allows(String issuer) {
            return issuers.contains("") || issuers.contains(issuer);
        }
    }

    record Found(String token, Place place) {
        void removeFrom(RequestHeadersBuilder headers) {
            switch (place.kind()) {
                case HEADER -> headers.remove(place.name());
                case PARAMETER -> {
                    QueryString query = QueryString.of(headers.path());
                    query.remove(place.name());
                    headers.path(query.path());
                }
                case COOKIE -> {} // stays, as in Envoy
            }
        }
    }

    static TokenPlaces of(Collection<Spec> specs) {
        TreeMap<String, Place> headers = new TreeMap<>();
        TreeMap<String, Place> parameters = new TreeMap<>();
        TreeMap<String, Place> cookies = new TreeMap<>();
        Set<String> own = new TreeSet<>();
        for (Spec spec : specs) {
            for (HeaderPlace header : spec.headers()) {
                add(headers, Kind.HEADER, Ascii.toLowerCase(header.name()), header.prefix(), spec.issuer());
            }
            spec.parameters().forEach(name -> add(parameters, Kind.PARAMETER, name, "", spec.issuer()));
            spec.cookies().forEach(name -> add(cookies, Kind.COOKIE, name, "", spec.issuer()));
            if (spec.saysNothing()) {
                add(headers, Kind.HEADER, "authorization", "Bearer ", spec.issuer());
                add(parameters, Kind.PARAMETER, "access_token", "", spec.issuer());
            }
            spec.ownHeaders().forEach(name -> own.add(Ascii.toLowerCase(name)));
        }
        List<Place> places = new ArrayList<>(headers.values());
        places.addAll(parameters.values());
        places.addAll(cookies.values());
        return new TokenPlaces(places.stream().map(Place::copy).toList(), List.copyOf(own));
    }

    private static void add(TreeMap<String, Place> to, Kind kind, String name, String prefix, String issuer) {
        to.computeIfAbsent(name + prefix, any -> new Place(kind, name, prefix, new TreeSet<>()))
                .issuers()
                .add(issuer);
    }

    /** Takes away what only we may say. */
    void sanitize(RequestHeadersBuilder headers) {
        ownHeaders.forEach(headers::remove);
    }

    List<Found> find(RequestHeadersBuilder headers) {
        List<Found> found = new ArrayList<>(1);
        QueryString query = null;
        for (Place place : places) {
            switch (place.kind()) {
                case HEADER -> {
                    for (String value : values(headers, place.name())) {
                        int at = value.indexOf(place.prefix());
                        if (at >= 0) {
                            found.add(new Found(behind(value, at, place.prefix()), place));
                        }
                    }
                }
                case PARAMETER -> {
                    if (query == null && headers.path().indexOf('?') >= 0) {
                        query = QueryString.of(headers.path());
                    }
                    String value = query == null ? null : query.get(place.name());
                    if (value != null) {
                        found.add(new Found(value, place));
                    }
                }
                case COOKIE -> {
                    String value = Cookies.value(headers, place.name());
                    if (value != null) {
                        found.add(new Found(value, place));
                    }
                }
            }
        }
        return found;
    }

    /** Envoy knows one authorization header: several are one, joined by commas, and no token any more. */
    private static List<String> values(RequestHeadersBuilder headers, String name) {
        List<String> values = headers.getAll(name);
        return values.size() > 1 && name.equals("authorization") ? List.of(String.join(",", values)) : values;
    }

    /** From the first letter behind the prefix that a token may hold; the whole value where there is none. */
    private static String behind(String value, int at, String prefix) {
        if (prefix.isEmpty()) {
            return value;
        }
        for (int i = at + prefix.length(); i < value.length(); i++) {
            if (TOKEN.indexOf(value.charAt(i)) >= 0) {
                return value.substring(i);
            }
        }
        return value;
    }
}
