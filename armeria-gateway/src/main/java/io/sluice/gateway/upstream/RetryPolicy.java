package io.sluice.gateway.upstream;

import io.sluice.gateway.route.HeaderMatcher;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * Envoy's retry policy.
 *
 * @param maxRetries tries after the first
 * @param perTryTimeout zero means none
 * @param perTryIdleTimeout zero means none
 * @param avoidPreviousHosts Envoy's {@code previous_hosts} predicate
 * @param hostSelectionAttempts how often another host is looked for when the predicate refuses one
 */
public record RetryPolicy(
        Set<RetryOn> on,
        Set<Integer> statusCodes,
        int maxRetries,
        Duration perTryTimeout,
        Duration perTryIdleTimeout,
        Duration backoffBase,
        Duration backoffMax,
        boolean avoidPreviousHosts,
        int hostSelectionAttempts,
        Rare rare) {
    public static final RetryPolicy NONE = new RetryPolicy(
            Set.of(),
            Set.of(),
            0,
            Duration.ZERO,
            Duration.ZERO,
            Duration.ofMillis(25),
            Duration.ofMillis(250),
            false,
            1,
            Rare.NONE);

    public RetryPolicy {
        on = Set.copyOf(on);
        statusCodes = Set.copyOf(statusCodes);
        if (maxRetries < 0) {
            throw new IllegalArgumentException("num_retries: " + maxRetries + " (expected: >= 0)");
        }
    }

    /** For calls that no route makes. */
    public static RetryPolicy of(Set<RetryOn> on, int maxRetries, Duration backoffBase, Duration backoffMax) {
        return new RetryPolicy(
                on, Set.of(), maxRetries, Duration.ZERO, Duration.ZERO, backoffBase, backoffMax, false, 1, Rare.NONE);
    }

    /** The same with what a request's headers say. */
    public RetryPolicy with(Set<RetryOn> conditions, Set<Integer> codes, int times, Duration perTry, Rare others) {
        return new RetryPolicy(
                conditions,
                codes,
                times,
                perTry,
                perTryIdleTimeout,
                backoffBase,
                backoffMax,
                avoidPreviousHosts,
                hostSelectionAttempts,
                others);
    }

    /**
     * What few policies have.
     *
     * @param responseHeaders with {@link RetryOn#RETRIABLE_HEADERS}: of which one must match
     * @param requestHeaders of which one must match for any retry; empty for no such rule
     * @param resetHeaders where an answer may say how long to wait
     * @param longestReset a longer time than this is not heeded
     * @param omitCanary endpoints that serve a try-out are not tried again with
     * @param priorityUpdate after so many attempts their priorities are left out; 0 for never
     * @param hedges a try that takes too long goes on beside the next one
     */
    public record Rare(
            List<HeaderMatcher> responseHeaders,
            List<HeaderMatcher> requestHeaders,
            List<ResetHeader> resetHeaders,
            Duration longestReset,
            boolean omitCanary,
            int priorityUpdate,
            boolean hedges) {
        public static final Rare NONE =
                new Rare(List.of(), List.of(), List.of(), Duration.ofMinutes(5), false, 0, false);

        public Rare {
            responseHeaders = List.copyOf(responseHeaders);
            requestHeaders = List.copyOf(requestHeaders);
            resetHeaders = List.copyOf(resetHeaders);
        }

        public Rare hedging(boolean whether) {
            return new Rare(
                    responseHeaders, requestHeaders, resetHeaders, longestReset, omitCanary, priorityUpdate, whether);
        }

        /** Also where an answer has one of these headers. */
        public Rare alsoOn(List<HeaderMatcher> more) {
            List<HeaderMatcher> all = new ArrayList<>(responseHeaders);
            all.addAll(more);
            return new Rare(all, requestHeaders, resetHeaders, longestReset, omitCanary, priorityUpdate, hedges);
        }
    }

    /** @param timestamp seconds since the epoch, else seconds from now */
    public record ResetHeader(String name, boolean timestamp) {}

    /** Envoy's words for when to try again. */
    public enum RetryOn {
        SERVER_ERROR("5xx"),
        GATEWAY_ERROR("gateway-error"),
        RESET("reset"),
        RESET_BEFORE_REQUEST("reset-before-request"),
        CONNECT_FAILURE("connect-failure"),
        ENVOY_RATELIMITED("envoy-ratelimited"),
        RETRIABLE_4XX("retriable-4xx"),
        REFUSED_STREAM("refused-stream"),
        RETRIABLE_STATUS_CODES("retriable-status-codes"),
        RETRIABLE_HEADERS("retriable-headers"),
        GRPC_CANCELLED("cancelled"),
        GRPC_DEADLINE_EXCEEDED("deadline-exceeded"),
        GRPC_INTERNAL("internal"),
        GRPC_RESOURCE_EXHAUSTED("resource-exhausted"),
        GRPC_UNAVAILABLE("unavailable");

        private final String word;

        RetryOn(String word) {
            this.word = word;
        }

        public String word() {
            return word;
        }

        /** Words joined by commas; one that Envoy does not know is passed over, as Envoy does. */
        public static Set<RetryOn> parse(String words) {
            Set<RetryOn> parsed = EnumSet.noneOf(RetryOn.class);
            for (String word : words.split(",")) {
                for (RetryOn on : values()) {
                    if (on.word.equals(word.strip())) {
                        parsed.add(on);
                    }
                }
            }
            return parsed;
        }
    }
}
