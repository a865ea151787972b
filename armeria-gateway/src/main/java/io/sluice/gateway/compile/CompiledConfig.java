package io.sluice.gateway.compile;

import io.sluice.gateway.cluster.ClusterSpec;
import io.sluice.gateway.cluster.LoadAssignment;
import io.sluice.gateway.secret.Certificate;
import io.sluice.gateway.secret.CertificateSource;
import io.sluice.gateway.secret.Secrets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Everything the gateway obeys at one moment. Immutable, published whole.
 *
 * @param assignments by the name under which clusters ask for their endpoints
 */
public record CompiledConfig(
        List<ClusterSpec> clusters,
        Map<String, LoadAssignment> assignments,
        List<CompiledListener> listeners,
        Secrets secrets) {
    public CompiledConfig {
        clusters = List.copyOf(clusters);
        assignments = Map.copyOf(assignments);
        listeners = List.copyOf(listeners);
    }

    /** Ours, towards callers and upstreams. */
    public List<Certificate> certificates() {
        List<Certificate> all = new ArrayList<>(secrets.certificates().values());
        for (CompiledListener listener : listeners) {
            for (CompiledChain chain : listener.all()) {
                if (chain.tls() != null) {
                    chain.tls().certificates().forEach(source -> inline(source, all));
                }
            }
        }
        for (ClusterSpec cluster : clusters) {
            cluster.sockets().all().forEach(tls -> tls.certificate().ifPresent(source -> inline(source, all)));
        }
        return all;
    }

    private static void inline(CertificateSource source, List<Certificate> all) {
        if (source instanceof CertificateSource.Inline given) {
            all.add(given.certificate());
        }
    }
}
