package io.sluice.gateway.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import com.linecorp.armeria.common.util.EventLoopGroups;
import io.netty.channel.EventLoopGroup;
import io.netty.resolver.dns.SingletonDnsServerAddressStreamProvider;
import io.netty.util.NetUtil;
import io.sluice.gateway.endpoint.Endpoint;
import io.sluice.gateway.endpoint.Locality;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What names become, and when they are asked about again. */
class DnsTest {
    private final VirtualTimer time = new VirtualTimer();
    private final Map<String, List<InetAddress>> names = new HashMap<>();
    private final List<Long> asked = new ArrayList<>();
    private final List<String> seen = new ArrayList<>();
    private Duration ttl = Duration.ZERO;

    private static List<InetAddress> addresses(String text) {
        return Stream.of(text.strip().split(" +"))
                .filter(word -> !word.isEmpty())
                .map(word -> Objects.requireNonNull(NetUtil.createInetAddressFromIpAddressString(word)))
                .toList();
    }

    private DnsWatch watch(boolean logical, DnsPolicy policy) {
        DnsResolver resolver = new DnsResolver() {
            @Override
            public void resolve(String host, java.util.function.Consumer<List<InetAddress>> result) {
                asked.add(time.nanos());
                result.accept(names.getOrDefault(host, List.of()));
            }

            @Override
            public void resolveWithTtl(String host, java.util.function.Consumer<Answer> result) {
                resolve(host, addresses -> result.accept(new Answer(addresses, ttl)));
            }
        };
        DnsAssignment assignment = new DnsAssignment(
                List.of(new DnsAssignment.Name(
                        "svc", 80, "", 1, Locality.NONE, 0, Endpoint.HealthStatus.HEALTHY, Endpoint.Traits.NONE)),
                LoadAssignment.EMPTY);
        DnsWatch watch = new DnsWatch(
                "up",
                assignment,
                logical,
                policy,
                resolver,
                time.executor(),
                told -> seen.add(String.join(
                        " ",
                        told.endpoints().stream()
                                .map(endpoint -> NetUtil.toAddressString(
                                        endpoint.address().getAddress()))
                                .toList())));
        watch.start();
        return watch;
    }

    private static DnsPolicy policy(DnsPolicy.Family family, Duration failureBase, Duration failureMax, boolean ttl) {
        return new DnsPolicy(Duration.ofSeconds(5), failureBase, failureMax, Duration.ZERO, ttl, family);
    }

    private List<Long> waits() {
        List<Long> waits = new ArrayList<>();
        for (int i = 1; i < asked.size(); i++) {
            waits.add(Duration.ofNanos(asked.get(i) - asked.get(i - 1)).toSeconds());
        }
        return waits;
    }

    /** cluster.proto DnsLookupFamily. */
    @ParameterizedTest(name = "{0} of {1}: {2}")
    @CsvSource(delimiter = '|', textBlock = """
        AUTO         | 10.0.0.1 ::1 | ::1
        AUTO         | 10.0.0.1     | 10.0.0.1
        V4_ONLY      | 10.0.0.1 ::1 | 10.0.0.1
        V6_ONLY      | 10.0.0.1 ::1 | ::1
        V4_PREFERRED | 10.0.0.1 ::1 | 10.0.0.1
        V4_PREFERRED | ::1          | ::1
        ALL          | 10.0.0.1 ::1 | ::1 10.0.0.1
        """)
    void takesAddressesOfTheFamily(DnsPolicy.Family family, String all, String taken) {
        names.put("svc", addresses(all));
        watch(false, policy(family, Duration.ZERO, Duration.ZERO, false));
        assertThat(seen.getFirst().split(" ")).containsExactlyInAnyOrder(taken.split(" "));
    }

    @Test
    void keepsTheOldAnswerAndAsksAgainLaterEachTimeOneFails() {
        names.put("svc", addresses("10.0.0.1"));
        watch(false, policy(DnsPolicy.Family.AUTO, Duration.ofSeconds(1), Duration.ofSeconds(4), false));
        names.clear();
        time.advance(Duration.ofSeconds(5 + 1 + 2 + 4 + 4));
        names.put("svc", addresses("10.0.0.2"));
        time.advance(Duration.ofSeconds(9));
        assertThat(waits()).containsExactly(5L, 1L, 2L, 4L, 4L, 4L, 5L);
        assertThat(seen).containsExactly("10.0.0.1", "10.0.0.2");
    }

    @Test
    void heedsTheTimeOfAnAnswerWhereThatIsWanted() {
        names.put("svc", addresses("10.0.0.1"));
        ttl = Duration.ofSeconds(17);
        watch(false, policy(DnsPolicy.Family.AUTO, Duration.ZERO, Duration.ZERO, true));
        time.advance(Duration.ofSeconds(40));
        assertThat(waits()).containsExactly(17L, 17L);
    }

    @Test
    void keepsOneAddressOfALogicalNameForAsLongAsTheNameHasIt() {
        names.put("svc", addresses("10.0.0.1 10.0.0.2"));
        DnsWatch watch = watch(true, policy(DnsPolicy.Family.AUTO, Duration.ZERO, Duration.ZERO, false));
        names.put("svc", addresses("10.0.0.2 10.0.0.1"));
        time.advance(Duration.ofSeconds(5));
        assertThat(seen).containsExactly("10.0.0.1");
        names.put("svc", addresses("10.0.0.3 10.0.0.2"));
        time.advance(Duration.ofSeconds(5));
        assertThat(seen).containsExactly("10.0.0.1", "10.0.0.3");
        watch.close();
        int before = asked.size();
        time.advance(Duration.ofSeconds(60));
        assertThat(asked).hasSize(before);
    }

    /** A name server that knows one address, for 7 seconds. */
    @Test
    void asksTheSystemsNameServersForTheTimeOfAnAnswer() throws Exception {
        EventLoopGroup loops = EventLoopGroups.newEventLoopGroup(1);
        try (DatagramSocket socket = new DatagramSocket(0, NetUtil.LOCALHOST4)) {
            Thread server = Thread.ofPlatform().daemon().start(() -> answer(socket));
            SystemDnsResolver resolver = new SystemDnsResolver(
                    Runnable::run,
                    loops,
                    new SingletonDnsServerAddressStreamProvider(
                            new InetSocketAddress(NetUtil.LOCALHOST4, socket.getLocalPort())));
            CompletableFuture<DnsResolver.Answer> answer = new CompletableFuture<>();
            resolver.resolveWithTtl("svc.sluice.test", answer::complete);
            DnsResolver.Answer found = answer.get(20, TimeUnit.SECONDS);
            assertThat(found.addresses()).containsExactlyElementsOf(addresses("10.1.2.3"));
            assertThat(found.ttl()).isEqualTo(Duration.ofSeconds(7));
            assertThat(server.isDaemon()).isTrue();
        } finally {
            loops.shutdownGracefully(0, 0, TimeUnit.SECONDS).syncUninterruptibly();
        }
    }

    /** Until the socket is closed. An A record for every question about IPv4, nothing for others. */
    private static void answer(DatagramSocket socket) {
        byte[] buffer = new byte[512];
        try {
            while (true) {
                DatagramPacket query = new DatagramPacket(buffer, buffer.length);
                socket.receive(query);
                int end = 12;
                while (buffer[end] != 0) {
                    end += buffer[end] + 1;
                }
                boolean four = buffer[end + 2] == 1;
                byte[] question = java.util.Arrays.copyOfRange(buffer, 12, end + 5);
                ByteBuffer reply = ByteBuffer.allocate(512)
                        .put(buffer, 0, 2)
                        .putShort((short) 0x8180)
                        .putShort((short) 1)
                        .putShort((short) (four ? 1 : 0))
                        .putShort((short) 0)
                        .putShort((short) 0)
                        .put(question);
                if (four) {
                    reply.putShort((short) 0xC00C)
                            .putShort((short) 1)
                            .putShort((short) 1)
                            .putInt(7)
                            .putShort((short) 4)
                            .put(new byte[] {10, 1, 2, 3});
                }
                socket.send(new DatagramPacket(reply.array(), reply.position(), query.getSocketAddress()));
            }
        } catch (IOException e) {
            assertThat(socket.isClosed()).isTrue();
        }
    }
}
