package io.sluice.gateway.tracing;

/**
 * Which requests are traced, from the HTTP connection manager's tracing message.
 *
 * @param randomSampling 0..100
 * @param spawnUpstreamSpan whether an attempt is a span of its own rather than the server span's continuation
 */
public record TracePolicy(boolean enabled, double randomSampling, double overallSampling, boolean spawnUpstreamSpan) {
    public static final TracePolicy OFF = new TracePolicy(false, 0, 0, false);
}
