package io.sluice.gateway.cluster.lb;

/** The 64 bit MurmurHash2 of libstdc++'s {@code std::hash}, which Envoy's rings may use. Source: gcc libstdc++-v3/libsupc++/hash_bytes.cc. */
final class MurmurHash2 {
    private static final long MULTIPLIER = 0xC6A4A7935BD1E995L;
    private static final long SEED = 0xC70F6907L;

    private MurmurHash2() {}

    static long hash(byte[] bytes) {
        long hash = SEED ^ bytes.length * MULTIPLIER;
        int at = 0;
        for (; at + Long.BYTES <= bytes.length; at += Long.BYTES) {
            long data = shift(LittleEndian.number(bytes, at, Long.BYTES) * MULTIPLIER) * MULTIPLIER;
            hash = (hash ^ data) * MULTIPLIER;
        }
        if (at < bytes.length) {
            hash = (hash ^ LittleEndian.number(bytes, at, bytes.length - at)) * MULTIPLIER;
        }
        return shift(shift(hash) * MULTIPLIER);
    }

    private static long shift(long value) {
        return value ^ (value >>> 47);
    }
}
