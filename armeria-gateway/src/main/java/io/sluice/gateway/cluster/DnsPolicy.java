package io.sluice.gateway.cluster;

import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.time.Duration;
import java.util.List;

/**
 * How names are looked up.
 *
 * @param refresh between two look-ups of a name
 * @param failureBase between a look-up that failed and the next, twice as long each time up to {@code failureMax}; both zero mean {@code refresh}
 * @param jitter up to so much later
 * @param respectsTtl an answer's own time stands over {@code refresh}
 */
public record DnsPolicy(
        Duration refresh,
        Duration failureBase,
        Duration failureMax,
        Duration jitter,
        boolean respectsTtl,
        Family family) {
    /** Envoy's default. */
    public static final Duration DEFAULT_REFRESH = Duration.ofSeconds(5);

    /** Every so often, all addresses. */
    public static DnsPolicy every(Duration refresh) {
        return new DnsPolicy(refresh, Duration.ZERO, Duration.ZERO, Duration.ZERO, false, Family.ALL);
    }

    /** Which of a name's addresses are taken. */
    public enum Family {
        /** Those of IPv6 where there are any, else those of IPv4. */
        AUTO,
        V4_ONLY,
        V6_ONLY,
        /** Those of IPv4 where there are any, else those of IPv6. */
        V4_PREFERRED,
        ALL;

        List<InetAddress> of(List<InetAddress> addresses) {
            List<InetAddress> four =
                    addresses.stream().filter(Inet4Address.class::isInstance).toList();
            List<InetAddress> six =
                    addresses.stream().filter(Inet6Address.class::isInstance).toList();
            return switch (this) {
                case AUTO -> six.isEmpty() ? four : six;
                case V4_ONLY -> four;
                case V6_ONLY -> six;
                case V4_PREFERRED -> four.isEmpty() ? six : four;
                case ALL -> addresses;
            };
        }
    }

    /** @param failures in a row, at least 1 */
    Duration afterFailure(int failures) {
        if (failureBase.isZero()) {
            return refresh;
        }
        Duration backoff = failureBase.multipliedBy(1L << Math.min(failures - 1, 20));
        return backoff.compareTo(failureMax) > 0 ? failureMax : backoff;
    }
}
