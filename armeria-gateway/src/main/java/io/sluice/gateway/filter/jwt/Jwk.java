package io.sluice.gateway.filter.jwt;

import java.security.GeneralSecurityException;
import java.security.InvalidKeyException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.PublicKey;
import java.security.Signature;
import java.security.SignatureException;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.PSSParameterSpec;
import java.util.EnumSet;
import java.util.Set;
import javax.crypto.Mac;
import javax.crypto.SecretKey;

/**
 * A key and what it may be used for: a token's own word never widens that.
 *
 * @param id empty where the key has none: then it is tried for every token
 * @param named whether the key itself says its algorithm
 */
record Jwk(String id, Set<Algorithm> algorithms, boolean named, Material material) {
    Jwk {
        algorithms = Set.copyOf(EnumSet.copyOf(algorithms));
    }

    sealed interface Material {
        record Public(PublicKey key) implements Material {}

        /** Prints nothing of itself. */
        record Secret(SecretKey key) implements Material {
            @Override
            public String toString() {
                return "***";
            }
        }
    }

    /** As Envoy chooses keys: by the id where both have one, and by the algorithm where the key says it. */
    boolean isMeantFor(Jws token) {
        return (id.isEmpty() || token.keyId().isEmpty() || id.equals(token.keyId()))
                && (!named || algorithms.contains(token.algorithm()));
    }

    boolean hasSigned(Jws token) {
        Algorithm algorithm = token.algorithm();
        if (!algorithms.contains(algorithm)) {
            return false;
        }
        try {
            return switch (material) {
                case Material.Secret secret -> mac(secret.key(), algorithm, token);
                case Material.Public open -> signature(open.key(), algorithm, token);
            };
        } catch (SignatureException e) {
            return false; // not even the form of a signature
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("a key that its algorithm does not take", e);
        }
    }

    private static boolean mac(SecretKey key, Algorithm algorithm, Jws token)
            throws NoSuchAlgorithmException, InvalidKeyException {
        Mac mac = Mac.getInstance(algorithm.javaName());
        mac.init(key);
        return MessageDigest.isEqual(mac.doFinal(token.signed()), token.signature());
    }

    private static boolean signature(PublicKey key, Algorithm algorithm, Jws token) throws GeneralSecurityException {
        byte[] signature = token.signature();
        if (algorithm.family() == Algorithm.Family.EC && signature.length != 2 * algorithm.size()) {
            return false;
        }
        Signature verifier = verifier(algorithm);
        verifier.initVerify(key);
        verifier.update(token.signed());
        return verifier.verify(signature);
    }

    private static Signature verifier(Algorithm algorithm) throws GeneralSecurityException {
        if (algorithm.family() != Algorithm.Family.RSA_PSS) {
            return Signature.getInstance(algorithm.javaName());
        }
        Signature verifier = Signature.getInstance("RSASSA-PSS");
        verifier.setParameter(new PSSParameterSpec(
                algorithm.javaName(),
                "MGF1",
                new MGF1ParameterSpec(algorithm.javaName()),
                algorithm.size(),
                PSSParameterSpec.TRAILER_FIELD_BC));
        return verifier;
    }
}
