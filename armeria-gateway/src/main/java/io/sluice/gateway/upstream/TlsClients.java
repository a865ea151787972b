package io.sluice.gateway.upstream;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.sluice.gateway.cluster.Cluster;
import io.sluice.gateway.cluster.ClusterSpec;
import io.sluice.gateway.secret.ClientTls;
import io.sluice.gateway.secret.Secrets;
import io.sluice.gateway.secret.TlsMeters;
import io.sluice.gateway.secret.UpstreamTls;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import javax.net.ssl.SSLException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The TLS of all clusters, with the newest secrets: new connections get it, those that are open keep theirs. Any thread. */
final class TlsClients {
    private static final Logger log = LoggerFactory.getLogger(TlsClients.class);

    private final MeterRegistry registry;
    private final Map<Key, Optional<Made>> made = new ConcurrentHashMap<>();
    private final Map<String, TlsMeters> meters = new ConcurrentHashMap<>();
    private volatile Secrets secrets = Secrets.NONE;

    TlsClients(MeterRegistry registry) {
        this.registry = registry;
    }

    private record Key(String cluster, UpstreamTls spec, ClusterSpec.Protocol protocol, boolean nameMustMatch) {}

    /** What a connection is made secure with. */
    record Made(ClientTls tls, TlsMeters meters, Counter unverified) {}

    /** New secrets: what was made with others is made anew when it is asked for. */
    void secrets(Secrets next) {
        if (!next.equals(secrets)) {
            secrets = next;
            made.keySet().removeIf(key -> !key.spec().secrets().isEmpty());
        }
    }

    /** Empty while a secret is missing, or where it cannot be made. */
    Optional<Made> of(Cluster cluster, UpstreamTls spec) {
        ClusterSpec configured = cluster.spec();
        Key key = new Key(
                cluster.name(),
                spec,
                configured.protocol(),
                configured.sockets().nameMustMatch());
        return made.computeIfAbsent(key, this::make);
    }

    private Optional<Made> make(Key key) {
        TlsMeters counted = meters.computeIfAbsent(key.cluster(), name -> TlsMeters.ofCluster(registry, name));
        List<String> alpn = switch (key.protocol()) {
            case HTTP1 -> List.of("http/1.1");
            case HTTP2 -> List.of("h2");
        };
        try {
            Optional<ClientTls> client = ClientTls.of(key.spec(), secrets, alpn, key.nameMustMatch(), counted);
            if (client.map(ClientTls::believesAnybody).orElse(false)) {
                log.warn("upstream certificates are not verified cluster={}", key.cluster());
            }
            return client.map(tls -> new Made(tls, counted, unverified(key.cluster())));
        } catch (SSLException | IllegalArgumentException e) {
            log.error("TLS cannot be made cluster={} reason={}", key.cluster(), e.toString());
            return Optional.empty();
        }
    }

    private Counter unverified(String cluster) {
        return Counter.builder("upstream.tls.unverified")
                .description("connections to endpoints whose certificate nobody looked at")
                .tag("envoy_cluster_name", cluster)
                .register(registry);
    }
}
