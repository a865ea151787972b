package io.sluice.loadtests.bench;

/** Latencies in buckets that are 1/32 of their power of two wide: at most 3 % off, in 16 KiB. One writer. */
final class Latencies {
    private static final int FINE = 32;

    private final long[] buckets = new long[64 * FINE];
    private long count;

    void add(long nanos) {
        buckets[bucket(Math.max(1, nanos))]++;
        count++;
    }

    long count() {
        return count;
    }

    /** @param percent 0..100; microseconds, 0 where nothing was measured */
    double micros(double percent) {
        long rank = (long) Math.ceil(count * percent / 100);
        long seen = 0;
        for (int i = 0; i < buckets.length; i++) {
            seen += buckets[i];
            if (seen >= rank && seen > 0) {
                return lowest(i) / 1e3;
            }
        }
        return 0;
    }

    private static int bucket(long nanos) {
        int exponent = 63 - Long.numberOfLeadingZeros(nanos);
        int fine = exponent < 5 ? 0 : (int) ((nanos >>> (exponent - 5)) & (FINE - 1));
        return exponent * FINE + fine;
    }

    private static long lowest(int bucket) {
        int exponent = bucket / FINE;
        long base = 1L << exponent;
        return exponent < 5 ? base : base + ((long) (bucket % FINE) << (exponent - 5));
    }
}
