package io.sluice.gateway.secret;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.sluice.gateway.accesslog.TlsSession;
import java.util.List;

/** What Envoy counts under {@code ssl.} of a listener or a cluster. Any thread. */
public final class TlsMeters {
    private final MeterRegistry registry;
    private final String prefix;
    private final List<Tag> tags;
    private final Counter handshake;
    private final Counter connectionError;
    private final Counter noCertificate;
    private final Counter failVerifyNoCert;
    private final Counter failVerifyError;
    private final Counter failVerifySan;
    private final Counter failVerifyCertHash;

    private TlsMeters(MeterRegistry registry, String prefix, List<Tag> tags) {
        this.registry = registry;
        this.prefix = prefix;
        this.tags = tags;
        handshake = counter("handshake");
        connectionError = counter("connection_error");
        noCertificate = counter("no_certificate");
        failVerifyNoCert = counter("fail_verify_no_cert");
        failVerifyError = counter("fail_verify_error");
        failVerifySan = counter("fail_verify_san");
        failVerifyCertHash = counter("fail_verify_cert_hash");
    }

    public static TlsMeters ofListener(MeterRegistry registry, String listener) {
        return new TlsMeters(registry, "envoy.listener.ssl.", List.of(Tag.of("envoy_listener_address", listener)));
    }

    public static TlsMeters ofCluster(MeterRegistry registry, String cluster) {
        return new TlsMeters(registry, "envoy.cluster.ssl.", List.of(Tag.of("envoy_cluster_name", cluster)));
    }

    private Counter counter(String name, Tag... more) {
        return Counter.builder(prefix + name).tags(tags).tags(List.of(more)).register(registry);
    }

    /** A handshake is over. */
    public void agreed(TlsSession session) {
        handshake.increment();
        if (session.peer().isEmpty()) {
            noCertificate.increment();
        }
        counter("versions", Tag.of("envoy_ssl_version", session.version())).increment();
        counter("ciphers", Tag.of("envoy_ssl_cipher", session.cipher())).increment();
    }

    /** A handshake broke off. @param wantedCertificate whether the other side showed none though it had to */
    public void failed(boolean wantedCertificate) {
        connectionError.increment();
        if (wantedCertificate) {
            failVerifyNoCert.increment();
        }
    }

    Counter failVerifyError() {
        return failVerifyError;
    }

    Counter failVerifySan() {
        return failVerifySan;
    }

    Counter failVerifyCertHash() {
        return failVerifyCertHash;
    }
}
