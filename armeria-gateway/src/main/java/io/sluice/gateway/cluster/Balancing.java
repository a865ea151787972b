package io.sluice.gateway.cluster;

/**
 * How requests are spread over a cluster's endpoints.
 *
 * @param panicThreshold percent of healthy endpoints below which health is disregarded; 0 turns that off
 * @param failInPanic nobody is asked then
 */
public record Balancing(LbPolicy policy, Localities localities, double panicThreshold, boolean failInPanic) {
    public static final double DEFAULT_PANIC_THRESHOLD = 50;

    public Balancing(LbPolicy policy, double panicThreshold) {
        this(policy, new Localities.Flat(), panicThreshold, false);
    }

    /** What the place of an endpoint means. */
    public sealed interface Localities {
        /** Nothing. */
        record Flat() implements Localities {}

        /** A locality gets its weight's share, less where it is not healthy. */
        record Weighted() implements Localities {}

        /**
         * The caller's own locality is asked first, as far as that keeps the load even.
         *
         * @param routedPercent of requests that this holds for
         * @param minClusterSize healthy endpoints, below which it does not
         */
        record ZoneAware(double routedPercent, long minClusterSize) implements Localities {}
    }
}
