package io.sluice.loadtests.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.loadtests.harness.Authority;
import io.sluice.loadtests.harness.Http1Client;
import io.sluice.loadtests.harness.Identity;
import io.sluice.loadtests.harness.RecordingUpstream;
import io.sluice.loadtests.harness.Registry.Registration;
import io.sluice.loadtests.harness.Response;
import io.sluice.loadtests.harness.TlsPeer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Certificates by name from the control plane. Rule: their files are written anew under load, good ones, bad ones and half ones; each good one is shown by the gateway
 * and by Envoy, a bad one by nobody and named with what would have been right; no handshake and no request fails; and no page shows a key.
 */
class CertificatesScenario {
    private static final int GOOD = 5;

    private static final Authority authority = Authority.root("company");

    @Test
    void areRotatedUnderLoad(@TempDir Path folder) throws Exception {
        try (RecordingUpstream shop = Upstreams.named("shop");
                Site site = Site.onFiles(folder)) {
            Path catalog = folder.resolve("catalog");
            Identity first = issue(0);
            write(catalog, first);
            site.registry().register(Registration.of("shop", "shop-1", "eu", shop.port()));
            site.registry()
                    .write(
                            "routes",
                            site.listeners().replace("}", ", tls: shop}")
                                    + "certificates: {shop: {chain: shop.crt, key: shop.key}}\n"
                                    + "routes: [{match: /shop/**, to: shop}]\n");
            site.start();
            awaitShown(site, "shop-0");
            try (Callers callers = new Callers(site)) {
                for (int i = 1; i <= GOOD; i++) {
                    write(catalog, issue(i));
                    awaitShown(site, "shop-" + i);
                    callers.awaitMore(5);
                }
                String last = "shop-" + GOOD;

                // another's key, then none, then a chain that is cut off: the last good pair stays
                Files.writeString(catalog.resolve("shop.key"), issue(98).keyPem());
                awaitProblem(site, "key is not the key of the certificate");
                Files.writeString(catalog.resolve("shop.key"), "nothing\n");
                awaitProblem(site, "key has no private key in PEM");
                Identity half = issue(99);
                Files.writeString(
                        catalog.resolve("shop.crt"), half.certificatePem().substring(0, 200));
                awaitProblem(site, "chain has a certificate that is cut off");
                callers.awaitMore(20);
                for (int door : site.doors().values()) {
                    assertThat(shown(door)).isEqualTo(last);
                }

                write(catalog, issue(100));
                awaitShown(site, "shop-100");
                Site.await(site::state, () -> !site.page("/ready?verbose").contains("problem"));
                callers.close();
                assertThat(callers.failures).isEmpty();
            }
            for (String path : List.of("/snapshots?verbose", "/catalog", "/clients", "/ready?verbose", "/metrics")) {
                assertThat(site.page(path)).as(path).doesNotContain("PRIVATE KEY");
            }
            assertThat(site.page("/snapshots?type=secret&verbose")).contains("[redacted]");
            assertThat(site.xds().process().output()).doesNotContain("PRIVATE KEY");
            assertThat(Http1Client.get(site.gateway().adminPort(), "127.0.0.1", "/config_dump")
                            .text())
                    .doesNotContain("PRIVATE KEY");
        }
    }

    private static Identity issue(int number) {
        return authority.issue("shop-" + number).dns("shop.test").signed();
    }

    /** The key later than the certificate, as many tools do. */
    private static void write(Path folder, Identity identity) throws IOException {
        Files.writeString(folder.resolve("shop.crt"), identity.certificatePem());
        Files.writeString(folder.resolve("shop.key"), identity.keyPem());
    }

    private static void awaitShown(Site site, String name) {
        site.doors()
                .forEach((door, port) -> Site.await(
                        () -> door + " shows " + name + ", not " + shown(port) + "\n" + site.state(),
                        () -> shown(port).equals(name)));
    }

    private static void awaitProblem(Site site, String reason) {
        Site.await(
                () -> reason + " in " + site.page("/ready?verbose"),
                () -> site.page("/ready?verbose").contains(reason));
    }

    /** The common name of the certificate. */
    private static String shown(int port) {
        try (Http1Client client = Http1Client.connect(port, TlsPeer.caller("shop.test", "http/1.1"))) {
            String agreed = client.handshake();
            return agreed.substring(agreed.lastIndexOf(' ') + 1);
        } catch (IOException e) {
            return e.toString();
        }
    }

    /** A new connection for each request, one after the other on each door. */
    private static final class Callers implements AutoCloseable {
        final Queue<String> failures = new ConcurrentLinkedQueue<>();
        private final List<Thread> threads = new ArrayList<>();
        private final AtomicInteger answered = new AtomicInteger();
        private volatile boolean closed;

        Callers(Site site) {
            site.doors()
                    .forEach((name, port) -> threads.add(Thread.ofVirtual().start(() -> {
                        while (!closed) {
                            call(name, port);
                            answered.incrementAndGet();
                        }
                    })));
        }

        private void call(String name, int port) {
            try (Http1Client client = Http1Client.connect(port, TlsPeer.caller("shop.test", "http/1.1"))) {
                client.send("GET /shop/1 HTTP/1.1\r\nhost: shop.test\r\n\r\n");
                Response response = client.read("GET", Duration.ofSeconds(10));
                if (response.status() != 200) {
                    failures.add(name + ": " + client.handshake() + ": " + response);
                }
            } catch (IOException e) {
                failures.add(name + ": " + e);
            }
        }

        void awaitMore(int requests) {
            int enough = answered.get() + 2 * requests;
            Site.await(() -> "requests go on", () -> answered.get() >= enough);
        }

        @Override
        public void close() throws InterruptedException {
            closed = true;
            for (Thread thread : threads) {
                thread.join();
            }
        }
    }
}
