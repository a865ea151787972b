package io.sluice.loadtests.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.loadtests.harness.Envoy;
import io.sluice.loadtests.harness.Gateway;
import io.sluice.loadtests.harness.Part;
import io.sluice.loadtests.harness.Ports;
import io.sluice.loadtests.harness.Probe;
import io.sluice.loadtests.harness.ProgramProcess;
import io.sluice.loadtests.harness.RealParts;
import io.sluice.loadtests.harness.RecordingUpstream;
import io.sluice.loadtests.harness.StaticBootstrap;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * One limit over gateways that are limiter members, one that is none, and a real Envoy, which ask a member's rate limit service. Rule
 * (docs/ratelimits.md): a limit of N admits N over all of them; while members are frozen or gone, no request fails or waits longer than the
 * deadline, and each member left admits at most two shares of N / members without a token. A request that got no answer would be a 500: the filters here deny
 * on failure, after two seconds.
 */
class SharedLimitScenario {
    private static final int LIMIT = 60;
    private static final Duration JOIN = Duration.ofSeconds(60);

    private final Deque<AutoCloseable> open = new ArrayDeque<>();
    private RecordingUpstream upstream;

    @TempDir
    Path folder;

    @BeforeEach
    void startUpstream() {
        RealParts.require(Part.ENVOY);
        upstream = Upstreams.named("up");
        open.push(upstream);
    }

    @AfterEach
    void stop() throws Exception {
        while (!open.isEmpty()) {
            open.pop().close();
        }
    }

    @Test
    void aLimitAdmitsItsNumberOverTwoGatewaysAndAnEnvoy() throws IOException {
        List<Integer> members = ports(2);
        int service = Ports.free();
        // A busy machine is not a silent member.
        Map<String, String> patient = Map.of("SLUICE_LIMITER_DEADLINE", "10s");
        Door first = gateway(service, member(members, 0, patient, Map.of("SLUICE_RLS_PORT", "" + service)));
        Door second = gateway(service, member(members, 1, patient, Map.of()));
        awaitMembers(List.of(first.process(), second.process()), 2);
        Door envoy = envoy(service);

        warmUp(first, second, envoy);
        Tally tally = new Tally();
        for (int i = 0; i < LIMIT; i++) {
            tally.ask("/all", first, second, envoy);
        }
        assertThat(tally.admitted).as("%s", tally).isEqualTo(LIMIT);
        assertThat(tally.refused).isEqualTo(2 * LIMIT);
        assertThat(tally.other).isEmpty();
        assertThat(upstream.seen().stream().filter(request -> request.path().equals("/all")))
                .hasSize(LIMIT);
    }

    @Test
    void aFrozenOrKilledMemberFailsNoRequestAndTheRestKeepLimiting() throws IOException {
        List<Integer> members = ports(3);
        int service = Ports.free();
        Door first = gateway(service, member(members, 0, Map.of(), Map.of()));
        Door second = gateway(service, member(members, 1, Map.of(), Map.of()));
        ProgramProcess limitServer = limitServer(service, member(members, 2, Map.of(), Map.of()));
        awaitMembers(List.of(first.process(), second.process(), limitServer), 3);
        Door outside = gateway(service, Map.of());
        Door envoy = envoy(service);

        warmUp(first, second, outside, envoy);
        Tally before = new Tally();
        for (int i = 0; i < 5; i++) {
            before.ask("/all", first, second, outside, envoy);
        }
        assertThat(before.admitted).as("%s", before).isEqualTo(20);

        second.process().freeze();
        Tally frozen = new Tally();
        for (int caller = 0; caller < 100; caller++) {
            frozen.ask("/each?" + caller, first, outside, envoy);
        }
        assertThat(frozen.other)
                .as("a bucket per caller, two of three on the frozen member")
                .isEmpty();
        assertThat(frozen.admitted).isEqualTo(300);

        second.process().kill();
        int survivors = 2;
        Tally after = new Tally();
        for (int i = 0; i < LIMIT; i++) {
            after.ask("/all", first, outside, envoy);
        }
        // While the bucket is silent the rest admit their shares, which may be less than is left; and what the bucket
        // spent for an
        // answer that came after its deadline is spent, though its caller was told by the share.
        int spentLate = LIMIT / 6;
        Site.await(() -> "what is left is admitted, after " + after, () -> {
            after.ask("/all", first, outside, envoy);
            return before.admitted + after.admitted >= LIMIT - spentLate;
        });
        for (int i = 0; i < LIMIT; i++) {
            after.ask("/all", first, outside, envoy);
        }
        assertThat(after.other).isEmpty();
        assertThat(before.admitted + after.admitted)
                .as("%s", after)
                .isLessThanOrEqualTo(LIMIT + 2 * survivors * (LIMIT / members.size()));
        assertThat(after.last).as("the rest refuse what is too much").containsOnly(429);
    }

    /** A data plane that listens. */
    private record Door(String name, int port, ProgramProcess process) {}

    private static final class Tally {
        private int admitted;
        private int refused;
        private final List<String> other = new ArrayList<>();
        private final List<Integer> last = new ArrayList<>();

        void ask(String path, Door... doors) {
            last.clear();
            for (Door door : doors) {
                int status = Site.get(door.port(), path).status();
                last.add(status);
                switch (status) {
                    case 200 -> admitted++;
                    case 429 -> refused++;
                    default -> other.add(door.name() + " " + path + ": " + status);
                }
            }
        }

        @Override
        public String toString() {
            return admitted + " admitted, " + refused + " refused, else " + other;
        }
    }

    /** A program's first question takes longer than any other. */
    private static void warmUp(Door... doors) {
        for (Door door : doors) {
            Site.await(
                    () -> door.name() + " answers\n" + door.process().output(),
                    () -> Site.get(door.port(), "/each?warm").status() == 200);
        }
    }

    private static List<Integer> ports(int count) {
        return IntStream.range(0, count).mapToObj(i -> Ports.free()).toList();
    }

    private static Map<String, String> member(
            List<Integer> ports, int which, Map<String, String> more, Map<String, String> andMore) {
        var settings = new HashMap<String, String>();
        settings.put("SLUICE_LIMITER_PORT", ports.get(which).toString());
        settings.put(
                "SLUICE_LIMITER_MEMBERS",
                String.join(",", ports.stream().map(port -> "127.0.0.1:" + port).toList()));
        settings.putAll(more);
        settings.putAll(andMore);
        return settings;
    }

    private Door gateway(int service, Map<String, String> settings) throws IOException {
        int port = Ports.free();
        int admin = Ports.free();
        Gateway gateway = Gateway.start(bootstrap(port, admin, service), admin, settings);
        open.push(gateway);
        return new Door("gateway", port, gateway.process());
    }

    private Door envoy(int service) throws IOException {
        int port = Ports.free();
        int admin = Ports.free();
        Envoy envoy = Envoy.start(bootstrap(port, admin, service), admin);
        open.push(envoy);
        return new Door("Envoy", port, envoy.process());
    }

    private ProgramProcess limitServer(int service, Map<String, String> settings) {
        int admin = Ports.free();
        ProgramProcess process = Gateway.run(
                List.of("--role", "ratelimit", "--rls-port", "" + service, "--admin-port", "" + admin),
                settings,
                folder);
        open.push(process);
        return process.awaitReady(() -> Probe.ok(admin, "/ready"), Duration.ofSeconds(30));
    }

    private static void awaitMembers(List<ProgramProcess> processes, int count) {
        for (ProgramProcess process : processes) {
            process.awaitReady(() -> process.output().contains("members=" + count), JOIN);
        }
    }

    private Path bootstrap(int port, int admin, int service) throws IOException {
        String limits = """
            - name: envoy.filters.http.ratelimit
              typed_config:
                "@type": type.googleapis.com/envoy.extensions.filters.http.ratelimit.v3.RateLimit
                domain: sluice
                timeout: 2s
                failure_mode_deny: true
                rate_limit_service:
                  transport_api_version: V3
                  grpc_service: {envoy_grpc: {cluster_name: sluice_rate_limit}}
            """;
        String cluster = """
            - name: sluice_rate_limit
              type: STATIC
              connect_timeout: 1s
              typed_extension_protocol_options:
                envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
                  "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
                  explicit_http_config: {http2_protocol_options: {}}
              load_assignment:
                cluster_name: sluice_rate_limit
                endpoints: [{lb_endpoints: [{endpoint: {address: {socket_address: {address: 127.0.0.1, port_value: %d}}}}]}]
            """.formatted(service);
        return StaticBootstrap.to(upstream.port())
                .on(port, admin)
                .routes("""
                    - match: {path: /all}
                      route: {cluster: up, rate_limits: [{actions: [
                        {generic_key: {descriptor_key: sluice_limit, descriptor_value: "all:%d/hour"}}]}]}
                    - match: {path: /each}
                      route: {cluster: up, rate_limits: [{actions: [
                        {generic_key: {descriptor_key: sluice_limit, descriptor_value: "each:100/hour"}},
                        {request_headers: {header_name: ":path", descriptor_key: path}}]}]}
                    """.formatted(LIMIT))
                .filters(limits)
                .clusters(cluster)
                .write(folder);
    }
}
