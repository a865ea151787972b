package io.sluice.loadtests.harness;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Collectors;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;

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

    KeyManager[] keyManagers() {
        try {
            KeyStore store = KeyStore.getInstance("PKCS12");
            store.load(null, null);
            store.setKeyEntry(name, key, new char[0], chain.toArray(X509Certificate[]::new));
            KeyManagerFactory factory = KeyManagerFactory.getInstance("PKIX");
            factory.init(store, new char[0]);
            return factory.getKeyManagers();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(name, e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
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
