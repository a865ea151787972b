package io.sluice.loadtests.scenario;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.loadtests.harness.Authority;
import io.sluice.loadtests.harness.Gateway;
import io.sluice.loadtests.harness.Identity;
import io.sluice.loadtests.harness.Part;
import io.sluice.loadtests.harness.RealParts;
import io.sluice.loadtests.harness.RecordingUpstream;
import io.sluice.loadtests.harness.StaticBootstrap;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The suite of others for HTTP/2 servers, as it is. Rule: every case of h2spec passes, in clear text and over TLS; none is skipped. */
class H2specScenario {
    private static final Pattern SUMMARY =
            Pattern.compile("(\\d+) tests, (\\d+) passed, (\\d+) skipped, (\\d+) failed");
    private static final int CASES_AT_LEAST = 145;
    private static final long MINUTES = 4;

    /** Cases that send wrong frames after a whole request are about a stream that is still open. */
    private static final Duration UNANSWERED = Duration.ofMillis(50);

    @ParameterizedTest
    @ValueSource(strings = {"clear text", "TLS"})
    void passesEveryCase(String transport, @TempDir Path folder) throws Exception {
        RealParts.require(Part.H2SPEC);
        boolean tls = transport.equals("TLS");
        try (RecordingUpstream upstream = Upstreams.slow("hello", UNANSWERED)) {
            passesEveryCase(tls, upstream.port(), transport, folder);
        }
    }

    private static void passesEveryCase(boolean tls, int upstream, String transport, Path folder) throws Exception {
        StaticBootstrap bootstrap =
                StaticBootstrap.to(upstream).manager("http2_protocol_options: {max_concurrent_streams: 100}");
        Path file = bootstrap.write(folder);
        if (tls) {
            Files.writeString(file, secure(bootstrap.text(), folder), UTF_8);
        }
        try (Gateway gateway = Gateway.start(file, bootstrap.adminPort(), Map.of())) {
            List<String> words = new ArrayList<>(List.of(
                    Part.H2SPEC.need().toString(),
                    "-h",
                    "127.0.0.1",
                    "-p",
                    Integer.toString(bootstrap.port()),
                    "-o",
                    "5"));
            if (tls) {
                words.addAll(List.of("-t", "-k"));
            }
            String report = run(words, folder.resolve("h2spec.log"));
            Matcher summary = SUMMARY.matcher(report);
            assertThat(summary.find()).as(report).isTrue();
            int cases = Integer.parseInt(summary.group(1));
            assertThat(cases).isGreaterThanOrEqualTo(CASES_AT_LEAST);
            assertThat(summary.group())
                    .as(report)
                    .isEqualTo(cases + " tests, " + cases + " passed, 0 skipped, 0 failed");
            System.out.println("h2spec over " + transport + ": " + summary.group());
            assertThat(gateway.process().isAlive()).isTrue();
        }
    }

    private static String secure(String bootstrap, Path folder) throws Exception {
        Identity own = Authority.root("h2spec").issue("h2spec").ip("127.0.0.1").signed();
        Path chain = Files.writeString(folder.resolve("chain.pem"), own.certificatePem(), UTF_8);
        Path key = Files.writeString(folder.resolve("key.pem"), own.keyPem(), UTF_8);
        Matcher filters = Pattern.compile("(?m)^( *)- filters:").matcher(bootstrap);
        assertThat(filters.find()).isTrue();
        String socket =
                """
                - transport_socket:
                    name: tls
                    typed_config:
                      "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext
                      common_tls_context:
                        alpn_protocols: [h2]
                        tls_certificates: [{certificate_chain: {filename: %s}, private_key: {filename: %s}}]
                  filters:
                """.formatted(chain, key).indent(filters.group(1).length()).stripTrailing();
        return filters.replaceFirst(Matcher.quoteReplacement(socket));
    }

    private static String run(List<String> words, Path log) throws Exception {
        Process process = new ProcessBuilder(words)
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        try {
            assertThat(process.waitFor(MINUTES, TimeUnit.MINUTES))
                    .as("h2spec ends")
                    .isTrue();
            return Files.readString(log, UTF_8);
        } finally {
            process.destroyForcibly();
        }
    }
}
