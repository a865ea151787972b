package io.sluice.gateway.filter.jwt;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Tokens whose signature was found good, with the keys that found so: other keys, and they are verified anew. Times and audiences are checked for
 * every request. Two generations: when the young one is half of the whole, the old one goes. Any thread.
 */
final class TokenCache {
    private final int half;
    private final int maxTokenLength;
    private volatile Map<String, Believed> young = new ConcurrentHashMap<>();
    private volatile Map<String, Believed> old = Map.of();

    private record Believed(Jwt token, JwkSet by) {}

    /** @param maxTokenLength longer ones are verified each time */
    TokenCache(int size, int maxTokenLength) {
        half = Math.max(1, size / 2);
        this.maxTokenLength = maxTokenLength;
    }

    @Nullable
    Jwt get(String token, @Nullable JwkSet keys) {
        Believed believed = young.get(token);
        if (believed == null) {
            believed = old.get(token);
            if (believed != null && believed.by().equals(keys)) {
                put(token, believed.token(), believed.by());
            }
        }
        return believed != null && believed.by().equals(keys) ? believed.token() : null;
    }

    void put(String token, Jwt parsed, JwkSet by) {
        if (token.length() > maxTokenLength) {
            return;
        }
        if (young.size() >= half) {
            old = young;
            young = new ConcurrentHashMap<>();
        }
        young.put(token, new Believed(parsed, by));
    }
}
