package io.sluice.gateway.ratelimit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Real limiter members in this JVM, on free ports of the loopback. */
final class LimiterCluster implements AutoCloseable {
    private final List<HazelcastLedger> ledgers = new ArrayList<>();
    private final List<SharedRateLimiter> limiters = new ArrayList<>();

    LimiterCluster(int size, LimitTable table) throws IOException {
        List<Integer> ports = freePorts(size);
        List<String> members = ports.stream().map(port -> "127.0.0.1:" + port).toList();
        for (int port : ports) {
            HazelcastLedger ledger = HazelcastLedger.start(
                    new MemberSettings("test-" + ports.get(0), "127.0.0.1", port, members, Duration.ofSeconds(2)));
            ledgers.add(ledger);
            limiters.add(SharedRateLimiter.start(() -> table, ledger, patient(), new SimpleMeterRegistry()));
        }
        await().atMost(Duration.ofSeconds(60))
                .untilAsserted(
                        () -> assertThat(ledgers).allMatch(ledger -> ledger.isReady() && ledger.seenMembers() == size));
    }

    /** A busy build machine is not a silent member. */
    private static LimiterPolicy patient() {
        return LimiterPolicy.DEFAULT.withDeadline(Duration.ofSeconds(2));
    }

    static List<Integer> freePorts(int count) throws IOException {
        var sockets = new ArrayList<ServerSocket>();
        var ports = new ArrayList<Integer>();
        for (int i = 0; i < count; i++) {
            var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
            sockets.add(socket);
            ports.add(socket.getLocalPort());
        }
        for (ServerSocket socket : sockets) {
            socket.close();
        }
        return ports;
    }

    HazelcastLedger ledger(int member) {
        return ledgers.get(member);
    }

    SharedRateLimiter limiter(int member) {
        return limiters.get(member);
    }

    int size() {
        return limiters.size();
    }

    @Override
    public void close() {
        limiters.forEach(SharedRateLimiter::close);
        ledgers.parallelStream().forEach(HazelcastLedger::kill);
    }
}
