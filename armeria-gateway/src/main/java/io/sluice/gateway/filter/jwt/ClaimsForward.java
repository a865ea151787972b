package io.sluice.gateway.filter.jwt;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.linecorp.armeria.common.RequestHeadersBuilder;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What goes on of a believed token: headers to the upstream, values to the filters behind. */
final class ClaimsForward {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final double TWO_TO_64 = 0x1p64;

    private ClaimsForward() {}

    static void apply(RequestHeadersBuilder headers, Jwt token, Provider provider) {
        if (!provider.payloadHeader().isEmpty()) {
            String payload = token.signed().payloadText();
            headers.add(
                    provider.payloadHeader(),
                    provider.padPayload() ? payload + "=".repeat((4 - payload.length() % 4) % 4) : payload);
        }
        for (Provider.ClaimHeader claim : provider.claimHeaders()) {
            String value = text(find(token.claims(), claim.claim()));
            if (!value.isEmpty() && isHeaderValue(value)) {
                headers.add(claim.header(), value);
            }
        }
    }

    private static @Nullable Object find(Map<String, @Nullable Object> claims, String path) {
        Object found = claims;
        for (String step : path.split("\\.", -1)) {
            found = found instanceof Map<?, ?> map ? map.get(step) : null;
        }
        return found;
    }

    /** As Envoy writes it: whole numbers plain, others with six digits, lists and objects as base64 of their JSON; empty for nothing. */
    private static String text(@Nullable Object value) {
        return switch (value) {
            case null -> "";
            case String text -> text;
            case Boolean yes -> yes.toString();
            case Number number -> number(number.doubleValue());
            case Map<?, ?> object -> json(object);
            case List<?> list -> json(list);
            default -> throw new IllegalArgumentException("not of JSON: " + value.getClass());
        };
    }

    private static String number(double number) {
        return number >= 0 && number < TWO_TO_64 && number == Math.floor(number)
                ? new BigDecimal(number).toBigInteger().toString()
                : String.format(Locale.ROOT, "%.6f", number);
    }

    private static String json(Object value) {
        try {
            return Base64.getEncoder()
                    .encodeToString(JSON.writeValueAsString(value).getBytes(StandardCharsets.UTF_8));
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(e);
        }
    }

    /** A claim never becomes a header line of its own. */
    private static boolean isHeaderValue(String value) {
        return value.chars().allMatch(c -> c == '\t' || (c >= ' ' && c != 0x7f));
    }

    /** As protobuf's Struct has it. @param spaceDelimited claims that become lists */
    static Map<String, @Nullable Object> struct(Map<String, @Nullable Object> claims, List<String> spaceDelimited) {
        Map<String, @Nullable Object> struct = new HashMap<>();
        claims.forEach((name, value) -> struct.put(name, value(value)));
        for (String name : spaceDelimited) {
            if (struct.get(name) instanceof String text) {
                List<@Nullable Object> parts = new ArrayList<>();
                for (String part : text.split(" ")) {
                    if (!part.isEmpty()) {
                        parts.add(part);
                    }
                }
                struct.put(name, parts);
            }
        }
        return struct;
    }

    private static @Nullable Object value(@Nullable Object value) {
        return switch (value) {
            case null -> null;
            case Number number -> number.doubleValue();
            case Map<?, ?> object -> {
                Map<String, @Nullable Object> struct = new HashMap<>();
                object.forEach((name, inner) -> struct.put((String) name, value(inner)));
                yield struct;
            }
            case List<?> list -> {
                List<@Nullable Object> items = new ArrayList<>();
                list.forEach(item -> items.add(value(item)));
                yield items;
            }
            default -> value;
        };
    }
}
