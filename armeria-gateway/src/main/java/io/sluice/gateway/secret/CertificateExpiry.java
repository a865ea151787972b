package io.sluice.gateway.secret;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;

/** When the first of our certificates in force ends, for whoever must renew it. Any thread. */
public final class CertificateExpiry {
    /** Envoy's, where there are none. */
    private static final double NEVER = 4_294_967_295.0;

    private final InstantSource clock;
    private volatile Instant first = Instant.MAX;

    public CertificateExpiry(MeterRegistry registry, InstantSource clock) {
        this.clock = clock;
        Gauge.builder("envoy.server.days_until_first_cert_expiring", this, CertificateExpiry::days)
                .register(registry);
    }

    /** @param certificates all that are in force */
    public void update(List<Certificate> certificates) {
        first = certificates.stream()
                .flatMap(certificate -> certificate.chain().stream())
                .map(CertificateExpiry::end)
                .min(Instant::compareTo)
                .orElse(Instant.MAX);
    }

    @SuppressWarnings("JavaUtilDate") // certificates have no other
    private static Instant end(X509Certificate certificate) {
        return certificate.getNotAfter().toInstant();
    }

    /** 0 on the last day and after it. */
    private double days() {
        Instant end = first;
        return end.equals(Instant.MAX)
                ? NEVER
                : Math.max(0, Duration.between(clock.instant(), end).toDays());
    }
}
