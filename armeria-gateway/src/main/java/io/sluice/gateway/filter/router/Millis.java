package io.sluice.gateway.filter.router;

/** Milliseconds in words; most upstreams answer in few. */
final class Millis {
    private static final String[] FEW = new String[256];

    static {
        for (int i = 0; i < FEW.length; i++) {
            FEW[i] = Integer.toString(i);
        }
    }

    private Millis() {}

    static String text(long millis) {
        return millis >= 0 && millis < FEW.length ? FEW[(int) millis] : Long.toString(millis);
    }
}
