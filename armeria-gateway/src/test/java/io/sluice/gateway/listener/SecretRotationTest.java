package io.sluice.gateway.listener;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.gateway.rig.GatewayRig;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;
import org.junit.jupiter.api.Test;

/** Certificates change while callers come and go. */
class SecretRotationTest {
    private static final int CALLERS = 4;
    private static final int ROTATIONS = 20;
    private static final int REQUESTS_BETWEEN = 20;

    @Test
    void noRequestIsLostWhileTheCertificateChangesTwentyTimes() throws Exception {
        try (GatewayRig rig = GatewayRig.start();
                ExecutorService threads = Executors.newFixedThreadPool(CALLERS)) {
            rig.publish(bootstrap("one"));
            int port = rig.port();
            AtomicBoolean stop = new AtomicBoolean();
            AtomicInteger answered = new AtomicInteger();
            List<Future<Integer>> callers = new ArrayList<>();
            for (int i = 0; i < CALLERS; i++) {
                callers.add(threads.submit((Callable<Integer>) () -> {
                    int lost = 0;
                    while (!stop.get()) {
                        try (SSLSocket socket = connect(port)) {
                            lost += answers(socket) ? 0 : 1;
                        } catch (IOException e) {
                            lost++;
                        }
                        answered.incrementAndGet();
                    }
                    return lost;
                }));
            }
            try (SSLSocket old = connect(port)) {
                for (int i = 1; i <= ROTATIONS; i++) {
                    int before = answered.get();
                    rig.publish(bootstrap(i % 2 == 0 ? "one" : "two"));
                    try (SSLSocket fresh = connect(port)) {
                        assertThat(commonName(fresh)).isEqualTo(i % 2 == 0 ? "CN=one" : "CN=two");
                    }
                    while (answered.get() < before + REQUESTS_BETWEEN) {
                        Thread.onSpinWait();
                    }
                }
                assertThat(answers(old))
                        .as("an open connection keeps what it agreed on")
                        .isTrue();
            }
            stop.set(true);
            int lost = 0;
            for (Future<Integer> caller : callers) {
                lost += caller.get();
            }
            assertThat(lost).isZero();
            assertThat(answered.get()).isGreaterThan(ROTATIONS * REQUESTS_BETWEEN);
        }
    }

    private static String bootstrap(String certificate) throws IOException {
        return """
                static_resources:
                  listeners:
                    - name: edge
                      address: {socket_address: {address: 127.0.0.1, port_value: 0}}
                      filter_chains:
                        - transport_socket: {name: tls, typed_config: {"@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext,
                            common_tls_context: {tls_certificate_sds_secret_configs: [{name: own}]}}}
                          filters:
                            - name: hcm
                              typed_config:
                                "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
                                stat_prefix: edge
                                route_config: {virtual_hosts: [{name: all, domains: ["*"], routes: [{match: {prefix: /}, direct_response: {status: 200}}]}]}
                                http_filters: [{name: router, typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}}]
                  secrets:
                    - name: own
                      tls_certificate: {certificate_chain: {inline_string: "%s"}, private_key: {inline_string: "%s"}}
                """.formatted(pem(certificate + ".crt"), pem(certificate + ".key"));
    }

    private static String pem(String file) throws IOException {
        try (InputStream in = SecretRotationTest.class.getResourceAsStream("/tls/" + file)) {
            return new String(in.readAllBytes(), US_ASCII).replace("\n", "\\n");
        }
    }

    private static SSLSocket connect(int port) throws IOException {
        SSLSocket socket = (SSLSocket) BELIEVER.getSocketFactory().createSocket(InetAddress.getLoopbackAddress(), port);
        socket.startHandshake();
        return socket;
    }

    private static boolean answers(SSLSocket socket) throws IOException {
        socket.getOutputStream().write("GET / HTTP/1.1\r\nhost: a\r\n\r\n".getBytes(US_ASCII));
        return new String(socket.getInputStream().readNBytes(12), US_ASCII).equals("HTTP/1.1 200");
    }

    private static String commonName(SSLSocket socket) throws IOException {
        X509Certificate certificate = (X509Certificate) socket.getSession().getPeerCertificates()[0];
        return certificate.getSubjectX500Principal().getName();
    }

    private static final SSLContext BELIEVER = believer();

    private static SSLContext believer() {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(
                    null,
                    new TrustManager[] {
                        new X509TrustManager() {
                            @Override
                            public void checkClientTrusted(X509Certificate[] chain, String type) {}

                            @Override
                            public void checkServerTrusted(X509Certificate[] chain, String type) {}

                            @Override
                            public X509Certificate[] getAcceptedIssuers() {
                                return new X509Certificate[0];
                            }
                        }
                    },
                    null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }
}
