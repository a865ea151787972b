package io.sluice.gateway.secret;

import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.List;

/**
 * A certificate with its key.
 *
 * @param chain its own certificate first
 */
public record Certificate(List<X509Certificate> chain, PrivateKey key) {
    public Certificate {
        chain = List.copyOf(chain);
    }

    public X509Certificate leaf() {
        return chain.getFirst();
    }

    boolean isElliptic() {
        return key.getAlgorithm().equals("EC");
    }

    /** Never the key. */
    @Override
    public String toString() {
        return leaf().getSubjectX500Principal().getName() + " ***";
    }
}
