package io.sluice.gateway.filter.jwt;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.gateway.filter.jwt.JwkSetReader.UnusableException;
import io.sluice.gateway.filter.jwt.Jws.RefusedException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** Project Wycheproof's vectors, which hold the mistakes that libraries have made. */
class WycheproofTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** Called valid though their base64 holds a '?': decoders of old skip it. A strict one must not, else two texts are one token. */
    private static final Set<Integer> SLOPPY_BASE64 = Set.of(372, 373);

    /**
     * Called valid though the key says another algorithm than the token: PS256 against PS384, and ES521, which does not exist. RFC 7520, where
     * they come from, has no algorithm in these keys; without it they are valid.
     */
    private static final Set<Integer> KEY_OF_ANOTHER_ALGORITHM = Set.of(346, 347, 350, 351);

    /** Called invalid for padding that the file does not hold: letter by letter they are the valid vector 357. */
    private static final Set<Integer> PADDING_LOST = Set.of(367, 370);

    private static boolean isAccepted(JsonNode key, JsonNode token) {
        try {
            ObjectNode set = JSON.createObjectNode();
            if (key.has("keys")) {
                set.set("keys", key.get("keys"));
            } else {
                set.putArray("keys").add(key);
            }
            JwkSet keys = JwkSetReader.read(JSON.writeValueAsBytes(set));
            String text = token.isTextual() ? token.textValue() : token.toString();
            return keys.verify(Jws.parse(text)) == JwtStatus.OK;
        } catch (UnusableException | RefusedException e) {
            return false;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static JsonNode key(JsonNode group) {
        return group.has("public") ? group.get("public") : group.get("private");
    }

    private static JsonNode read(String name) throws IOException {
        try (InputStream in = WycheproofTest.class.getResourceAsStream("/wycheproof/" + name)) {
            return JSON.readTree(in);
        }
    }

    @Test
    void judgesEverySignatureAsItShould() throws IOException {
        Map<Integer, String> wrong = new TreeMap<>();
        Set<Integer> strict = new TreeSet<>();
        Map<Integer, String> texts = new TreeMap<>();
        for (JsonNode group : read("json_web_signature_test.json").get("testGroups")) {
            for (JsonNode test : group.get("tests")) {
                int id = test.get("tcId").intValue();
                texts.put(id, test.get("jws").toString());
                boolean valid = test.get("result").textValue().equals("valid") || PADDING_LOST.contains(id);
                boolean accepted = isAccepted(key(group), test.get("jws"));
                if (valid && !accepted && (SLOPPY_BASE64.contains(id) || KEY_OF_ANOTHER_ALGORITHM.contains(id))) {
                    strict.add(id);
                } else if (valid != accepted) {
                    wrong.put(id, group.get("comment") + " " + test.get("comment") + " accepted: " + accepted);
                }
            }
        }
        assertThat(texts).hasSize(401);
        PADDING_LOST.forEach(id -> assertThat(texts.get(id)).isEqualTo(texts.get(357)));
        assertThat(wrong).isEmpty();
        assertThat(strict).containsExactly(346, 347, 350, 351, 372, 373);
    }

    @Test
    void acceptsTheTokensOfRfc7520WithTheKeysOfRfc7520() throws IOException {
        int seen = 0;
        for (JsonNode group : read("json_web_signature_test.json").get("testGroups")) {
            for (JsonNode test : group.get("tests")) {
                if (KEY_OF_ANOTHER_ALGORITHM.contains(test.get("tcId").intValue())) {
                    seen++;
                    ObjectNode asInTheRfc = key(group).deepCopy();
                    asInTheRfc.remove("alg");
                    assertThat(isAccepted(asInTheRfc, test.get("jws")))
                            .as(test.get("tcId").toString())
                            .isTrue();
                }
            }
        }
        assertThat(seen).isEqualTo(4);
    }

    @Test
    void usesNoKeyForWhatItIsNotMeantFor() throws IOException {
        Map<Integer, String> wrong = new TreeMap<>();
        for (JsonNode group : read("json_web_key_test.json").get("testGroups")) {
            for (JsonNode test : group.get("tests")) {
                boolean valid = test.get("result").textValue().equals("valid");
                boolean accepted = isAccepted(key(group), test.get("jws"));
                if (valid != accepted) {
                    wrong.put(
                            test.get("tcId").intValue(),
                            group.get("comment") + " " + test.get("comment") + " " + test.get("flags") + " accepted: "
                                    + accepted);
                }
            }
        }
        assertThat(wrong).isEmpty();
    }
}
