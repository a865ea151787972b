package io.sluice.gateway.filter.apikeyauth;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Clients by the SHA-256 of their keys: how long a look-up takes says nothing of a key. */
final class Keys {
    private final Map<ByteBuffer, String> clients = new HashMap<>();

    /** @return false where the key is there already */
    boolean add(String key, String client) {
        return clients.putIfAbsent(digest(key.getBytes(StandardCharsets.UTF_8)), client) == null;
    }

    /** @param key a letter for each of its bytes, as headers have them */
    @Nullable
    String client(String key) {
        return clients.get(digest(key.getBytes(StandardCharsets.ISO_8859_1)));
    }

    private static ByteBuffer digest(byte[] key) {
        try {
            return ByteBuffer.wrap(MessageDigest.getInstance("SHA-256").digest(key));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
