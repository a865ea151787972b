package io.sluice.gateway.filter.apikeyauth;

import com.linecorp.armeria.common.RequestHeadersBuilder;
import io.sluice.gateway.filter.Cookies;
import io.sluice.gateway.filter.QueryString;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Where a key may stand. */
sealed interface KeyPlace {
    /** Null where there is none. */
    @Nullable
    String key(RequestHeadersBuilder headers);

    /** With or without {@code Bearer} before it. */
    record Header(String name) implements KeyPlace {
        private static final String BEARER = "Bearer ";

        @Override
        public @Nullable String key(RequestHeadersBuilder headers) {
            List<String> values = headers.getAll(name);
            if (values.isEmpty()) {
                return null;
            }
            // several authorization headers are one for Envoy, joined
            String value = name.equals("authorization") ? String.join(",", values) : values.getFirst();
            return value.startsWith(BEARER) ? value.substring(BEARER.length()) : value;
        }
    }

    record Parameter(String name) implements KeyPlace {
        @Override
        public @Nullable String key(RequestHeadersBuilder headers) {
            return headers.path().indexOf('?') < 0
                    ? null
                    : QueryString.of(headers.path()).get(name);
        }
    }

    record Cookie(String name) implements KeyPlace {
        @Override
        public @Nullable String key(RequestHeadersBuilder headers) {
            return Cookies.value(headers, name);
        }
    }
}
