package io.sluice.gateway.cluster.lb;

/** How both hash functions read bytes. */
final class LittleEndian {
    private LittleEndian() {}

    static long number(byte[] bytes, int at, int length) {
        long number = 0;
        for (int i = length - 1; i >= 0; i--) {
            number = number << Byte.SIZE | (bytes[at + i] & 0xFF);
        }
        return number;
    }
}
