package io.sluice.gateway.filter.jwt;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.ECGenParameterSpec;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** Writes tokens and keys, good ones and others. */
final class TokenWriter {
    private static final Base64.Encoder BASE64 = Base64.getUrlEncoder().withoutPadding();

    private TokenWriter() {}

    static KeyPair rsa(int bits) {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
            generator.initialize(bits);
            return generator.generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    static KeyPair ec(String curve) {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
            generator.initialize(new ECGenParameterSpec(curve));
            return generator.generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    static String base64(byte[] bytes) {
        return BASE64.encodeToString(bytes);
    }

    static String base64(String text) {
        return base64(text.getBytes(UTF_8));
    }

    /** @param more further fields, each with a comma before it */
    static String jwk(KeyPair pair, String more) {
        return switch (pair.getPublic()) {
            case RSAPublicKey key ->
                "{\"kty\":\"RSA\",\"n\":\"%s\",\"e\":\"%s\"%s}"
                        .formatted(base64(unsigned(key.getModulus())), base64(unsigned(key.getPublicExponent())), more);
            case ECPublicKey key ->
                "{\"kty\":\"EC\",\"crv\":\"P-%d\",\"x\":\"%s\",\"y\":\"%s\"%s}"
                        .formatted(
                                key.getParams().getCurve().getField().getFieldSize(),
                                base64(unsigned(key.getW().getAffineX())),
                                base64(unsigned(key.getW().getAffineY())),
                                more);
            default -> throw new IllegalArgumentException(pair.getPublic().getAlgorithm());
        };
    }

    static byte[] keys(String... jwks) {
        return ("{\"keys\":[" + String.join(",", jwks) + "]}").getBytes(UTF_8);
    }

    private static byte[] unsigned(BigInteger number) {
        byte[] bytes = number.toByteArray();
        return bytes[0] == 0 && bytes.length > 1 ? java.util.Arrays.copyOfRange(bytes, 1, bytes.length) : bytes;
    }

    /** @param algorithm of the Java platform */
    static String signed(String header, String payload, String algorithm, KeyPair pair) {
        String text = base64(header) + "." + base64(payload);
        try {
            Signature signer = Signature.getInstance(algorithm);
            signer.initSign(pair.getPrivate());
            signer.update(text.getBytes(UTF_8));
            return text + "." + base64(signer.sign());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    static String sealed(String header, String payload, byte[] secret) {
        String text = base64(header) + "." + base64(payload);
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(secret, "HMAC"));
            return text + "." + base64(mac.doFinal(text.getBytes(UTF_8)));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }
}
