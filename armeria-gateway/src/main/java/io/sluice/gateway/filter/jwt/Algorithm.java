package io.sluice.gateway.filter.jwt;

import java.util.Optional;

/** The signature algorithms of RFC 7518 and RFC 8037 that Envoy knows; {@code none} is no algorithm. */
enum Algorithm {
    HS256("HS256", Family.HMAC, "HmacSHA256", 32),
    HS384("HS384", Family.HMAC, "HmacSHA384", 48),
    HS512("HS512", Family.HMAC, "HmacSHA512", 64),
    RS256("RS256", Family.RSA, "SHA256withRSA", 32),
    RS384("RS384", Family.RSA, "SHA384withRSA", 48),
    RS512("RS512", Family.RSA, "SHA512withRSA", 64),
    PS256("PS256", Family.RSA_PSS, "SHA-256", 32),
    PS384("PS384", Family.RSA_PSS, "SHA-384", 48),
    PS512("PS512", Family.RSA_PSS, "SHA-512", 64),
    ES256("ES256", Family.EC, "SHA256withECDSAinP1363Format", 32),
    ES384("ES384", Family.EC, "SHA384withECDSAinP1363Format", 48),
    ES512("ES512", Family.EC, "SHA512withECDSAinP1363Format", 66),
    EDDSA("EdDSA", Family.ED25519, "Ed25519", 64);

    private final String word;
    private final Family family;
    private final String javaName;
    private final int size;

    Algorithm(String word, Family family, String javaName, int size) {
        this.word = word;
        this.family = family;
        this.javaName = javaName;
        this.size = size;
    }

    enum Family {
        HMAC,
        RSA,
        RSA_PSS,
        EC,
        ED25519
    }

    /** Exactly so written. */
    static Optional<Algorithm> of(String word) {
        for (Algorithm algorithm : values()) {
            if (algorithm.word.equals(word)) {
                return Optional.of(algorithm);
            }
        }
        return Optional.empty();
    }

    Family family() {
        return family;
    }

    /** The signature's or digest's name in the Java platform. */
    String javaName() {
        return javaName;
    }

    /** Bytes of the digest; of a curve's numbers; of an Ed25519 signature. */
    int size() {
        return size;
    }
}
