package io.sluice.gateway.cluster;

import io.sluice.gateway.endpoint.Endpoint;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The addresses behind the names of a cluster, looked up again and again, each name by itself; one that cannot be looked up keeps what it had. Any
 * thread.
 */
final class DnsWatch implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(DnsWatch.class);

    private final String cluster;
    private final DnsAssignment names;
    private final boolean logical;
    private final DnsPolicy policy;
    private final DnsResolver resolver;
    private final ScheduledExecutorService timer;
    private final Consumer<LoadAssignment> listener;
    private final Map<String, List<InetAddress>> known = new HashMap<>();
    private final Map<String, Integer> failures = new HashMap<>();
    private final Map<String, ScheduledFuture<?>> next = new HashMap<>();
    private boolean closed;

    /** @param logical of a name's addresses one is used, the same for as long as the name has it */
    DnsWatch(
            String cluster,
            DnsAssignment names,
            boolean logical,
            DnsPolicy policy,
            DnsResolver resolver,
            ScheduledExecutorService timer,
            Consumer<LoadAssignment> listener) {
        this.cluster = cluster;
        this.names = names;
        this.logical = logical;
        this.policy = policy;
        this.resolver = resolver;
        this.timer = timer;
        this.listener = listener;
    }

    void start() {
        names.names().stream().map(DnsAssignment.Name::host).distinct().forEach(this::lookUp);
    }

    private void lookUp(String host) {
        if (policy.respectsTtl()) {
            resolver.resolveWithTtl(host, answer -> resolved(host, answer));
        } else {
            resolver.resolve(host, addresses -> resolved(host, new DnsResolver.Answer(addresses, Duration.ZERO)));
        }
    }

    private synchronized void resolved(String host, DnsResolver.Answer answer) {
        if (closed) {
            return;
        }
        List<InetAddress> wanted = policy.family().of(answer.addresses());
        if (wanted.isEmpty()) {
            int inRow = failures.merge(host, 1, Integer::sum);
            if (inRow == 1) {
                log.warn(
                        "name not found cluster={} name={} kept={}",
                        cluster,
                        host,
                        known.getOrDefault(host, List.of()));
            }
            schedule(host, policy.afterFailure(inRow));
            return;
        }
        if (failures.remove(host) != null) {
            log.info("name found again cluster={} name={}", cluster, host);
        }
        List<InetAddress> taken = logical ? one(host, wanted) : sorted(wanted);
        if (!taken.equals(known.put(host, taken))) {
            listener.accept(assignment());
        }
        boolean ownTime = policy.respectsTtl() && !answer.ttl().isZero();
        schedule(host, ownTime ? answer.ttl() : policy.refresh());
    }

    /** The one in use where the name still has it, else the first. */
    private List<InetAddress> one(String host, List<InetAddress> addresses) {
        List<InetAddress> before = known.getOrDefault(host, List.of());
        return before.isEmpty() || !addresses.contains(before.getFirst()) ? List.of(addresses.getFirst()) : before;
    }

    /** Servers turn the order from answer to answer. */
    private static List<InetAddress> sorted(List<InetAddress> addresses) {
        return addresses.stream()
                .distinct()
                .sorted(Comparator.comparing(InetAddress::getHostAddress))
                .toList();
    }

    private LoadAssignment assignment() {
        List<Endpoint> endpoints = new ArrayList<>();
        for (DnsAssignment.Name name : names.names()) {
            for (InetAddress address : known.getOrDefault(name.host(), List.of())) {
                endpoints.add(name.at(
                        new InetSocketAddress(address, name.port()),
                        name.hostname().isEmpty() ? name.host() : name.hostname()));
            }
        }
        return names.frame().withEndpoints(endpoints);
    }

    private void schedule(String host, Duration wait) {
        long jitter = policy.jitter().isZero()
                ? 0
                : ThreadLocalRandom.current().nextLong(policy.jitter().toNanos());
        next.put(host, timer.schedule(() -> lookUp(host), wait.toNanos() + jitter, TimeUnit.NANOSECONDS));
    }

    @Override
    public synchronized void close() {
        closed = true;
        next.values().forEach(task -> task.cancel(false));
    }
}
