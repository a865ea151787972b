package io.sluice.gateway.filter.jwt;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A signed token in compact form, taken apart and not yet believed. What the header says of keys ({@code jwk}, {@code jku}, {@code x5u}, {@code
 * x5c}) is nothing to us: keys come from the configuration.
 */
final class Jws {
    /** Longer ones are refused before anything is read of them. */
    static final int MAX_LENGTH = 32 * 1024;

    private final Algorithm algorithm;
    private final String keyId;
    private final Map<String, @Nullable Object> header;
    private final String text;
    private final int signedEnd;
    private final String payloadText;
    private final byte[] payload;
    private final byte[] signature;

    private Jws(
            Algorithm algorithm,
            String keyId,
            Map<String, @Nullable Object> header,
            String text,
            int signedEnd,
            String payloadText,
            byte[] payload,
            byte[] signature) {
        this.algorithm = algorithm;
        this.keyId = keyId;
        this.header = header;
        this.text = text;
        this.signedEnd = signedEnd;
        this.payloadText = payloadText;
        this.payload = payload;
        this.signature = signature;
    }

    /** Why a token is refused. */
    static final class RefusedException extends Exception {
        private static final long serialVersionUID = 1;

        private final JwtStatus status;

        RefusedException(JwtStatus status) {
            super(status.text(), null, false, false);
            this.status = status;
        }

        JwtStatus status() {
            return status;
        }
    }

    static Jws parse(String text) throws RefusedException {
        int first = text.indexOf('.');
        int second = text.indexOf('.', first + 1);
        if (first <= 0 || second < 0 || text.indexOf('.', second + 1) >= 0 || second + 1 == text.length()) {
            throw new RefusedException(JwtStatus.BAD_FORMAT);
        }
        if (text.length() > MAX_LENGTH) {
            throw new RefusedException(JwtStatus.VERIFICATION_FAILS);
        }
        byte[] head = decoded(text, 0, first, JwtStatus.HEADER_BAD_BASE64);
        Map<String, @Nullable Object> header =
                JoseJson.parse(head).orElseThrow(() -> new RefusedException(JwtStatus.HEADER_BAD_JSON));
        if (!(header.get("alg") instanceof String word)) {
            throw new RefusedException(JwtStatus.HEADER_BAD_ALG);
        }
        Algorithm algorithm = Algorithm.of(word).orElseThrow(() -> new RefusedException(JwtStatus.HEADER_UNKNOWN_ALG));
        String keyId = "";
        if (header.containsKey("kid")) {
            if (!(header.get("kid") instanceof String kid)) {
                throw new RefusedException(JwtStatus.HEADER_BAD_KID);
            }
            keyId = kid;
        }
        byte[] payload = decoded(text, first + 1, second, JwtStatus.PAYLOAD_BAD_BASE64);
        byte[] signature = decoded(text, second + 1, text.length(), JwtStatus.SIGNATURE_BAD_BASE64);
        if (header.containsKey("crit")) { // extensions that must be understood: we know none
            throw new RefusedException(JwtStatus.VERIFICATION_FAILS);
        }
        return new Jws(algorithm, keyId, header, text, second, text.substring(first + 1, second), payload, signature);
    }

    private static byte[] decoded(String text, int from, int to, JwtStatus otherwise) throws RefusedException {
        byte[] bytes = Base64Url.decode(text, from, to);
        if (bytes == null) {
            throw new RefusedException(otherwise);
        }
        return bytes;
    }

    Algorithm algorithm() {
        return algorithm;
    }

    /** Empty where the token names no key. */
    String keyId() {
        return keyId;
    }

    Map<String, @Nullable Object> header() {
        return header;
    }

    byte[] signed() {
        return text.substring(0, signedEnd).getBytes(US_ASCII);
    }

    /** As it stands in the token. */
    String payloadText() {
        return payloadText;
    }

    byte[] payload() {
        return payload;
    }

    byte[] signature() {
        return signature;
    }
}
