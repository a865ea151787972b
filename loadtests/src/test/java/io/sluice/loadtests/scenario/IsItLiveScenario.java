package io.sluice.loadtests.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.loadtests.harness.Home;
import io.sluice.loadtests.harness.ProgramProcess;
import io.sluice.loadtests.harness.RecordingUpstream;
import io.sluice.loadtests.harness.Registry.Registration;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Whoever changes something is told whether it is right, what it would change, whether it is live, and what becomes of a request. Rule: {@code
 * ./sluice check}, {@code diff}, {@code status}, {@code explain} and {@code routes test} say so, with exit codes; a node that refuses is named with
 * the place where it is written.
 */
class IsItLiveScenario {
    private record Said(int code, String text) {}

    @Test
    void rightWhatChangesAndLiveEverywhere(@TempDir Path folder) throws Exception {
        try (RecordingUpstream shop = Upstreams.named("shop");
                Site site = Site.onFiles(folder)) {
            site.registry().register(Registration.of("shop", "shop-1", "eu", shop.port()));
            site.routes("- {match: /shop/**, to: shop}\n");
            String catalog = folder.resolve("catalog").toString();
            assertThat(sluice(folder, "check", catalog)).satisfies(said -> {
                assertThat(said.code).as(said.text).isZero();
                assertThat(said.text).contains("asked Envoy and the gateway; nothing is wrong");
            });
            site.start();
            String admin = "127.0.0.1:" + site.xds().adminPort();
            assertThat(sluice(folder, "status", "--admin", admin, "--wait", "--nodes", "2"))
                    .satisfies(said -> {
                        assertThat(said.code).as(said.text).isZero();
                        assertThat(said.text.lines().filter(line -> line.startsWith("live ")))
                                .as(said.text)
                                .hasSize(2);
                    });
            assertThat(sluice(folder, "diff", catalog, "--admin", admin)).satisfies(said -> {
                assertThat(said.code).as(said.text).isZero();
                assertThat(said.text).contains("2 node groups connected; nothing would change");
            });

            Path other = Files.createDirectories(folder.resolve("other"));
            Files.writeString(other.resolve("services.yaml"), "services: {shop: [\"127.0.0.1:1\"]}\n");
            Files.writeString(
                    other.resolve("routes.yaml"),
                    "routes: [{match: /shop/**, to: shop, timeout: 3s}]\n" + site.listeners());
            assertThat(sluice(folder, "diff", other.toString(), "--admin", admin))
                    .satisfies(said -> {
                        assertThat(said.code).as(said.text).isEqualTo(1);
                        assertThat(said.text)
                                .contains(
                                        "envoy/eu",
                                        "gateway/eu",
                                        "~ route ",
                                        "route.timeout: + \"3s\"",
                                        "port_value: ");
                    });
        }
    }

    @Test
    void aNodeThatRefusesIsNamedWithItsReason(@TempDir Path folder) throws Exception {
        try (RecordingUpstream shop = Upstreams.named("shop");
                ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                Site site = Site.onFiles(folder)) {
            site.registry().register(Registration.of("shop", "shop-1", "eu", shop.port()));
            site.routes("- {match: /shop/**, to: shop}\n");
            site.start();
            String admin = "127.0.0.1:" + site.xds().adminPort();
            site.awaitStatus("/shop/1", 200);
            site.registry()
                    .write(
                            "more",
                            "listeners: [{name: blocked, port: " + taken.getLocalPort()
                                    + ", address: \"127.0.0.1\", nodes: gateway}]\n");
            Site.await(
                    () -> "a refusal in " + site.state(),
                    () -> sluice(folder, "status", "--admin", admin).text.contains("refused "));
            assertThat(sluice(folder, "status", "--admin", admin, "--wait", "--timeout", "200ms"))
                    .satisfies(said -> {
                        assertThat(said.code).as(said.text).isEqualTo(1);
                        assertThat(said.text).contains("blocked", "written at listener blocked");
                    });
            site.registry().remove("more");
            assertThat(sluice(folder, "status", "--admin", admin, "--wait"))
                    .satisfies(said -> assertThat(said.code).as(said.text).isZero());
        }
    }

    @Test
    void whatBecomesOfARequestHereAndThere(@TempDir Path folder) throws Exception {
        try (RecordingUpstream shop = Upstreams.named("shop");
                Site site = Site.onFiles(folder)) {
            site.registry().register(Registration.of("shop", "shop-1", "eu", shop.port()));
            site.routes("- {match: POST /shop/**, to: shop, name: write}\n- {match: /shop/**, to: shop, name: read}\n");
            site.start();
            site.awaitStatus("/shop/1", 200);
            String node = "127.0.0.1:" + site.gateway().adminPort();
            String admin = "127.0.0.1:" + site.xds().adminPort();
            int asked = shop.count();
            for (List<String> where : List.of(
                    List.of(folder.resolve("catalog").toString(), "--region", "eu"),
                    List.of("--node", node, "--admin", admin))) {
                List<String> words = new ArrayList<>(List.of("explain", "GET", "http://any.test/shop/1"));
                words.addAll(where);
                assertThat(sluice(folder, words.toArray(String[]::new))).satisfies(said -> {
                    assertThat(said.code).as(said.text).isZero();
                    assertThat(said.text)
                            .containsPattern("route +read \\(routes.yaml:\\d+\\)")
                            .containsPattern("not +write \\(routes.yaml:\\d+\\): header :method 'GET' .*'POST'")
                            .contains("127.0.0.1:" + shop.port() + " healthy");
                });
                words.set(2, "http://any.test/other");
                assertThat(sluice(folder, words.toArray(String[]::new))).satisfies(said -> {
                    assertThat(said.code).as(said.text).isEqualTo(1);
                    assertThat(said.text).contains("404 route_not_found");
                });
                Path table = Files.writeString(folder.resolve("table.yaml"), """
                    - {request: POST http://any.test/shop/1, expect: {route: write, cluster: shop}}
                    - {request: GET http://any.test/shop/1, expect: {route: write}}
                    """);
                words = new ArrayList<>(List.of("routes", "test", table.toString()));
                words.addAll(where);
                assertThat(sluice(folder, words.toArray(String[]::new))).satisfies(said -> {
                    assertThat(said.code).as(said.text).isEqualTo(1);
                    assertThat(said.text)
                            .contains("table.yaml:2: GET http://any.test/shop/1", "route 'read' (expected: 'write')")
                            .contains("2 requests, 1 not as expected");
                });
            }
            assertThat(shop.count())
                    .as("requests, those that an explanation sent included")
                    .isEqualTo(asked);
        }
    }

    private static Said sluice(Path folder, String... words) {
        List<String> command = new ArrayList<>(
                List.of("bash", Home.find().root().resolve("sluice").toString()));
        command.addAll(List.of(words));
        try (ProgramProcess process =
                ProgramProcess.start("sluice", command, Map.of("SLUICE_NO_BUILD", "true"), folder)) {
            int code = process.awaitExit(Duration.ofSeconds(60));
            return new Said(code, process.output());
        }
    }
}
