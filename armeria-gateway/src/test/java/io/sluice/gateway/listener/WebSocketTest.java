package io.sluice.gateway.listener;

import static io.sluice.gateway.rig.GatewayRig.http1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sluice.gateway.rig.GatewayRig;
import io.sluice.gateway.rig.Http1Peer;
import io.sluice.gateway.rig.UpstreamRig;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** An upgraded connection carries bytes, whatever they mean. */
@SuppressWarnings("StringConcatToTextBlock") // lines end with CR and LF
class WebSocketTest {
    private static final String ALL = "{match: {prefix: /}, route: {cluster: up}}";
    private static final String UPGRADE =
            "GET %s HTTP/1.1\r\nhost: test\r\nconnection: Upgrade\r\nupgrade: websocket\r\n"
                    + "sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    private static final String SWITCHED =
            "HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: websocket\r\n"
                    + "sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
    private static final GatewayRig gateway = GatewayRig.start();

    @AfterAll
    static void close() {
        gateway.close();
    }

    @Test
    void carriesBytesBothWays() {
        try (UpstreamRig up = new UpstreamRig(socket -> {
            Http1Peer peer = new Http1Peer(socket);
            Http1Peer.Message asked = peer.head();
            assertThat(asked.header("upgrade")).contains("websocket");
            assertThat(asked.header("connection"))
                    .hasValueSatisfying(v -> assertThat(v).isEqualToIgnoringCase("upgrade"));
            assertThat(asked.header("sec-websocket-key")).contains("dGhlIHNhbXBsZSBub25jZQ==");
            assertThat(asked.header("transfer-encoding")).isEmpty();
            peer.send(SWITCHED + "first");
            while (true) {
                peer.send(peer.bytes(1));
            }
        })) {
            gateway.configure(ALL, http1(up.port()));
            try (Http1Peer caller = Http1Peer.connect(gateway.port())) {
                caller.send(UPGRADE.formatted("/chat?x=%2f"));
                Http1Peer.Message answer = caller.head();
                assertThat(answer.status()).isEqualTo(101);
                assertThat(answer.header("upgrade")).contains("websocket");
                assertThat(answer.header("connection"))
                        .hasValueSatisfying(v -> assertThat(v).isEqualToIgnoringCase("upgrade"));
                assertThat(answer.header("sec-websocket-accept")).contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
                assertThat(answer.header("transfer-encoding")).isEmpty();
                assertThat(caller.text(5)).isEqualTo("first");
                for (String word : new String[] {"a", "bc", "\r\n\r\n", "GET / HTTP/1.1\r\n\r\n"}) {
                    caller.send(word);
                    assertThat(caller.text(word.length())).isEqualTo(word);
                }
            }
            assertThat(gateway.logged("/chat?x=%2f")).startsWith("GET /chat?x=%2f 101 ");
            await().until(() -> up.connected() == 0);
        }
    }

    /** What the caller does not read waits in the sockets, not in the gateway: its own sending stops then. */
    @Test
    void carriesTenMegabytesToACallerThatReadsSlowly() throws Exception {
        byte[] sent = new byte[10 << 20];
        new Random(4).nextBytes(sent);
        try (UpstreamRig up = new UpstreamRig(socket -> {
            Http1Peer peer = new Http1Peer(socket);
            peer.head();
            peer.send(SWITCHED);
            for (int i = 0; i < sent.length; i += 64 << 10) {
                peer.send(peer.bytes(64 << 10));
            }
        })) {
            gateway.configure(ALL, http1(up.port()));
            try (Http1Peer caller = Http1Peer.connect(gateway.port())) {
                caller.send(UPGRADE.formatted("/slow"));
                assertThat(caller.head().status()).isEqualTo(101);
                Thread writer = Thread.ofVirtual().start(() -> caller.send(sent));
                for (int i = 0; i < sent.length; i += 2 << 10) {
                    assertThat(Arrays.equals(caller.bytes(2 << 10), Arrays.copyOfRange(sent, i, i + (2 << 10))))
                            .isTrue();
                    Thread.onSpinWait();
                }
                writer.join();
            }
        }
    }

    @Test
    void carriesMuchAtOnceBothWays() throws Exception {
        byte[] sent = new byte[8 << 20];
        new Random(3).nextBytes(sent);
        try (UpstreamRig up = new UpstreamRig(socket -> {
            Http1Peer peer = new Http1Peer(socket);
            peer.head();
            peer.send(SWITCHED);
            for (int i = 0; i < sent.length; i += 64 << 10) {
                peer.send(peer.bytes(64 << 10));
            }
        })) {
            gateway.configure(ALL, http1(up.port()));
            try (Http1Peer caller = Http1Peer.connect(gateway.port())) {
                caller.send(UPGRADE.formatted("/much"));
                assertThat(caller.head().status()).isEqualTo(101);
                Thread writer = Thread.ofVirtual().start(() -> caller.send(sent));
                assertThat(Arrays.equals(caller.bytes(sent.length), sent)).isTrue();
                writer.join();
                assertThat(caller.atEnd())
                        .as("the upstream's end ends the caller's")
                        .isTrue();
            }
        }
    }

    @Test
    void deliversWhatTheUpstreamSaidLast() {
        try (UpstreamRig up = new UpstreamRig(socket -> {
            Http1Peer peer = new Http1Peer(socket);
            peer.head();
            peer.send(SWITCHED + "x".repeat(500_000));
        })) {
            gateway.configure(ALL, http1(up.port()));
            try (Http1Peer caller = Http1Peer.connect(gateway.port())) {
                caller.send(UPGRADE.formatted("/last"));
                assertThat(caller.head().status()).isEqualTo(101);
                assertThat(caller.rest()).hasSize(500_000);
            }
        }
    }

    @Test
    void deliversWhatTheCallerSaidLast() throws Exception {
        var received = new java.util.concurrent.CompletableFuture<Integer>();
        try (UpstreamRig up = new UpstreamRig(socket -> {
            Http1Peer peer = new Http1Peer(socket);
            peer.head();
            peer.send(SWITCHED);
            received.complete(peer.rest().length());
        })) {
            gateway.configure(ALL, http1(up.port()));
            try (Http1Peer caller = Http1Peer.connect(gateway.port())) {
                caller.send(UPGRADE.formatted("/bye"));
                assertThat(caller.head().status()).isEqualTo(101);
                caller.send("x".repeat(500_000));
                caller.shutdownOutput();
                assertThat(received.get(20, java.util.concurrent.TimeUnit.SECONDS))
                        .isEqualTo(500_000);
            }
        }
    }

    @Test
    void passesOnARefusalOfTheUpstream() {
        try (UpstreamRig up = new UpstreamRig(socket -> {
            Http1Peer peer = new Http1Peer(socket);
            peer.head();
            peer.send("HTTP/1.1 401 No\r\ncontent-length: 2\r\n\r\nno");
            peer.atEnd();
        })) {
            gateway.configure(ALL, http1(up.port()));
            try (Http1Peer caller = Http1Peer.connect(gateway.port())) {
                caller.send(UPGRADE.formatted("/refused"));
                assertThat(caller.read().brief()).isEqualTo("401 no");
            }
        }
    }

    @Test
    void refusesWhereUpgradesAreNotAllowed() {
        gateway.configure(
                "{match: {prefix: /}, route: {cluster: up, upgrade_configs: [{upgrade_type: websocket, enabled: false}]}}",
                http1(1));
        try (Http1Peer caller = Http1Peer.connect(gateway.port())) {
            caller.send(UPGRADE.formatted("/no"));
            assertThat(caller.read().status()).isEqualTo(403);
        }
        assertThat(gateway.logged("/no")).isEqualTo("GET /no 403 - upgrade_failed");
    }

    @Test
    void saysThatNobodyIsThere() {
        gateway.configure(ALL, http1());
        try (Http1Peer caller = Http1Peer.connect(gateway.port())) {
            caller.send(UPGRADE.formatted("/nobody"));
            assertThat(caller.read().brief()).isEqualTo("503 no healthy upstream");
        }
    }
}
