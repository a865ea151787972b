package io.sluice.gateway.ratelimit;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.List;

/**
 * The name of a bucket: 128 bits of a SHA-256 over every part behind its length, so that no two descriptors share a bucket, whatever
 * characters a client puts into them, and nothing a client sent is kept in the grid.
 */
public record BucketKey(long high, long low) {
    private static final MessageDigest SHA_256 = sha256();

    static BucketKey of(String domain, List<Descriptor.Entry> entries, LimitUnit unit, long requestsIfOverridden) {
        byte[][] parts = new byte[1 + 2 * entries.size()][];
        parts[0] = domain.getBytes(StandardCharsets.UTF_8);
        int size = parts[0].length;
        for (int i = 0; i < entries.size(); i++) {
            parts[1 + 2 * i] = entries.get(i).key().getBytes(StandardCharsets.UTF_8);
            parts[2 + 2 * i] = entries.get(i).value().getBytes(StandardCharsets.UTF_8);
            size += parts[1 + 2 * i].length + parts[2 + 2 * i].length;
        }
        ByteBuffer bytes = ByteBuffer.allocate(size + Integer.BYTES * parts.length + 2 * Long.BYTES);
        for (byte[] part : parts) {
            bytes.putInt(part.length).put(part);
        }
        bytes.putLong(unit.length().toSeconds()).putLong(requestsIfOverridden);
        ByteBuffer hash = ByteBuffer.wrap(hash(bytes.array()));
        return new BucketKey(hash.getLong(), hash.getLong());
    }

    private static byte[] hash(byte[] bytes) {
        try {
            return ((MessageDigest) SHA_256.clone()).digest(bytes);
        } catch (CloneNotSupportedException e) {
            throw new AssertionError(e);
        }
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }
}
