package io.sluice.loadtests.harness;

import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/**
 * One side of a TLS connection, caller or upstream. It believes any certificate, and says which one it saw.
 *
 * @param sni the name a caller asks for; empty asks for none
 * @param alpn in order of preference; empty offers nothing
 * @param identity what it shows; a server needs one
 * @param wantsClient of a server: whether it asks callers for a certificate
 * @param versions {@code TLSv1.2}, {@code TLSv1.3}; empty leaves it to Java
 * @param ciphers Java's names; empty leaves it to Java
 */
public record TlsPeer(
        Optional<String> sni,
        List<String> alpn,
        Optional<Identity> identity,
        boolean wantsClient,
        List<String> versions,
        List<String> ciphers) {
    private static final Pattern ALERT = Pattern.compile("fatal alert: (\\w+)");

    public TlsPeer {
        alpn = List.copyOf(alpn);
        versions = List.copyOf(versions);
        ciphers = List.copyOf(ciphers);
    }

    public static TlsPeer caller(String sni, String... alpn) {
        return new TlsPeer(Optional.of(sni), List.of(alpn), Optional.empty(), false, List.of(), List.of());
    }

    public static TlsPeer server(Identity identity, String... alpn) {
        return new TlsPeer(Optional.empty(), List.of(alpn), Optional.of(identity), true, List.of(), List.of());
    }

    SSLContext context() {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(identity.map(Identity::keyManagers).orElse(null), new TrustManager[] {new Anyone()}, null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    SSLParameters parameters(boolean server) {
        SSLParameters parameters = new SSLParameters();
        parameters.setApplicationProtocols(alpn.toArray(String[]::new));
        if (!versions.isEmpty()) {
            parameters.setProtocols(versions.toArray(String[]::new));
        }
        if (!ciphers.isEmpty()) {
            parameters.setCipherSuites(ciphers.toArray(String[]::new));
        }
        if (server) {
            parameters.setWantClientAuth(wantsClient);
        } else {
            sni.ifPresent(name -> parameters.setServerNames(List.of(new SNIHostName(name))));
        }
        return parameters;
    }

    /** The name of the alert with which the peer ended the handshake; {@code closed} where it just closed. */
    public static String failure(Throwable cause) {
        for (Throwable at = cause; at != null; at = at.getCause()) {
            Matcher alert = ALERT.matcher(String.valueOf(at.getMessage()));
            if (alert.find()) {
                return alert.group(1).toLowerCase(Locale.ROOT);
            }
        }
        return "closed";
    }

    private static final Map<Integer, String> ALERTS = Map.of(
            40,
            "handshake_failure",
            42,
            "bad_certificate",
            43,
            "unsupported_certificate",
            44,
            "certificate_revoked",
            45,
            "certificate_expired",
            46,
            "certificate_unknown",
            48,
            "unknown_ca",
            70,
            "protocol_version",
            80,
            "internal_error",
            114,
            "bad_certificate_hash_value");

    /** Of a record that is an alert in clear text. */
    static String clearAlert(byte[] record) {
        boolean alert = record.length == 7 && record[0] == 21;
        return alert ? ALERTS.getOrDefault(record[6] & 0xff, "number " + (record[6] & 0xff)) : "closed";
    }

    /** {@code TLSv1.3 h2 server}: version, ALPN and the peer's common name, {@code -} for none. */
    static String agreed(SSLSession session, @Nullable String alpn) {
        return session.getProtocol() + " " + (alpn == null || alpn.isEmpty() ? "-" : alpn) + " " + peer(session);
    }

    /** As {@link #agreed} with the name that the caller asked for before its own. */
    static String accepted(SSLSession session, @Nullable String alpn) {
        String sni = ((ExtendedSSLSession) session)
                .getRequestedServerNames().stream()
                        .map(name -> name instanceof SNIHostName host ? host.getAsciiName() : name.toString())
                        .findFirst()
                        .orElse("-");
        return session.getProtocol() + " " + (alpn == null || alpn.isEmpty() ? "-" : alpn) + " " + sni + " "
                + peer(session);
    }

    private static String peer(SSLSession session) {
        try {
            X509Certificate certificate = (X509Certificate) session.getPeerCertificates()[0];
            return certificate.getSubjectX500Principal().getName().replaceFirst("CN=([^,]*).*", "$1");
        } catch (SSLPeerUnverifiedException e) {
            return "-";
        }
    }

    /** Extended, so that Java adds no checks of its own. */
    private static final class Anyone extends X509ExtendedTrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
