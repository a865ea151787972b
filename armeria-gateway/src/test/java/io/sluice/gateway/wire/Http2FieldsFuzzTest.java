package io.sluice.gateway.wire;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.netty.util.AsciiString;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Header blocks of any fields beside a naive reading of RFC 9113, section 8. */
class Http2FieldsFuzzTest {
    private static final String TOKEN = "[!#$%&'*+\\-.^_`|~0-9a-z]+";
    private static final String VALUE =
            "|[\\x21-\\x7e\\x80-\\xff]([\\t\\x20-\\x7e\\x80-\\xff]*[\\x21-\\x7e\\x80-\\xff])?";
    private static final String AUTHORITY =
            "(\\[[0-9A-Fa-f:.]{2,}\\]|[A-Za-z0-9\\-._~!$&'()*+;=%]+)(:0*([0-9]{0,4}|[1-5][0-9]{4}|6[0-4][0-9]{3}"
                    + "|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]))?";

    private record Field(String name, String value) {}

    /** @param input fields, each {@code name}, 0xFF, {@code value}, 0xFE */
    @FuzzTest(maxDuration = "60s")
    void aBlockIsLetInWhereANaiveReaderWouldLetItIn(byte[] input) {
        List<Field> fields = new ArrayList<>();
        for (String field : new String(input, ISO_8859_1).split("\u00fe")) {
            int end = field.indexOf('\u00ff');
            fields.add(end < 0 ? new Field(field, "") : new Field(field.substring(0, end), field.substring(end + 1)));
        }
        Http2Fields read = new Http2Fields();
        fields.forEach(field -> read.add(
                new AsciiString(field.name().getBytes(ISO_8859_1)),
                new AsciiString(field.value().getBytes(ISO_8859_1))));
        assertThat(read.wrongForRequest() == null).as("%s", fields).isEqualTo(isRequest(fields));
    }

    private static boolean isRequest(List<Field> fields) {
        Map<String, String> pseudo = new HashMap<>();
        Map<String, String> once = new HashMap<>();
        boolean regular = false;
        for (Field field : fields) {
            if (!field.value().matches(VALUE)) {
                return false;
            }
            if (field.name().startsWith(":")) {
                if (regular
                        || !List.of(":method", ":scheme", ":path", ":authority").contains(field.name())
                        || pseudo.put(field.name(), field.value()) != null) {
                    return false;
                }
                continue;
            }
            regular = true;
            if (!field.name().matches(TOKEN)) {
                return false;
            }
            switch (field.name()) {
                case "connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade" -> {
                    return false;
                }
                case "te" -> {
                    if (!field.value().equalsIgnoreCase("trailers")) {
                        return false;
                    }
                }
                case "host", "content-length" -> {
                    boolean length = field.name().equals("content-length");
                    if (once.put(field.name(), field.value()) != null
                            || (length && !field.value().matches("[0-9]{1,18}"))) {
                        return false;
                    }
                }
                default -> {}
            }
        }
        String method = pseudo.getOrDefault(":method", "");
        String authority = pseudo.get(":authority");
        if (!method.matches("(?i)" + TOKEN)) {
            return false;
        }
        if (authority != null && !authority.matches(AUTHORITY)) {
            return false;
        }
        if (method.equals("CONNECT")) {
            return authority != null && !pseudo.containsKey(":path") && !pseudo.containsKey(":scheme");
        }
        String host = once.get("host");
        return pseudo.containsKey(":scheme")
                && !pseudo.getOrDefault(":path", "").isEmpty()
                && (host == null || (authority == null ? host.matches(AUTHORITY) : host.equalsIgnoreCase(authority)));
    }
}
