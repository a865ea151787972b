package io.sluice.gateway.cluster;

import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;

/** Looks names up. */
@FunctionalInterface
public interface DnsResolver {
    /** Never blocks. @param result all addresses, empty where the look-up failed; once, on any thread */
    void resolve(String host, Consumer<List<InetAddress>> result);

    /** The same with how long the answer holds. */
    default void resolveWithTtl(String host, Consumer<Answer> result) {
        resolve(host, addresses -> result.accept(new Answer(addresses, Duration.ZERO)));
    }

    /** @param ttl zero where it is not known */
    record Answer(List<InetAddress> addresses, Duration ttl) {
        public Answer {
            addresses = List.copyOf(addresses);
        }
    }
}
