package io.sluice.gateway.listener;

import static io.sluice.gateway.rig.GatewayRig.http1;
import static io.sluice.gateway.rig.UpstreamRig.ok;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.gateway.rig.GatewayRig;
import io.sluice.gateway.rig.GatewayRig.Edge;
import io.sluice.gateway.rig.Http1Peer;
import io.sluice.gateway.rig.Http2Peer;
import io.sluice.gateway.rig.UpstreamRig;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Ports that come, change and go, and the end of all of them. */
class ListenersTest {
    private static final String ALL = "{match: {prefix: /}, route: {cluster: up, timeout: 0s}}";
    private GatewayRig gateway;
    private Semaphore permits;
    private CountDownLatch asked;
    private UpstreamRig up;

    @BeforeEach
    void start() {
        gateway = GatewayRig.start();
        permits = new Semaphore(0);
        asked = new CountDownLatch(1);
        up = new UpstreamRig(socket -> {
            Http1Peer peer = new Http1Peer(socket);
            while (true) {
                boolean waits = peer.read().start().contains("/wait");
                if (waits) {
                    asked.countDown();
                    permits.acquire();
                }
                peer.send(ok("hello"));
            }
        });
    }

    @AfterEach
    void close() {
        gateway.close();
        up.close();
    }

    private static Edge edge(String name, String routes) {
        return new Edge(name, 0, routes, "");
    }

    private Http1Peer ask(String listener, String path) {
        return Http1Peer.connect(gateway.port(listener)).send("GET " + path + " HTTP/1.1\r\nhost: test\r\n\r\n");
    }

    @Test
    void comeChangeAndGoWithoutTouchingEachOther() throws Exception {
        gateway.configure(List.of(edge("one", ALL), edge("two", ALL)), http1(up.port()));
        int port = gateway.port("one");
        try (Http1Peer onOne = ask("one", "/wait");
                Http1Peer idleOnOne = ask("one", "/")) {
            assertThat(idleOnOne.read().brief()).isEqualTo("200 hello");
            assertThat(asked.await(10, TimeUnit.SECONDS)).isTrue();
            gateway.configure(
                    List.of(
                            edge("one", "{match: {prefix: /}, direct_response: {status: 418}}"),
                            edge("three", "{match: {prefix: /}, direct_response: {status: 203}}")),
                    http1(up.port()));
            assertThat(gateway.port("one")).as("the socket stays").isEqualTo(port);
            assertThatThrownBy(() -> gateway.port("two")).isInstanceOf(AssertionError.class);
            try (Http1Peer three = ask("three", "/")) {
                assertThat(three.read().status()).isEqualTo(203);
            }
            assertThat(idleOnOne.get("/").status())
                    .as("a connection from before")
                    .isEqualTo(418);
            permits.release();
            assertThat(onOne.read().brief()).as("a request from before").isEqualTo("200 hello");
            assertThat(onOne.get("/").status()).isEqualTo(418);
        }
    }

    @Test
    void letARequestFinishWhoseListenerIsGone() throws Exception {
        gateway.configure(List.of(edge("one", ALL), edge("two", ALL)), http1(up.port()));
        int port = gateway.port("one");
        try (Http1Peer onOne = ask("one", "/wait")) {
            assertThat(asked.await(10, TimeUnit.SECONDS)).isTrue();
            gateway.configure(List.of(edge("two", ALL)), http1(up.port()));
            assertThatThrownBy(() -> Http1Peer.connect(port)).isInstanceOf(UncheckedIOException.class);
            permits.release();
            Http1Peer.Message answer = onOne.read();
            assertThat(answer.brief()).isEqualTo("200 hello");
            assertThat(answer.header("connection")).contains("close");
            assertThat(onOne.atEnd()).isTrue();
        }
    }

    @Test
    void moveToAnotherAddress() throws Exception {
        int next;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            next = free.getLocalPort();
        }
        gateway.configure(List.of(edge("one", ALL)), http1(up.port()));
        int before = gateway.port("one");
        gateway.configure(List.of(new Edge("one", next, ALL, "")), http1(up.port()));
        assertThat(gateway.port("one")).isEqualTo(next);
        try (Http1Peer caller = ask("one", "/")) {
            assertThat(caller.read().brief()).isEqualTo("200 hello");
        }
        assertThatThrownBy(() -> Http1Peer.connect(before)).isInstanceOf(UncheckedIOException.class);
    }

    @Test
    void saysWhosePortIsTakenAndOpensTheOthers() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            gateway.configure(
                    List.of(new Edge("one", taken.getLocalPort(), ALL, ""), edge("two", ALL)), http1(up.port()));
            assertThat(gateway.failed())
                    .hasEntrySatisfying(
                            "one",
                            reason -> assertThat(reason)
                                    .contains(String.valueOf(taken.getLocalPort()))
                                    .contains("Address already in use"))
                    .hasSize(1);
            try (Http1Peer caller = ask("two", "/")) {
                assertThat(caller.read().brief()).isEqualTo("200 hello");
            }
        }
    }

    @Test
    void drainingAnswersWhatIsUnderWayAndTellsCallersToGo() throws Exception {
        gateway.configure(List.of(edge("one", ALL)), http1(up.port()));
        try (Http1Peer http1 = ask("one", "/wait");
                Http2Peer http2 = Http2Peer.connect(gateway.port("one"))) {
            assertThat(asked.await(10, TimeUnit.SECONDS)).isTrue();
            http2.request(1, true, "GET", "/wait");
            int port = gateway.port("one");
            CompletableFuture<Void> drained = gateway.listeners().drain(Duration.ofSeconds(30));
            assertThat(http2.next(Http2Peer.GOAWAY).code()).isZero();
            assertThatThrownBy(() -> Http1Peer.connect(port)).isInstanceOf(UncheckedIOException.class);
            assertThat(drained).isNotDone();
            permits.release(2);
            Http1Peer.Message answer = http1.read();
            assertThat(answer.brief()).isEqualTo("200 hello");
            assertThat(answer.header("connection")).contains("close");
            assertThat(http1.atEnd()).isTrue();
            assertThat(http2.read().brief()).isEqualTo("200 hello");
            while (http2.untilEnd().isPresent()) {}
            drained.get(20, TimeUnit.SECONDS);
        }
    }

    @Test
    void drainingLosesNoRequestOfBusyCallers() throws Exception {
        gateway.configure(List.of(edge("one", ALL)), http1(up.port()));
        int port = gateway.port("one");
        AtomicInteger answered = new AtomicInteger();
        AtomicInteger lost = new AtomicInteger();
        CountDownLatch busy = new CountDownLatch(8 * 50);
        CountDownLatch over = new CountDownLatch(8);
        for (int i = 0; i < 8; i++) {
            Thread.ofVirtual().start(() -> {
                try (Http1Peer caller = Http1Peer.connect(port)) {
                    while (true) {
                        Http1Peer.Message answer = caller.get("/");
                        answered.incrementAndGet();
                        busy.countDown();
                        if (answer.header("connection").isPresent()) {
                            break;
                        }
                    }
                } catch (UncheckedIOException e) {
                    lost.incrementAndGet();
                } finally {
                    over.countDown();
                }
            });
        }
        assertThat(busy.await(20, TimeUnit.SECONDS)).isTrue();
        CompletableFuture<Void> drained = gateway.listeners().drain(Duration.ofSeconds(30));
        assertThat(over.await(20, TimeUnit.SECONDS)).isTrue();
        drained.get(20, TimeUnit.SECONDS);
        assertThat(lost).hasValue(0);
        assertThat(answered.get()).isGreaterThanOrEqualTo(400);
    }

    @Test
    void drainingCutsOffWhatTakesTooLong() throws Exception {
        gateway.configure(List.of(edge("one", ALL)), http1(up.port()));
        try (Http1Peer caller = ask("one", "/wait")) {
            assertThat(asked.await(10, TimeUnit.SECONDS)).isTrue();
            gateway.listeners().drain(Duration.ofMillis(50)).get(20, TimeUnit.SECONDS);
            assertThat(caller.atEnd()).isTrue();
        }
    }

    @Test
    void aHundredChangesUnderLoadLoseNothing() throws Exception {
        gateway.configure(List.of(edge("one", ALL)), http1(up.port()));
        int port = gateway.port("one");
        AtomicInteger failed = new AtomicInteger();
        AtomicInteger answered = new AtomicInteger();
        CountDownLatch over = new CountDownLatch(4);
        var running = new java.util.concurrent.atomic.AtomicBoolean(true);
        for (int i = 0; i < 4; i++) {
            Thread.ofVirtual().start(() -> {
                try (Http1Peer caller = Http1Peer.connect(port)) {
                    while (running.get()) {
                        failed.addAndGet(caller.get("/").status() == 200 ? 0 : 1);
                        answered.incrementAndGet();
                    }
                } catch (UncheckedIOException e) {
                    failed.incrementAndGet();
                } finally {
                    over.countDown();
                }
            });
        }
        for (int i = 0; i < 100; i++) {
            gateway.configure(
                    List.of(edge("one", "{match: {path: /%d}, direct_response: {status: 418}}, ".formatted(i) + ALL)),
                    http1(up.port()));
        }
        running.set(false);
        assertThat(over.await(20, TimeUnit.SECONDS)).isTrue();
        assertThat(failed).hasValue(0);
        assertThat(answered.get()).isPositive();
    }
}
