package io.sluice.xdsserver.admin;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.sluice.sync.model.Certificate;
import io.sluice.xdsserver.secret.CertificateFacts;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;

/** The degraded modes as figures; no label carries a name from outside. */
final class StatusMeters {
    private StatusMeters() {}

    private static double lostSeconds(Status status) {
        return status.source()
                .lostSince()
                .map(since -> Math.max(0, Duration.between(since, Instant.now()).toMillis() / 1e3))
                .orElse(0.0);
    }

    /** Parses every certificate: whoever asks is a scraper. */
    private static double secondsToFirstEnd(Status status) {
        return status.catalog().stream()
                .flatMap(catalog -> catalog.certificates().stream())
                .filter(certificate -> certificate.content() instanceof Certificate.Content.Own)
                .flatMap(
                        certificate -> CertificateFacts.of(certificate).stream().limit(1))
                .map(CertificateFacts::end)
                .min(Comparator.naturalOrder())
                .map(end -> Duration.between(Instant.now(), end).toMillis() / 1e3)
                .orElse(Double.NaN);
    }

    static void register(MeterRegistry meters, Status status) {
        Gauge.builder("catalog.synced", status, s -> s.source().synced() ? 1 : 0)
                .description("Whether a first whole catalog was read")
                .register(meters);
        Gauge.builder("catalog.lost", status, s -> s.source().lostSince().isPresent() ? 1 : 0)
                .description("Whether the source cannot be read now; what it said last is in force")
                .register(meters);
        Gauge.builder("catalog.lost.seconds", status, StatusMeters::lostSeconds)
                .description("For how long the source cannot be read; 0 while it can")
                .register(meters);
        Gauge.builder("catalog.held", status, s -> s.source().heldBack().size())
                .description(
                        "Parts of the catalog whose newest answer is not believed; what they said before is in force")
                .register(meters);
        Gauge.builder("catalog.certificates.first.end.seconds", status, StatusMeters::secondsToFirstEnd)
                .description(
                        "Until the first certificate ends that nodes show; below 0 where one has, NaN where there is"
                                + " none")
                .register(meters);
        Gauge.builder("catalog.problems", status, s -> s.problems().size())
                .description("Items of the catalog that are refused")
                .register(meters);
        Gauge.builder(
                        "snapshots.served",
                        status,
                        s -> s.groups().stream()
                                .filter(group -> group.serving().isPresent())
                                .count())
                .description("Node groups that have a snapshot")
                .register(meters);
        Gauge.builder(
                        "snapshots.refused",
                        status,
                        s -> s.groups().stream()
                                .filter(group -> group.refusal().isPresent())
                                .count())
                .description("Node groups whose newest snapshot is refused")
                .register(meters);
    }
}
