package io.sluice.gateway.filter.jwt;

import java.io.ByteArrayInputStream;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.cert.CertificateFactory;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.ECFieldFp;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.ECParameterSpec;
import java.security.spec.ECPoint;
import java.security.spec.ECPublicKeySpec;
import java.security.spec.EdECPoint;
import java.security.spec.EdECPublicKeySpec;
import java.security.spec.NamedParameterSpec;
import java.security.spec.RSAPublicKeySpec;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * Reads RFC 7517's key sets, and Envoy's other form: an object of PEM certificates by key id. A key that may not verify signatures, or that is
 * weaker than RFC 7518 allows, is left out; the others count.
 */
final class JwkSetReader {
    private static final int MIN_RSA_BITS = 2048;
    private static final int MAX_RSA_BITS = 16_384;
    private static final int ED25519_BYTES = 32;
    private static final Set<BigInteger> EXPONENTS = Set.of(BigInteger.valueOf(3), BigInteger.valueOf(65_537));

    private JwkSetReader() {}

    /** What is wrong with a set, or with one key of it. */
    static final class UnusableException extends Exception {
        private static final long serialVersionUID = 1;

        UnusableException(String message) {
            super(message);
        }
    }

    /** @throws UnusableException where there is not one usable key; nothing of a key is in its message */
    static JwkSet read(byte[] json) throws UnusableException {
        Map<String, @Nullable Object> set =
                JoseJson.parse(json).orElseThrow(() -> new UnusableException("Jwks is an invalid JSON"));
        List<Jwk> keys = new ArrayList<>();
        List<String> unusable = new ArrayList<>();
        if (set.containsKey("keys")) {
            if (!(set.get("keys") instanceof List<?> entries)) {
                throw new UnusableException("[keys] in Jwks is not an array");
            }
            Set<String> broken = new HashSet<>();
            for (int i = 0; i < entries.size(); i++) {
                try {
                    keys.add(key(entries.get(i)));
                } catch (UnusableException e) {
                    unusable.add("keys[" + i + "]: " + e.getMessage());
                    if (entries.get(i) instanceof Map<?, ?> key
                            && isForSignatures(key)
                            && key.get("kid") instanceof String id) {
                        broken.add(id);
                    }
                }
            }
            leaveOutAmbiguous(keys, broken, unusable);
        } else {
            for (Map.Entry<String, @Nullable Object> entry : set.entrySet()) {
                keys.add(certificate(entry.getKey(), entry.getValue()));
            }
        }
        if (keys.isEmpty()) {
            throw new UnusableException(JwtStatus.KEYS_NONE_VALID.text() + (unusable.isEmpty() ? "" : ": " + unusable));
        }
        return new JwkSet(keys, unusable);
    }

    /** Whoever reads a set of public keys would know a secret in it; and of two keys with one id nobody can say which is meant. */
    private static void leaveOutAmbiguous(List<Jwk> keys, Set<String> broken, List<String> unusable) {
        boolean open = keys.stream().anyMatch(key -> key.material() instanceof Jwk.Material.Public);
        for (Jwk key : List.copyOf(keys)) {
            if (open && key.material() instanceof Jwk.Material.Secret) {
                keys.remove(key);
                unusable.add("secret key '" + key.id() + "' beside public keys");
            }
        }
        List<Jwk> left = List.copyOf(keys);
        for (Jwk key : left) {
            if (broken.contains(key.id()) || left.stream().anyMatch(other -> isRival(key, other))) {
                keys.remove(key);
                unusable.add("key '" + key.id() + "': another one has the same id");
            }
        }
    }

    private static boolean isRival(Jwk one, Jwk other) {
        return !one.id().isEmpty()
                && one.id().equals(other.id())
                && one.algorithms().stream().anyMatch(other.algorithms()::contains)
                && !one.equals(other);
    }

    private static Jwk key(@Nullable Object entry) throws UnusableException {
        if (!(entry instanceof Map<?, ?> key)) {
            throw new UnusableException("not an object");
        }
        if (!isForSignatures(key)) {
            throw new UnusableException("[use] is not sig, or [key_ops] does not hold verify");
        }
        try {
            return switch (text(key, "kty")) {
                case "RSA" -> rsa(key);
                case "EC" -> ec(key);
                case "oct" -> secret(key);
                case "OKP" -> ed25519(key);
                default -> throw new UnusableException("[kty] is not supported");
            };
        } catch (GeneralSecurityException e) {
            throw new UnusableException("not a key of its kind");
        }
    }

    private static boolean isForSignatures(Map<?, ?> key) {
        return (!key.containsKey("use") || "sig".equals(key.get("use")))
                && (!key.containsKey("key_ops")
                        || (key.get("key_ops") instanceof List<?> ops && ops.contains("verify")));
    }

    private static Jwk jwk(Map<?, ?> key, Set<Algorithm> possible, Jwk.Material material) throws UnusableException {
        Set<Algorithm> allowed = EnumSet.copyOf(possible);
        boolean named = key.containsKey("alg");
        if (named) {
            Optional<Algorithm> algorithm = Algorithm.of(text(key, "alg"));
            if (algorithm.isEmpty() || !possible.contains(algorithm.get())) {
                throw new UnusableException("[alg] is not one of " + possible);
            }
            allowed = EnumSet.of(algorithm.get());
        }
        return new Jwk(key.containsKey("kid") ? text(key, "kid") : "", allowed, named, material);
    }

    private static Jwk rsa(Map<?, ?> key) throws UnusableException, GeneralSecurityException {
        BigInteger modulus = number(key, "n");
        BigInteger exponent = number(key, "e");
        PublicKey open = KeyFactory.getInstance("RSA").generatePublic(new RSAPublicKeySpec(modulus, exponent));
        checkRsa(modulus, exponent);
        return jwk(key, RSA, new Jwk.Material.Public(open));
    }

    private static final Set<Algorithm> RSA = EnumSet.of(
            Algorithm.RS256, Algorithm.RS384, Algorithm.RS512, Algorithm.PS256, Algorithm.PS384, Algorithm.PS512);

    private static void checkRsa(BigInteger modulus, BigInteger exponent) throws UnusableException {
        if (modulus.bitLength() < MIN_RSA_BITS || modulus.bitLength() > MAX_RSA_BITS) {
            throw new UnusableException("[n] has " + modulus.bitLength() + " bits (expected: 2048..16384)");
        }
        if (!EXPONENTS.contains(exponent)) {
            throw new UnusableException("[e] is neither 3 nor 65537");
        }
        if (isOfWeakGenerator(modulus)) {
            throw new UnusableException("[n] was made by the generator of CVE-2017-15361");
        }
    }

    /** Its primes are powers of 65537 modulo many small primes, and so is their product; of other numbers 1 in 10^8 looks so. */
    private static boolean isOfWeakGenerator(BigInteger modulus) {
        for (int prime : TELLING_PRIMES) {
            int rest = modulus.mod(BigInteger.valueOf(prime)).intValue();
            int power = 1;
            boolean found = false;
            do {
                found |= power == rest;
                power = power * (65_537 % prime) % prime;
            } while (power != 1);
            if (!found) {
                return false;
            }
        }
        return true;
    }

    private static final int[] TELLING_PRIMES = {
        11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157
    };

    private static Jwk ec(Map<?, ?> key) throws UnusableException, GeneralSecurityException {
        String curve = key.containsKey("crv") ? text(key, "crv") : curveOf(key);
        Algorithm algorithm = switch (curve) {
            case "P-256" -> Algorithm.ES256;
            case "P-384" -> Algorithm.ES384;
            case "P-521" -> Algorithm.ES512;
            default -> throw new UnusableException("[crv] is not P-256, P-384 or P-521");
        };
        AlgorithmParameters parameters = AlgorithmParameters.getInstance("EC");
        parameters.init(new ECGenParameterSpec(
                switch (algorithm) {
                    case ES384 -> "secp384r1";
                    case ES512 -> "secp521r1";
                    default -> "secp256r1";
                }));
        ECParameterSpec spec = parameters.getParameterSpec(ECParameterSpec.class);
        ECPoint point = new ECPoint(number(key, "x"), number(key, "y"));
        if (!isOn(spec, point)) {
            throw new UnusableException("[x] and [y] are not on the curve");
        }
        PublicKey open = KeyFactory.getInstance("EC").generatePublic(new ECPublicKeySpec(point, spec));
        return jwk(key, EnumSet.of(algorithm), new Jwk.Material.Public(open));
    }

    /** Of a key that does not say it. */
    private static String curveOf(Map<?, ?> key) {
        return key.get("alg") instanceof String alg
                ? switch (alg) {
                    case "ES384" -> "P-384";
                    case "ES512" -> "P-521";
                    default -> "P-256";
                }
                : "P-256";
    }

    /** The platform does not look when it makes a key. */
    private static boolean isOn(ECParameterSpec spec, ECPoint point) {
        BigInteger p = ((ECFieldFp) spec.getCurve().getField()).getP();
        BigInteger x = point.getAffineX();
        BigInteger y = point.getAffineY();
        if (x.compareTo(p) >= 0 || y.compareTo(p) >= 0) {
            return false;
        }
        BigInteger right = x.multiply(x)
                .add(spec.getCurve().getA())
                .multiply(x)
                .add(spec.getCurve().getB())
                .mod(p);
        return y.multiply(y).mod(p).equals(right);
    }

    private static Jwk secret(Map<?, ?> key) throws UnusableException {
        byte[] bytes = bytes(key, "k");
        Set<Algorithm> possible = EnumSet.noneOf(Algorithm.class);
        for (Algorithm algorithm : List.of(Algorithm.HS256, Algorithm.HS384, Algorithm.HS512)) {
            if (bytes.length >= algorithm.size()) { // RFC 7518, section 3.2
                possible.add(algorithm);
            }
        }
        if (possible.isEmpty()) {
            throw new UnusableException("[k] has " + bytes.length + " bytes (expected: at least 32)");
        }
        return jwk(key, possible, new Jwk.Material.Secret(new SecretKeySpec(bytes, "HMAC")));
    }

    private static Jwk ed25519(Map<?, ?> key) throws UnusableException, GeneralSecurityException {
        if (!text(key, "crv").equals("Ed25519")) {
            throw new UnusableException("[crv] is not Ed25519");
        }
        byte[] bytes = bytes(key, "x");
        if (bytes.length != ED25519_BYTES) {
            throw new UnusableException("[x] has " + bytes.length + " bytes (expected: 32)");
        }
        byte[] bigEndian = new byte[ED25519_BYTES];
        for (int i = 0; i < ED25519_BYTES; i++) {
            bigEndian[i] = bytes[ED25519_BYTES - 1 - i];
        }
        boolean odd = (bigEndian[0] & 0x80) != 0;
        bigEndian[0] &= 0x7f;
        PublicKey open = KeyFactory.getInstance("Ed25519")
                .generatePublic(new EdECPublicKeySpec(
                        NamedParameterSpec.ED25519, new EdECPoint(odd, new BigInteger(1, bigEndian))));
        return jwk(key, EnumSet.of(Algorithm.EDDSA), new Jwk.Material.Public(open));
    }

    private static Jwk certificate(String id, @Nullable Object pem) throws UnusableException {
        if (id.isEmpty() || !(pem instanceof String text) || !text.startsWith("-----BEGIN CERTIFICATE-----")) {
            throw new UnusableException("Jwks does not have [keys] field");
        }
        try {
            PublicKey key = CertificateFactory.getInstance("X.509")
                    .generateCertificate(new ByteArrayInputStream(text.getBytes(StandardCharsets.US_ASCII)))
                    .getPublicKey();
            if (!(key instanceof RSAPublicKey rsa)) {
                throw new UnusableException("certificate '" + id + "' has no RSA key");
            }
            checkRsa(rsa.getModulus(), rsa.getPublicExponent());
            return new Jwk(id, RSA, false, new Jwk.Material.Public(key));
        } catch (GeneralSecurityException e) {
            throw new UnusableException("certificate '" + id + "' cannot be read");
        }
    }

    private static String text(Map<?, ?> key, String name) throws UnusableException {
        if (!(key.get(name) instanceof String text)) {
            throw new UnusableException("[" + name + "] is missing or not a string");
        }
        return text;
    }

    private static byte[] bytes(Map<?, ?> key, String name) throws UnusableException {
        byte[] bytes = Base64Url.decode(text(key, name));
        if (bytes == null || bytes.length == 0) {
            throw new UnusableException("[" + name + "] is not base64url");
        }
        return bytes;
    }

    private static BigInteger number(Map<?, ?> key, String name) throws UnusableException {
        return new BigInteger(1, bytes(key, name));
    }
}
