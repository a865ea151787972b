package io.sluice.gateway.filter.jwt;

import java.util.List;

/**
 * The keys of an issuer.
 *
 * @param unusable why others were left out
 */
record JwkSet(List<Jwk> keys, List<String> unusable) {
    JwkSet {
        keys = List.copyOf(keys);
        unusable = List.copyOf(unusable);
    }

    JwtStatus verify(Jws token) {
        boolean meant = false;
        for (Jwk key : keys) {
            if (!key.isMeantFor(token)) {
                continue;
            }
            meant = true;
            if (key.hasSigned(token)) {
                return JwtStatus.OK;
            }
            if (isTooShort(key, token)) {
                return JwtStatus.ED25519_SIGNATURE_WRONG_LENGTH;
            }
        }
        return meant ? JwtStatus.VERIFICATION_FAILS : JwtStatus.KEYS_NONE_MATCHES;
    }

    /** Envoy tells this one apart. */
    private static boolean isTooShort(Jwk key, Jws token) {
        return key.algorithms().contains(Algorithm.EDDSA) && token.signature().length != Algorithm.EDDSA.size();
    }
}
