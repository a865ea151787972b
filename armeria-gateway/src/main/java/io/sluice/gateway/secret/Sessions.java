package io.sluice.gateway.secret;

import io.netty.handler.ssl.SslHandler;
import io.sluice.gateway.accesslog.CertificateFacts;
import io.sluice.gateway.accesslog.TlsSession;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;

/** Reads what two sides agreed on. */
final class Sessions {
    private Sessions() {}

    /** @param callers whether the other side is a caller */
    static TlsSession of(
            SslHandler handler, @Nullable String serverName, PeerRules rules, PeerVerifier verifier, boolean callers) {
        SSLSession session = handler.engine().getSession();
        List<X509Certificate> chain = new ArrayList<>();
        try {
            for (Certificate certificate : session.getPeerCertificates()) {
                chain.add((X509Certificate) certificate);
            }
        } catch (SSLPeerUnverifiedException e) {
            chain.clear();
        }
        Certificate[] own = session.getLocalCertificates();
        String alpn = handler.applicationProtocol();
        boolean validated = !chain.isEmpty()
                && rules.areAny()
                && (!rules.acceptUntrusted() || rules.trusted().isEmpty() || verifier.trusts(chain, callers));
        return new TlsSession(
                session.getProtocol(),
                openSslName(session.getCipherSuite()),
                HexFormat.of().formatHex(session.getId()),
                serverName == null ? "" : serverName,
                alpn == null ? "" : alpn,
                own == null || own.length == 0 ? null : new CertificateFacts((X509Certificate) own[0]),
                chain,
                validated);
    }

    /** {@code TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256} is {@code ECDHE-RSA-AES128-GCM-SHA256}; names of TLS 1.3 stay. */
    static String openSslName(String javaName) {
        int with = javaName.indexOf("_WITH_");
        if (with < 0) {
            return javaName;
        }
        String exchange = javaName.substring(4, with);
        String cipher = javaName.substring(with + 6)
                .replace("AES_128", "AES128")
                .replace("AES_256", "AES256")
                .replace("_CBC_", "_")
                .replace("CHACHA20_POLY1305_SHA256", "CHACHA20_POLY1305");
        return (exchange.equals("RSA") ? cipher : exchange + "_" + cipher).replace('_', '-');
    }
}
