package io.sluice.gateway.secret;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class CertificateExpiryTest {
    @Test
    @SuppressWarnings("JavaUtilDate") // certificates have no other
    void countsTheDaysToTheFirstEnd() throws IOException {
        AtomicReference<Instant> now = new AtomicReference<>(Instant.EPOCH);
        SimpleMeterRegistry registry = new SimpleMeterRegistry();
        CertificateExpiry expiry = new CertificateExpiry(registry, now::get);
        assertThat(days(registry)).as("as Envoy without certificates").isEqualTo(4_294_967_295.0);

        Certificate one = new Certificate(Pem.certificates(pem("one.crt")), Pem.key(pem("one.key"), ""));
        Certificate two = new Certificate(Pem.certificates(pem("two.crt")), Pem.key(pem("two.key"), ""));
        expiry.update(List.of(one, two));
        Instant end = one.leaf().getNotAfter().toInstant();

        now.set(end.minus(Duration.ofDays(30)).minusSeconds(1));
        assertThat(days(registry)).isEqualTo(30);
        now.set(end.plusSeconds(5));
        assertThat(days(registry)).isZero();
    }

    private static double days(SimpleMeterRegistry registry) {
        return registry.get("envoy.server.days_until_first_cert_expiring")
                .gauge()
                .value();
    }

    private static String pem(String file) throws IOException {
        try (InputStream in = CertificateExpiryTest.class.getResourceAsStream("/tls/" + file)) {
            return new String(in.readAllBytes(), StandardCharsets.US_ASCII);
        }
    }
}
