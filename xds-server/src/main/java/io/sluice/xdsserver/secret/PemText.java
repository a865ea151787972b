package io.sluice.xdsserver.secret;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads PEM. Messages of exceptions never hold what was read. */
final class PemText {
    private static final Pattern BLOCK = Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----([^-]*)-----END \\1-----");
    private static final Pattern CERTIFICATE = Pattern.compile("-----BEGIN [A-Z0-9 ]*CERTIFICATE-----");
    private static final byte[] VERSION = {2, 1, 0};
    private static final byte[] SAMPLE = "sluice".getBytes(StandardCharsets.US_ASCII);
    private static final int SEQUENCE = 0x30;
    private static final int OCTETS = 0x04;

    private PemText() {}

    /** @throws IOException saying what is wrong */
    static List<X509Certificate> certificates(String pem) throws IOException {
        List<X509Certificate> found = new ArrayList<>();
        Matcher block = BLOCK.matcher(pem);
        while (block.find()) {
            if (block.group(1).endsWith("CERTIFICATE")) {
                try {
                    found.add((X509Certificate) CertificateFactory.getInstance("X.509")
                            .generateCertificate(new ByteArrayInputStream(content(block.group(2)))));
                } catch (CertificateException e) {
                    throw new IOException("certificate " + (found.size() + 1) + " in it cannot be read");
                }
            }
        }
        if (found.size() < CERTIFICATE.matcher(pem).results().count()) {
            throw new IOException("has a certificate that is cut off");
        }
        if (found.isEmpty()) {
            throw new IOException("has no certificate in PEM");
        }
        return found;
    }

    /** @throws IOException where there is no key, or it is not the certificate's, saying which */
    static void checkKey(String pem, PublicKey certified) throws IOException {
        if (pem.contains("Proc-Type: 4,ENCRYPTED")) {
            throw new IOException("is encrypted");
        }
        Matcher block = BLOCK.matcher(pem);
        while (block.find()) {
            byte[] content = content(block.group(2));
            switch (block.group(1)) {
                case "PRIVATE KEY" -> checkFits(content, certified);
                case "RSA PRIVATE KEY", "EC PRIVATE KEY" -> checkFits(wrapped(content, certified), certified);
                case "ENCRYPTED PRIVATE KEY" -> throw new IOException("is encrypted");
                default -> {
                    continue; // parameters, or the certificate in the same file
                }
            }
            return;
        }
        throw new IOException("has no private key in PEM");
    }

    private static byte[] content(String base64) throws IOException {
        try {
            return Base64.getMimeDecoder().decode(base64);
        } catch (IllegalArgumentException e) {
            throw new IOException("has a PEM block that is not base64");
        }
    }

    private static void checkFits(byte[] pkcs8, PublicKey certified) throws IOException {
        try {
            PrivateKey key =
                    KeyFactory.getInstance(certified.getAlgorithm()).generatePrivate(new PKCS8EncodedKeySpec(pkcs8));
            Signature signature = Signature.getInstance(
                    switch (certified.getAlgorithm()) {
                        case "EC" -> "SHA256withECDSA";
                        case "RSA" -> "SHA256withRSA";
                        default -> certified.getAlgorithm();
                    });
            signature.initSign(key);
            signature.update(SAMPLE);
            byte[] signed = signature.sign();
            signature.initVerify(certified);
            signature.update(SAMPLE);
            if (signature.verify(signed)) {
                return;
            }
        } catch (GeneralSecurityException e) {
            // of another kind: not its key either
        }
        throw new IOException("is not the key of the certificate");
    }

    /** A key of OpenSSL's older forms as PKCS #8, which says the algorithm in front: the same as the certificate does. */
    private static byte[] wrapped(byte[] key, PublicKey certified) {
        byte[] encoded = certified.getEncoded();
        int at = (encoded[1] & 0x80) == 0 ? 2 : 2 + (encoded[1] & 0x7f);
        byte[] algorithm = Arrays.copyOfRange(encoded, at, at + 2 + encoded[at + 1]);
        ByteArrayOutputStream fields = new ByteArrayOutputStream();
        fields.writeBytes(VERSION);
        fields.writeBytes(algorithm);
        fields.writeBytes(der(OCTETS, key));
        return der(SEQUENCE, fields.toByteArray());
    }

    private static byte[] der(int tag, byte[] content) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(tag);
        out.write(0x82);
        out.write(content.length >> 8);
        out.write(content.length);
        out.writeBytes(content);
        return out.toByteArray();
    }
}
