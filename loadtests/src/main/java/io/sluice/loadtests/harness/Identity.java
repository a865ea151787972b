package io.sluice.loadtests.harness;

import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Collectors;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedKeyManager;
import org.jspecify.annotations.Nullable;

/**
 * A key with its certificate.
 *
 * @param chain its own certificate first; the authority's is not in it
 */
public record Identity(String name, List<X509Certificate> chain, PrivateKey key) {
    public Identity {
        chain = List.copyOf(chain);
    }

    public X509Certificate certificate() {
        return chain.getFirst();
    }

    /** The whole chain. */
    public String certificatePem() {
        return chain.stream()
                .map(certificate -> pem("CERTIFICATE", encoded(certificate)))
                .collect(Collectors.joining());
    }

    public String keyPem() {
        return pem("PRIVATE KEY", key.getEncoded());
    }

    /** Of the certificate, in hex, as {@code verify_certificate_hash} takes it. */
    public String sha256() {
        return HexFormat.of().formatHex(digest(encoded(certificate())));
    }

    /** Of the public key, in base64, as {@code verify_certificate_spki} takes it. */
    public String spki() {
        return Base64.getEncoder()
                .encodeToString(digest(certificate().getPublicKey().getEncoded()));
    }

    /** Shows it to anybody, whoever was asked for. */
    KeyManager[] keyManagers() {
        return new KeyManager[] {
            new X509ExtendedKeyManager() {
                @Override
                public String[] getClientAliases(String type, Principal[] issuers) {
                    return new String[] {name};
                }

                @Override
                public String chooseClientAlias(String[] types, Principal[] issuers, Socket socket) {
                    return name;
                }

                @Override
                public String chooseEngineClientAlias(String[] types, Principal[] issuers, SSLEngine engine) {
                    return name;
                }

                @Override
                public String[] getServerAliases(String type, Principal[] issuers) {
                    return new String[] {name};
                }

                @Override
                public @Nullable String chooseServerAlias(String type, Principal[] issuers, Socket socket) {
                    return fits(type) ? name : null;
                }

                @Override
                public @Nullable String chooseEngineServerAlias(String type, Principal[] issuers, SSLEngine engine) {
                    return fits(type) ? name : null;
                }

                @Override
                public X509Certificate[] getCertificateChain(String alias) {
                    return chain.toArray(X509Certificate[]::new);
                }

                @Override
                public PrivateKey getPrivateKey(String alias) {
                    return key;
                }
            }
        };
    }

    private boolean fits(String type) {
        return type.startsWith(key.getAlgorithm());
    }

    static String pem(String label, byte[] bytes) {
        String lines = Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.US_ASCII))
                .encodeToString(bytes);
        return "-----BEGIN " + label + "-----\n" + lines + "\n-----END " + label + "-----\n";
    }

    private static byte[] encoded(X509Certificate certificate) {
        try {
            return certificate.getEncoded();
        } catch (CertificateEncodingException e) {
            throw new IllegalStateException(e);
        }
    }

    private static byte[] digest(byte[] bytes) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(bytes);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public String toString() {
        return name;
    }
}
