package io.sluice.gateway.secret;

import io.netty.handler.ssl.OpenSslCertificateException;
import io.sluice.gateway.accesslog.CertificateFacts;
import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.cert.CertPath;
import java.security.cert.CertPathBuilder;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertStore;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.security.cert.CollectionCertStoreParameters;
import java.security.cert.PKIXBuilderParameters;
import java.security.cert.PKIXRevocationChecker;
import java.security.cert.TrustAnchor;
import java.security.cert.X509CertSelector;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Date;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/**
 * Holds the other side's certificate against the rules: its chain, then its names, then its pins, as Envoy does. Knows nothing of the host that
 * was meant; that is a rule among names. Any thread.
 */
@SuppressWarnings("JavaUtilDate") // certificates have no other
final class PeerVerifier extends X509ExtendedTrustManager {
    private static final String CLIENT_USE = "1.3.6.1.5.5.7.3.2";
    private static final String SERVER_USE = "1.3.6.1.5.5.7.3.1";
    private static final String ANY_USE = "2.5.29.37.0";

    /** BoringSSL's X509_V_ERR codes, by which it chooses its alert. */
    private static final int NOT_YET_VALID = 9;

    private static final int EXPIRED = 10;
    private static final int NO_ISSUER = 20;

    private static final int REVOKED = 23;
    private static final int WRONG_PURPOSE = 26;
    private static final String CHAIN = "X509_verify_cert: certificate verification error at depth 0: ";
    private static final int UNKNOWN = 44;

    private final PeerRules rules;
    private final boolean nameMustMatch;
    private final TlsMeters meters;

    PeerVerifier(PeerRules rules, TlsMeters meters) {
        this(rules, false, meters);
    }

    /** @param nameMustMatch whether a server must have the name that it was asked for by */
    PeerVerifier(PeerRules rules, boolean nameMustMatch, TlsMeters meters) {
        this.rules = rules;
        this.nameMustMatch = nameMustMatch;
        this.meters = meters;
    }

    private void verify(X509Certificate[] chain, String use) throws CertificateException {
        if (!rules.trusted().isEmpty()) {
            try {
                verifyChain(chain, use);
            } catch (CertificateException e) {
                if (!rules.acceptUntrusted()) {
                    meters.failVerifyError().increment();
                    throw e;
                }
            }
        }
        verifyNames(chain[0]);
        verifyPins(chain[0]);
    }

    /** Whether it comes from a trusted issuer. */
    boolean trusts(List<X509Certificate> chain, boolean client) {
        try {
            verifyChain(chain.toArray(X509Certificate[]::new), client ? CLIENT_USE : SERVER_USE);
            return true;
        } catch (CertificateException e) {
            return false;
        }
    }

    private void verifyNames(X509Certificate certificate) throws CertificateException {
        if (rules.names().isEmpty()) {
            return;
        }
        for (CertificateFacts.Name name : new CertificateFacts(certificate).names()) {
            for (NameMatcher matcher : rules.names()) {
                if (matcher.matches(name.kind(), name.text())) {
                    return;
                }
            }
        }
        meters.failVerifySan().increment();
        throw new OpenSslCertificateException("SAN matcher, certificate SANs are " + names(certificate), UNKNOWN);
    }

    private static List<String> names(X509Certificate certificate) {
        return new CertificateFacts(certificate)
                .names().stream().map(CertificateFacts.Name::text).toList();
    }

    private void verifyHost(X509Certificate certificate, @Nullable String host) throws CertificateException {
        if (host != null && !host.isEmpty()) {
            for (String name : new CertificateFacts(certificate).names(CertificateFacts.NameKind.DNS)) {
                if (NameMatcher.isSameHost(host, name)) {
                    return;
                }
            }
        }
        meters.failVerifySan().increment();
        throw new OpenSslCertificateException(
                "verify SAN list, expected SANs: [" + host + "], certificate SANs: " + names(certificate), UNKNOWN);
    }

    private void verifyPins(X509Certificate certificate) throws CertificateException {
        if (rules.hashes().isEmpty() && rules.keyPins().isEmpty()) {
            return;
        }
        boolean pinned = rules.hashes().contains(new CertificateFacts(certificate).sha256())
                || rules.keyPins()
                        .contains(Base64.getEncoder()
                                .encodeToString(
                                        sha256(certificate.getPublicKey().getEncoded())));
        if (!pinned) {
            meters.failVerifyCertHash().increment();
            throw new OpenSslCertificateException("cert hash and spki", UNKNOWN);
        }
    }

    private static byte[] sha256(byte[] bytes) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(bytes);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private void verifyChain(X509Certificate[] chain, String use) throws CertificateException {
        X509Certificate leaf = chain[0];
        Date at = new Date();
        if (!rules.allowExpired()) {
            verifyTime(leaf, at);
        } else if (at.after(leaf.getNotAfter())) {
            at = new Date(leaf.getNotAfter().getTime());
        }
        verifyUse(leaf, use);
        if (rules.trusted().contains(leaf)) {
            return; // trusted by itself
        }
        try {
            build(leaf, chain, use, at);
        } catch (CertPathBuilderException e) {
            throw told(e);
        } catch (GeneralSecurityException e) {
            throw new CertificateException(e);
        }
    }

    private static void verifyTime(X509Certificate certificate, Date at) throws CertificateException {
        if (at.before(certificate.getNotBefore())) {
            throw new OpenSslCertificateException(CHAIN + "certificate is not yet valid", NOT_YET_VALID);
        }
        if (at.after(certificate.getNotAfter())) {
            throw new OpenSslCertificateException(CHAIN + "certificate has expired", EXPIRED);
        }
    }

    private static void verifyUse(X509Certificate leaf, String use) throws CertificateException {
        List<String> uses = leaf.getExtendedKeyUsage();
        if (uses != null && !uses.contains(use) && !uses.contains(ANY_USE)) {
            throw new OpenSslCertificateException(CHAIN + "unsupported certificate purpose", WRONG_PURPOSE);
        }
    }

    /** Envoy counts one more of callers than of servers. */
    private int intermediates(String use) {
        int depth = rules.maxDepth();
        return depth <= 0 || use.equals(SERVER_USE) ? depth : depth - 1;
    }

    private void build(X509Certificate leaf, X509Certificate[] chain, String use, Date at)
            throws GeneralSecurityException {
        Set<TrustAnchor> anchors = new HashSet<>();
        rules.trusted().forEach(certificate -> anchors.add(new TrustAnchor(certificate, null)));
        X509CertSelector target = new X509CertSelector();
        target.setCertificate(leaf);
        PKIXBuilderParameters parameters = new PKIXBuilderParameters(anchors, target);
        parameters.setDate(at);
        parameters.setMaxPathLength(intermediates(use));
        List<Object> given = new ArrayList<>(List.of(chain));
        given.addAll(rules.revocations());
        parameters.addCertStore(CertStore.getInstance("Collection", new CollectionCertStoreParameters(given)));
        CertPathBuilder builder = CertPathBuilder.getInstance("PKIX");
        parameters.setRevocationEnabled(false);
        if (!rules.revocations().isEmpty()) {
            PKIXRevocationChecker checker = (PKIXRevocationChecker) builder.getRevocationChecker();
            Set<PKIXRevocationChecker.Option> options =
                    EnumSet.of(PKIXRevocationChecker.Option.PREFER_CRLS, PKIXRevocationChecker.Option.NO_FALLBACK);
            if (rules.leafRevocationOnly()) {
                options.add(PKIXRevocationChecker.Option.ONLY_END_ENTITY);
            }
            checker.setOptions(options);
            parameters.addCertPathChecker(checker);
        }
        CertPath unused = builder.build(parameters).getCertPath();
    }

    /** By the exception's type the handshake's alert is chosen. */
    private static CertificateException told(CertPathBuilderException failure) {
        for (Throwable at = failure; at != null; at = at.getCause()) {
            if (at instanceof CertificateExpiredException) {
                return new OpenSslCertificateException(CHAIN + "certificate has expired", failure, EXPIRED);
            }
            if (at instanceof CertificateNotYetValidException) {
                return new OpenSslCertificateException(CHAIN + "certificate is not yet valid", failure, NOT_YET_VALID);
            }
            if (at instanceof CertPathValidatorException invalid
                    && invalid.getReason() == CertPathValidatorException.BasicReason.REVOKED) {
                return new OpenSslCertificateException(
                        CHAIN + "certificate revocation check against provided CRLs failed: certificate revoked",
                        failure,
                        REVOKED);
            }
        }
        return new OpenSslCertificateException(CHAIN + "unable to get local issuer certificate", failure, NO_ISSUER);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) throws CertificateException {
        verify(chain, CLIENT_USE);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) throws CertificateException {
        verify(chain, SERVER_USE);
        if (nameMustMatch) {
            verifyHost(chain[0], engine.getPeerHost());
        }
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type) throws CertificateException {
        verify(chain, CLIENT_USE);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type) throws CertificateException {
        verify(chain, SERVER_USE);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) throws CertificateException {
        verify(chain, CLIENT_USE);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) throws CertificateException {
        verify(chain, SERVER_USE);
    }

    /** Named to callers, so that they can choose a certificate. */
    @Override
    public X509Certificate[] getAcceptedIssuers() {
        return rules.trusted().toArray(X509Certificate[]::new);
    }
}
