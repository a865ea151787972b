package io.sluice.gateway.secret;

import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * What the other side's certificate must be; without any rule it is not looked at.
 *
 * @param trusted those who may have issued it; empty trusts anybody, as Envoy does
 * @param revocations where there are some, every authority of the chain must have one
 * @param leafRevocationOnly of the certificate alone
 * @param names one of its names must match one of them
 * @param hashes SHA-256 of the certificate, lower-case hex
 * @param keyPins SHA-256 of the public key, base64; this or the hash must be among them where there are any
 * @param acceptUntrusted what does not come from a trusted issuer is let in and told apart
 * @param maxDepth certificates above it, the trusted one among them, which 0 allows too; -1 for any number
 */
public record PeerRules(
        List<X509Certificate> trusted,
        List<X509CRL> revocations,
        boolean leafRevocationOnly,
        List<NameMatcher> names,
        List<String> hashes,
        List<String> keyPins,
        boolean acceptUntrusted,
        boolean allowExpired,
        int maxDepth) {
    public static final PeerRules NONE =
            new PeerRules(List.of(), List.of(), false, List.of(), List.of(), List.of(), false, false, -1);

    public PeerRules {
        trusted = List.copyOf(trusted);
        revocations = List.copyOf(revocations);
        names = List.copyOf(names);
        hashes = List.copyOf(hashes);
        keyPins = List.copyOf(keyPins);
    }

    /** Whether a certificate is looked at. */
    public boolean areAny() {
        return !trusted.isEmpty() || !names.isEmpty() || !hashes.isEmpty() || !keyPins.isEmpty();
    }

    /** Whether not just anybody passes. */
    boolean verify() {
        return (!trusted.isEmpty() && !acceptUntrusted) || !hashes.isEmpty() || !keyPins.isEmpty();
    }

    /** Whether one must be shown even where that is not said, as in Envoy. */
    boolean needOne() {
        return !acceptUntrusted && (!names.isEmpty() || !hashes.isEmpty() || !keyPins.isEmpty());
    }

    /** As Envoy merges a secret over the rules that stand beside its name: lists grow, what is set replaces. */
    PeerRules over(PeerRules under) {
        return new PeerRules(
                trusted.isEmpty() ? under.trusted : trusted,
                revocations.isEmpty() ? under.revocations : revocations,
                leafRevocationOnly || under.leafRevocationOnly,
                both(under.names, names),
                both(under.hashes, hashes),
                both(under.keyPins, keyPins),
                acceptUntrusted || under.acceptUntrusted,
                allowExpired || under.allowExpired,
                maxDepth < 0 ? under.maxDepth : maxDepth);
    }

    /** With one more name to match one of. */
    PeerRules withName(NameMatcher name) {
        return new PeerRules(
                trusted,
                revocations,
                leafRevocationOnly,
                both(names, List.of(name)),
                hashes,
                keyPins,
                acceptUntrusted,
                allowExpired,
                maxDepth);
    }

    private static <T> List<T> both(List<T> first, List<T> second) {
        return new ArrayList<>(Stream.concat(first.stream(), second.stream()).toList());
    }
}
