package io.sluice.gateway.filter.jwt;

import static io.sluice.gateway.filter.jwt.TokenWriter.base64;
import static io.sluice.gateway.filter.jwt.TokenWriter.jwk;
import static io.sluice.gateway.filter.jwt.TokenWriter.keys;
import static io.sluice.gateway.filter.jwt.TokenWriter.sealed;
import static io.sluice.gateway.filter.jwt.TokenWriter.signed;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.sluice.gateway.filter.jwt.JwkSetReader.UnusableException;
import io.sluice.gateway.filter.jwt.Jws.RefusedException;
import java.security.KeyPair;
import java.util.Base64;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tokens as people who have no key make them, and the honest one beside each. */
class AttackTest {
    private static final long NOW = 1_800_000_000;
    private static final String CLAIMS = "{\"iss\":\"https://issuer.test\",\"sub\":\"ann\",\"exp\":1900000000}";
    private static final KeyPair RSA = TokenWriter.rsa(2048);
    private static final KeyPair SMALL = TokenWriter.rsa(1024);
    private static final KeyPair P256 = TokenWriter.ec("secp256r1");
    private static final KeyPair P384 = TokenWriter.ec("secp384r1");
    private static final KeyPair MALLORY = TokenWriter.rsa(2048);
    private static final byte[] KEYS = keys(jwk(RSA, ",\"kid\":\"rsa\""), jwk(P256, ",\"kid\":\"ec\""));

    private static final String HONEST = rs256("{\"alg\":\"RS256\",\"kid\":\"rsa\"}", CLAIMS);

    private static String rs256(String header, String claims) {
        return signed(header, claims, "SHA256withRSA", RSA);
    }

    private static JwtStatus judge(String token, byte[] keys) {
        try {
            Jwt parsed = Jwt.parse(token);
            JwtStatus time = parsed.checkTime(NOW, 60);
            return time == JwtStatus.OK ? JwkSetReader.read(keys).verify(parsed.signed()) : time;
        } catch (RefusedException e) {
            return e.status();
        } catch (UnusableException e) {
            return JwtStatus.KEYS_NONE_VALID;
        }
    }

    @Test
    void believesTheHonestToken() {
        assertThat(judge(HONEST, KEYS)).isEqualTo(JwtStatus.OK);
        String ec = signed("{\"alg\":\"ES256\"}", CLAIMS, "SHA256withECDSAinP1363Format", P256);
        assertThat(judge(ec, KEYS)).isEqualTo(JwtStatus.OK);
    }

    @ParameterizedTest(name = "alg: \"{0}\"")
    @ValueSource(
            strings = {
                "none",
                "None",
                "NONE",
                "nOnE",
                "noNe",
                "nonE",
                " none",
                "none ",
                "none\\u0000",
                "\\u006eone",
                "",
                "null"
            })
    void knowsNoAlgorithmCalledNone(String spelling) {
        String head = base64("{\"alg\":\"" + spelling + "\"}");
        for (String signature : new String[] {"", "AA", HONEST.substring(HONEST.lastIndexOf('.') + 1)}) {
            assertThat(judge(head + "." + base64(CLAIMS) + "." + signature, KEYS))
                    .isNotEqualTo(JwtStatus.OK);
        }
    }

    static Stream<Arguments> forged() {
        byte[] der = RSA.getPublic().getEncoded();
        String pem = "-----BEGIN PUBLIC KEY-----\n"
                + Base64.getMimeEncoder(64, "\n".getBytes(UTF_8)).encodeToString(der) + "\n-----END PUBLIC KEY-----\n";
        String hs256 = "{\"alg\":\"HS256\",\"kid\":\"rsa\"}";
        String own = jwk(MALLORY, "");
        String[] part = HONEST.split("\\.");
        return Stream.of(
                arguments("the public key's PEM as a secret", sealed(hs256, CLAIMS, pem.getBytes(UTF_8))),
                arguments(
                        "its PEM without the last line's end",
                        sealed(hs256, CLAIMS, pem.strip().getBytes(UTF_8))),
                arguments("its DER as a secret", sealed(hs256, CLAIMS, der)),
                arguments(
                        "the JWK as a secret",
                        sealed(hs256, CLAIMS, jwk(RSA, ",\"kid\":\"rsa\"").getBytes(UTF_8))),
                arguments("nothing as a secret", sealed(hs256, CLAIMS, new byte[] {0})),
                arguments("the token's own key", mallory("{\"alg\":\"RS256\",\"jwk\":" + own + "}")),
                arguments(
                        "the token's own key under our id",
                        mallory("{\"alg\":\"RS256\",\"kid\":\"rsa\",\"jwk\":" + own + "}")),
                arguments(
                        "a key from the token's address",
                        mallory("{\"alg\":\"RS256\",\"jku\":\"http://169.254.169.254/\"}")),
                arguments(
                        "a certificate from the token's address",
                        mallory("{\"alg\":\"RS256\",\"x5u\":\"file:///etc/passwd\"}")),
                arguments("a certificate in the token", mallory("{\"alg\":\"RS256\",\"x5c\":[\"MIIB\"]}")),
                arguments("a path as key id", mallory("{\"alg\":\"RS256\",\"kid\":\"../../dev/null\"}")),
                arguments("SQL as key id", mallory("{\"alg\":\"RS256\",\"kid\":\"' or '1'='1\"}")),
                arguments("another payload", part[0] + "." + base64(CLAIMS.replace("ann", "bob")) + "." + part[2]),
                arguments("another header", base64("{\"alg\":\"RS256\"}") + "." + part[1] + "." + part[2]),
                arguments(
                        "zeros as an EC signature",
                        base64("{\"alg\":\"ES256\"}") + "." + part[1] + "." + base64(new byte[64])),
                arguments("an EC signature in DER", signed("{\"alg\":\"ES256\"}", CLAIMS, "SHA256withECDSA", P256)),
                arguments(
                        "an EC signature of another curve",
                        signed("{\"alg\":\"ES256\"}", CLAIMS, "SHA256withECDSAinP1363Format", P384)),
                arguments(
                        "ES384 of a P-256 key",
                        signed("{\"alg\":\"ES384\"}", CLAIMS, "SHA384withECDSAinP1363Format", P256)),
                arguments("PS256 said, RS256 signed", rs256("{\"alg\":\"PS256\"}", CLAIMS)),
                arguments("RS512 said, RS256 signed", rs256("{\"alg\":\"RS512\"}", CLAIMS)),
                arguments("an algorithm in small letters", rs256("{\"alg\":\"rs256\"}", CLAIMS)),
                arguments("an algorithm twice", rs256("{\"alg\":\"none\",\"alg\":\"RS256\"}", CLAIMS)),
                arguments("a subject twice", rs256("{\"alg\":\"RS256\"}", CLAIMS.replace("{", "{\"sub\":\"bob\","))),
                arguments(
                        "an extension to understand",
                        rs256("{\"alg\":\"RS256\",\"crit\":[\"b64\"],\"b64\":false}", CLAIMS)),
                arguments("a mark before the header", rs256("\uFEFF{\"alg\":\"RS256\"}", CLAIMS)),
                arguments("words behind the header", rs256("{\"alg\":\"RS256\"}{}", CLAIMS)),
                arguments("a comment in the header", rs256("{\"alg\":\"RS256\"/**/}", CLAIMS)),
                arguments(
                        "a payload of 33 levels",
                        rs256("{\"alg\":\"RS256\"}", "{\"a\":" + "[".repeat(40) + "]".repeat(40) + "}")),
                arguments(
                        "a token of 64 KB", rs256("{\"alg\":\"RS256\"}", CLAIMS.replace("ann", "a".repeat(64 * 1024)))),
                arguments(
                        "JWE that wants two billion rounds",
                        base64(
                                        "{\"alg\":\"PBES2-HS256+A128KW\",\"enc\":\"A128GCM\",\"zip\":\"DEF\",\"p2c\":2147483647}")
                                + ".AA.AA.AA.AA"),
                arguments("a dot behind", HONEST + "."),
                arguments("a dot before", "." + HONEST),
                arguments("a blank behind", HONEST + " "),
                arguments("a line's end behind", HONEST + "\n"),
                arguments("padding behind", HONEST + "=="),
                arguments("padding in the header", part[0] + "=." + part[1] + "." + part[2]),
                arguments(
                        "a blank in the signature",
                        part[0] + "." + part[1] + "." + part[2].substring(0, 9) + " " + part[2].substring(9)),
                arguments(
                        "the other alphabet",
                        part[0] + "." + part[1] + "."
                                + part[2].replace('-', '+').replace('_', '/') + "+"),
                arguments(
                        "bits that do not count",
                        part[0] + "." + part[1] + "." + part[2].substring(0, part[2].length() - 1) + "B"),
                arguments("letters beyond ASCII", part[0] + "." + part[1] + "." + part[2].substring(1) + "\u0141"),
                arguments(
                        "an end as text", rs256("{\"alg\":\"RS256\"}", CLAIMS.replace("1900000000", "\"1900000000\""))),
                arguments(
                        "an end with a fraction",
                        rs256("{\"alg\":\"RS256\"}", CLAIMS.replace("1900000000", "1900000000.5"))),
                arguments(
                        "an end with an exponent", rs256("{\"alg\":\"RS256\"}", CLAIMS.replace("1900000000", "1e99"))),
                arguments(
                        "an end beyond all numbers",
                        rs256("{\"alg\":\"RS256\"}", CLAIMS.replace("1900000000", "9".repeat(90)))),
                arguments(
                        "an end that is too long to read",
                        rs256("{\"alg\":\"RS256\"}", CLAIMS.replace("1900000000", "9".repeat(5000)))),
                arguments("an end below zero", rs256("{\"alg\":\"RS256\"}", CLAIMS.replace("1900000000", "-1"))),
                arguments("an end of null", rs256("{\"alg\":\"RS256\"}", CLAIMS.replace("1900000000", "null"))),
                arguments("an end of zero", rs256("{\"alg\":\"RS256\"}", CLAIMS.replace("1900000000", "0"))),
                arguments(
                        "a minute and a second too old",
                        rs256("{\"alg\":\"RS256\"}", CLAIMS.replace("1900000000", "1799999939"))),
                arguments(
                        "a minute and a second too young",
                        rs256("{\"alg\":\"RS256\"}", CLAIMS.replace("\"exp\"", "\"nbf\":1800000061,\"exp\""))));
    }

    private static String mallory(String header) {
        return signed(header, CLAIMS, "SHA256withRSA", MALLORY);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource
    void forged(String name, String token) {
        assertThat(judge(token, KEYS)).isNotEqualTo(JwtStatus.OK);
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource
    void times(long expires, long notBefore, JwtStatus expected) {
        String claims = "{\"exp\":%d,\"nbf\":%d}".formatted(expires, notBefore);
        assertThat(judge(rs256("{\"alg\":\"RS256\"}", claims), KEYS)).isEqualTo(expected);
    }

    static Stream<Arguments> times() {
        return Stream.of(
                arguments(NOW - 60, 0, JwtStatus.OK),
                arguments(NOW - 61, 0, JwtStatus.EXPIRED),
                arguments(NOW, NOW + 60, JwtStatus.OK),
                arguments(NOW, NOW + 61, JwtStatus.NOT_YET_VALID),
                arguments(Long.MAX_VALUE, Long.MAX_VALUE, JwtStatus.NOT_YET_VALID),
                arguments(Long.MAX_VALUE, 0, JwtStatus.OK));
    }

    static Stream<Arguments> keysThatAreNone() {
        String off = jwk(P256, "").replaceFirst("\"y\":\"[^\"]*\"", "\"y\":\"AAAA\"");
        return Stream.of(
                arguments("an RSA key of 1024 bits", keys(jwk(SMALL, "")), "{\"alg\":\"RS256\"}", SMALL),
                arguments("a key for encryption", keys(jwk(RSA, ",\"use\":\"enc\"")), "{\"alg\":\"RS256\"}", RSA),
                arguments(
                        "a key that only signs", keys(jwk(RSA, ",\"key_ops\":[\"sign\"]")), "{\"alg\":\"RS256\"}", RSA),
                arguments(
                        "key_ops that are no list",
                        keys(jwk(RSA, ",\"key_ops\":\"verify\"")),
                        "{\"alg\":\"RS256\"}",
                        RSA),
                arguments(
                        "a key of another algorithm", keys(jwk(RSA, ",\"alg\":\"RS512\"")), "{\"alg\":\"RS256\"}", RSA),
                arguments(
                        "a key of an unknown algorithm",
                        keys(jwk(RSA, ",\"alg\":\"RSA-OAEP\"")),
                        "{\"alg\":\"RS256\"}",
                        RSA),
                arguments("a point beside the curve", keys(off), "{\"alg\":\"ES256\"}", P256),
                arguments(
                        "two keys with one id",
                        keys(jwk(RSA, ",\"kid\":\"a\""), jwk(MALLORY, ",\"kid\":\"a\"")),
                        "{\"alg\":\"RS256\",\"kid\":\"a\"}",
                        RSA),
                arguments("no key", keys(), "{\"alg\":\"RS256\"}", RSA),
                arguments("no JSON", "hello".getBytes(UTF_8), "{\"alg\":\"RS256\"}", RSA));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource
    void keysThatAreNone(String name, byte[] keys, String header, KeyPair signer) {
        String algorithm = header.contains("ES256") ? "SHA256withECDSAinP1363Format" : "SHA256withRSA";
        String token = signed(header, CLAIMS, algorithm, signer);
        assertThat(judge(token, keys)).isNotEqualTo(JwtStatus.OK);
    }

    @Test
    void printsNoSecret() throws UnusableException {
        String secret = base64(new byte[] {
            1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2
        });
        JwkSet keys = JwkSetReader.read(keys("{\"kty\":\"oct\",\"k\":\"" + secret + "\"}"));
        assertThat(keys.toString()).contains("***").doesNotContain(secret).doesNotContain("SecretKeySpec");
    }
}
