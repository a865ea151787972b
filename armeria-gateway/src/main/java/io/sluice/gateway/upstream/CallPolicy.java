package io.sluice.gateway.upstream;

import java.time.Duration;

/**
 * How a call is made, resolved from the route at compile time and overridden per request where Envoy lets a header do so.
 *
 * @param retry {@link RetryPolicy#NONE} means one attempt
 * @param timeout of the whole call, from the end of the request; zero means none
 * @param bufferLimit bytes of request body kept for a replay; more and no retry happens
 */
public record CallPolicy(RetryPolicy retry, Duration timeout, Priority priority, long bufferLimit) {
    /** Which of a cluster's breakers count. */
    public enum Priority {
        DEFAULT,
        HIGH
    }
}
