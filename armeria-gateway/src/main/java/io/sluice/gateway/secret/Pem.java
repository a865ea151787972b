package io.sluice.gateway.secret;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.InvalidKeyException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.Cipher;
import javax.crypto.EncryptedPrivateKeyInfo;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;

/** Reads PEM as OpenSSL does, keys of its older forms too. Messages of exceptions never hold what was read. */
final class Pem {
    private static final Pattern BLOCK = Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----([^-]*)-----END \\1-----");
    private static final byte[] RSA =
            bytes(0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00);
    private static final byte[] EC = bytes(0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01);
    private static final byte[] VERSION = bytes(0x02, 0x01, 0x00);
    private static final int SEQUENCE = 0x30;
    private static final int OCTETS = 0x04;
    private static final int CURVE = 0xa0;

    private Pem() {}

    private static byte[] bytes(int... values) {
        byte[] bytes = new byte[values.length];
        for (int i = 0; i < values.length; i++) {
            bytes[i] = (byte) values[i];
        }
        return bytes;
    }

    @SuppressWarnings("ArrayRecordComponent") // nobody compares blocks
    private record Block(String label, byte[] content) {}

    private static List<Block> blocks(String text) throws IOException {
        List<Block> blocks = new ArrayList<>();
        Matcher matcher = BLOCK.matcher(text);
        while (matcher.find()) {
            try {
                blocks.add(new Block(matcher.group(1), Base64.getMimeDecoder().decode(matcher.group(2))));
            } catch (IllegalArgumentException e) {
                throw new IOException("a PEM block that is not base64");
            }
        }
        return blocks;
    }

    /** @throws IOException saying what is wrong with it */
    static List<X509Certificate> certificates(String text) throws IOException {
        List<X509Certificate> found = new ArrayList<>();
        for (Block block : blocks(text)) {
            if (block.label().equals("CERTIFICATE") || block.label().equals("TRUSTED CERTIFICATE")) {
                try {
                    found.add(
                            (X509Certificate) factory().generateCertificate(new ByteArrayInputStream(block.content())));
                } catch (CertificateException e) {
                    throw new IOException("certificate " + (found.size() + 1) + " cannot be read: " + e.getMessage());
                }
            }
        }
        if (found.isEmpty()) {
            throw new IOException("no certificate in it");
        }
        return found;
    }

    static List<X509CRL> revocations(String text) throws IOException {
        List<X509CRL> found = new ArrayList<>();
        for (Block block : blocks(text)) {
            if (block.label().equals("X509 CRL")) {
                try {
                    found.add((X509CRL) factory().generateCRL(new ByteArrayInputStream(block.content())));
                } catch (GeneralSecurityException e) {
                    throw new IOException(
                            "revocation list " + (found.size() + 1) + " cannot be read: " + e.getMessage());
                }
            }
        }
        if (found.isEmpty()) {
            throw new IOException("no revocation list in it");
        }
        return found;
    }

    private static CertificateFactory factory() {
        try {
            return CertificateFactory.getInstance("X.509");
        } catch (CertificateException e) {
            throw new IllegalStateException(e);
        }
    }

    /** @param password of an encrypted key; empty where there is none */
    static PrivateKey key(String text, String password) throws IOException {
        for (Block block : blocks(text)) {
            switch (block.label()) {
                case "PRIVATE KEY" -> {
                    return pkcs8(block.content());
                }
                case "RSA PRIVATE KEY" -> {
                    return pkcs8(wrapped(RSA, block.content()));
                }
                case "EC PRIVATE KEY" -> {
                    byte[] algorithm = value(SEQUENCE, joined(EC, curve(block.content())));
                    return pkcs8(wrapped(algorithm, block.content()));
                }
                case "ENCRYPTED PRIVATE KEY" -> {
                    return pkcs8(decrypted(block.content(), password));
                }
                default -> {} // parameters, or the certificate in the same file
            }
        }
        throw new IOException("no private key in it");
    }

    private static byte[] decrypted(byte[] content, String password) throws IOException {
        try {
            EncryptedPrivateKeyInfo encrypted = new EncryptedPrivateKeyInfo(content);
            Cipher cipher = Cipher.getInstance(encrypted.getAlgParameters().toString());
            var key = SecretKeyFactory.getInstance(encrypted.getAlgParameters().toString())
                    .generateSecret(new PBEKeySpec(password.toCharArray()));
            cipher.init(Cipher.DECRYPT_MODE, key, encrypted.getAlgParameters());
            return encrypted.getKeySpec(cipher).getEncoded();
        } catch (GeneralSecurityException | NullPointerException e) {
            throw new IOException("the key is encrypted, and its password does not open it");
        }
    }

    private static PrivateKey pkcs8(byte[] content) throws IOException {
        for (String algorithm : List.of("EC", "RSA", "EdDSA")) {
            try {
                return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(content));
            } catch (InvalidKeySpecException otherAlgorithm) {
                // the next one
            } catch (GeneralSecurityException e) {
                throw new IllegalStateException(e);
            }
        }
        throw new IOException("a key that is neither EC nor RSA nor EdDSA");
    }

    /** The curve's OID of an ECPrivateKey, which stands in it under a tag of its own. */
    private static byte[] curve(byte[] content) throws IOException {
        int at = header(content, 0);
        while (at < content.length) {
            int from = at + header(content, at);
            int length = length(content, at);
            if ((content[at] & 0xff) == CURVE) {
                return Arrays.copyOfRange(content, from, from + length);
            }
            at = from + length;
        }
        throw new IOException("an EC key that does not say its curve");
    }

    private static int header(byte[] content, int at) throws IOException {
        if (at + 1 >= content.length) {
            throw new IOException("a key that breaks off");
        }
        int first = content[at + 1] & 0xff;
        return first < 0x80 ? 2 : 2 + (first & 0x7f);
    }

    private static int length(byte[] content, int at) throws IOException {
        int size = header(content, at);
        int length = content[at + 1] & 0xff;
        if (length >= 0x80) {
            length = 0;
            for (int i = at + 2; i < at + size; i++) {
                length = length << 8 | (content[i] & 0xff);
            }
        }
        if (length < 0 || length > content.length - at - size) {
            throw new IOException("a key that breaks off");
        }
        return length;
    }

    private static byte[] wrapped(byte[] algorithm, byte[] key) {
        return value(SEQUENCE, joined(joined(VERSION, algorithm), value(OCTETS, key)));
    }

    private static byte[] joined(byte[] first, byte[] second) {
        byte[] both = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, both, first.length, second.length);
        return both;
    }

    private static byte[] value(int tag, byte[] content) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(tag);
        if (content.length < 0x80) {
            out.write(content.length);
        } else {
            out.write(0x82);
            out.write(content.length >> 8);
            out.write(content.length);
        }
        out.writeBytes(content);
        return out.toByteArray();
    }

    /** Whether a key signs what the certificate vouches for. */
    static boolean belongTogether(PrivateKey key, X509Certificate certificate) {
        byte[] sample = "sluice".getBytes(StandardCharsets.US_ASCII);
        String algorithm = switch (key.getAlgorithm()) {
            case "EC" -> "SHA256withECDSA";
            case "RSA" -> "SHA256withRSA";
            default -> key.getAlgorithm();
        };
        try {
            Signature signing = Signature.getInstance(algorithm);
            signing.initSign(key);
            signing.update(sample);
            byte[] signature = signing.sign();
            Signature checking = Signature.getInstance(algorithm);
            checking.initVerify(certificate.getPublicKey());
            checking.update(sample);
            return checking.verify(signature);
        } catch (InvalidKeyException e) {
            return false; // of another algorithm
        } catch (GeneralSecurityException e) {
            return false;
        }
    }
}
