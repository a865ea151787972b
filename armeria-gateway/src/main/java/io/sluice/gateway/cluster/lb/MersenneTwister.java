package io.sluice.gateway.cluster.lb;

/** The generator of C++'s {@code std::mt19937}, so that a seed gives Envoy's numbers. Source: Matsumoto, Nishimura, "Mersenne Twister" (1998). */
final class MersenneTwister {
    private static final int SIZE = 624;
    private static final int SHIFT = 397;
    private static final long RANGE = 1L << Integer.SIZE;

    private final int[] state = new int[SIZE];
    private int at = SIZE;

    MersenneTwister(int seed) {
        state[0] = seed;
        for (int i = 1; i < SIZE; i++) {
            int last = state[i - 1];
            state[i] = 1812433253 * (last ^ (last >>> 30)) + i;
        }
    }

    /** 32 bits. */
    int next() {
        if (at == SIZE) {
            twist();
        }
        int y = state[at++];
        y ^= y >>> 11;
        y ^= (y << 7) & 0x9D2C5680;
        y ^= (y << 15) & 0xEFC60000;
        return y ^ (y >>> 18);
    }

    /** As Envoy cuts the range into equal pieces and looks again for what is left over. */
    int below(int bound) {
        long piece = RANGE / bound;
        long number = bound;
        while (number >= bound) {
            number = Integer.toUnsignedLong(next()) / piece;
        }
        return (int) number;
    }

    private void twist() {
        for (int i = 0; i < SIZE; i++) {
            int y = (state[i] & 0x80000000) | (state[(i + 1) % SIZE] & 0x7FFFFFFF);
            state[i] = state[(i + SHIFT) % SIZE] ^ (y >>> 1) ^ ((y & 1) == 0 ? 0 : 0x9908B0DF);
        }
        at = 0;
    }
}
