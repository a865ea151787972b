package io.sluice.sync.model;

import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * One line of the routing table: the first rule whose match is met decides.
 *
 * @param name unique within the catalog; where the author gave none, the file or key and the path: {@code routes.yaml/orders/**}
 * @param origin where it was written, for problems: {@code routes.yaml:12} or a KV key
 * @param listeners names of the listeners it is on; empty means all
 * @param hosts as Envoy's domains: exact, {@code *.example.com}, {@code www.*}, {@code *}; never empty
 * @param timeout of the whole request with its retries; 0 is none; absent is Envoy's default of 15 s
 * @param requestHeaders what is changed on the way to the service
 * @param responseHeaders what is changed on the way back
 * @param auth whose token a request must carry
 */
public record RouteRule(
        String name,
        String origin,
        List<String> listeners,
        List<String> hosts,
        Match match,
        Action action,
        Optional<Duration> timeout,
        Optional<Retry> retry,
        List<Limit> limits,
        HeaderChanges requestHeaders,
        HeaderChanges responseHeaders,
        Optional<Auth> auth) {
    public RouteRule {
        listeners = List.copyOf(listeners);
        hosts = List.copyOf(hosts);
        limits = List.copyOf(limits);
        if (hosts.isEmpty()) {
            throw new IllegalArgumentException("hosts: none (expected: at least one, '*' for all)");
        }
    }

    /** Without {@code auth}. */
    public RouteRule(
            String name,
            String origin,
            List<String> listeners,
            List<String> hosts,
            Match match,
            Action action,
            Optional<Duration> timeout,
            Optional<Retry> retry,
            List<Limit> limits,
            HeaderChanges requestHeaders,
            HeaderChanges responseHeaders) {
        this(
                name,
                origin,
                listeners,
                hosts,
                match,
                action,
                timeout,
                retry,
                limits,
                requestHeaders,
                responseHeaders,
                Optional.empty());
    }

    /**
     * @param provider a {@link TokenProvider}'s name
     * @param optional whether a request without any token may pass
     */
    public record Auth(String provider, boolean optional) {}

    /**
     * @param path where only other things are matched, the prefix {@code /}
     * @param methods empty means any
     */
    public record Match(Path path, List<String> methods, List<Value> headers, List<Value> query) {
        public Match {
            methods = List.copyOf(methods);
            headers = List.copyOf(headers);
            query = List.copyOf(query);
        }
    }

    /** {@code /a} is exact, {@code /a/**} whole segments, {@code /a*} a prefix, {@code ~regex} a full RE2 match. */
    public sealed interface Path {
        record Exact(String value) implements Path {}

        record Prefix(String value) implements Path {}

        record SegmentPrefix(String value) implements Path {}

        record Regex(String value) implements Path {}
    }

    /** A header or query parameter that must be there, and how. */
    public record Value(String name, Kind kind, String value, boolean invert) {
        public enum Kind {
            PRESENT,
            EXACT,
            PREFIX,
            SUFFIX,
            CONTAINS,
            REGEX
        }
    }

    /** Where a match leads. */
    public sealed interface Action {
        /**
         * @param prefixRewrite replaces what the path matched; never where the path is a regex, never beside a regex rewrite
         * @param hostRewrite the upstream's Host
         */
        record Forward(
                List<Target> targets,
                Optional<String> prefixRewrite,
                Optional<RegexRewrite> regexRewrite,
                Optional<String> hostRewrite)
                implements Action {
            public Forward {
                targets = List.copyOf(targets);
                if (targets.isEmpty()) {
                    throw new IllegalArgumentException("to: no service (expected: at least one)");
                }
            }
        }

        /** @param status 301, 302, 303, 307 or 308 */
        record Redirect(
                Optional<String> scheme,
                Optional<String> host,
                Optional<Integer> port,
                Optional<String> path,
                Optional<String> prefix,
                boolean stripQuery,
                int status)
                implements Action {}

        record Direct(int status, String body) implements Action {}
    }

    /** @param weight of all targets' sum */
    public record Target(String service, int weight) {}

    public record RegexRewrite(String pattern, String substitution) {}

    /**
     * @param on Envoy's words: 5xx, gateway-error, reset, connect-failure, refused-stream, retriable-4xx, and status codes
     * @param times tries after the first
     */
    public record Retry(List<String> on, List<Integer> statusCodes, int times, Optional<Duration> perTryTimeout) {
        public Retry {
            on = List.copyOf(on);
            statusCodes = List.copyOf(statusCodes);
        }
    }

    /**
     * A limit shared by every node of a region.
     *
     * @param name of the bucket: limits of one name and rate are one limit, on whatever routes they stand
     * @param per whose requests are counted together
     * @param unit a second, minute, hour or day
     */
    public record Limit(String name, Key per, long requests, Duration unit) {
        /** Whose requests share a bucket. */
        public sealed interface Key {
            /** All requests of the route. */
            record Everyone() implements Key {}

            /** The caller's address as Envoy derives it. */
            record Address() implements Key {}

            /** The value of a request header; a request without it is not limited by this rule. */
            record Header(String name) implements Key {}

            /** A claim of the caller's token, a text; a request whose token does not have it is not limited by this rule. */
            record Claim(String name) implements Key {}
        }
    }

    /** Removes come first, then sets, then adds; names are in lower case. */
    public record HeaderChanges(List<String> remove, Map<String, String> set, Map<String, String> add) {
        public static final HeaderChanges NONE = new HeaderChanges(List.of(), Map.of(), Map.of());

        public HeaderChanges {
            remove = List.copyOf(remove);
            set = Collections.unmodifiableMap(new TreeMap<>(set));
            add = Collections.unmodifiableMap(new TreeMap<>(add));
        }
    }
}
