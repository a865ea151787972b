package io.sluice.gateway.filter.jwt;

import io.sluice.gateway.filter.jwt.Jws.RefusedException;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A token with its claims; believed only once its signature is.
 *
 * @param issuer empty where not said
 * @param subject empty where not said
 * @param issuedAt seconds since the epoch; -1 where not said, as the other times
 */
record Jwt(
        Jws signed,
        Map<String, @Nullable Object> claims,
        String issuer,
        String subject,
        List<String> audiences,
        long issuedAt,
        long notBefore,
        long expires) {
    Jwt {
        audiences = List.copyOf(audiences);
    }

    static Jwt parse(String token) throws RefusedException {
        Jws signed = Jws.parse(token);
        if (signed.payloadText().isEmpty()) {
            throw new RefusedException(JwtStatus.BAD_FORMAT);
        }
        Map<String, @Nullable Object> claims =
                JoseJson.parse(signed.payload()).orElseThrow(() -> new RefusedException(JwtStatus.PAYLOAD_BAD_JSON));
        String issuer = string(claims, "iss", JwtStatus.ISS_NOT_STRING);
        String subject = string(claims, "sub", JwtStatus.SUB_NOT_STRING);
        long issuedAt = time(claims, "iat", JwtStatus.IAT_NOT_INTEGER, JwtStatus.IAT_OUT_OF_RANGE);
        long notBefore = time(claims, "nbf", JwtStatus.NBF_NOT_INTEGER, JwtStatus.NBF_OUT_OF_RANGE);
        long expires = time(claims, "exp", JwtStatus.EXP_NOT_INTEGER, JwtStatus.EXP_OUT_OF_RANGE);
        string(claims, "jti", JwtStatus.JTI_NOT_STRING);
        return new Jwt(signed, claims, issuer, subject, audiences(claims), issuedAt, notBefore, expires);
    }

    private static String string(Map<String, @Nullable Object> claims, String name, JwtStatus otherwise)
            throws RefusedException {
        if (!claims.containsKey(name)) {
            return "";
        }
        if (!(claims.get(name) instanceof String text)) {
            throw new RefusedException(otherwise);
        }
        return text;
    }

    private static long time(
            Map<String, @Nullable Object> claims, String name, JwtStatus notInteger, JwtStatus outOfRange)
            throws RefusedException {
        if (!claims.containsKey(name)) {
            return -1;
        }
        Object value = claims.get(name);
        if (value instanceof Double huge && (huge < 0 || huge > Long.MAX_VALUE)) {
            throw new RefusedException(outOfRange);
        }
        if (!(value instanceof Long seconds)) {
            throw new RefusedException(notInteger);
        }
        if (seconds < 0) {
            throw new RefusedException(outOfRange);
        }
        return seconds;
    }

    private static List<String> audiences(Map<String, @Nullable Object> claims) throws RefusedException {
        if (!claims.containsKey("aud")) {
            return List.of();
        }
        Object value = claims.get("aud");
        if (value instanceof String one) {
            return List.of(one);
        }
        if (value instanceof List<?> many && many.stream().allMatch(String.class::isInstance)) {
            return many.stream().map(String.class::cast).toList();
        }
        throw new RefusedException(JwtStatus.AUD_NOT_STRING);
    }

    /** @param skewSeconds how far clocks may be apart */
    JwtStatus checkTime(long nowSeconds, long skewSeconds) {
        if (notBefore > nowSeconds + skewSeconds) {
            return JwtStatus.NOT_YET_VALID;
        }
        return expires >= 0 && nowSeconds - skewSeconds > expires ? JwtStatus.EXPIRED : JwtStatus.OK;
    }
}
