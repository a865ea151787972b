package io.sluice.gateway.filter.jwt;

import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** For whom a token may be; empty for anybody. A scheme before an audience and a slash behind it do not count, as in Envoy. */
record Audiences(Set<String> allowed) {
    Audiences {
        allowed = allowed.stream().map(Audiences::bare).collect(Collectors.toUnmodifiableSet());
    }

    static Audiences of(List<String> allowed) {
        return new Audiences(Set.copyOf(allowed));
    }

    boolean allow(List<String> audiences) {
        return allowed.isEmpty() || audiences.stream().map(Audiences::bare).anyMatch(allowed::contains);
    }

    private static String bare(String audience) {
        int from = audience.startsWith("http://") ? 7 : audience.startsWith("https://") ? 8 : 0;
        int to = audience.endsWith("/") ? audience.length() - 1 : audience.length();
        return audience.substring(Math.min(from, to), to);
    }
}
