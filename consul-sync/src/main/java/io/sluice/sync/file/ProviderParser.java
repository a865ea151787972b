package io.sluice.sync.file;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sluice.sync.file.YamlValue.Entry;
import io.sluice.sync.model.RouteRule;
import io.sluice.sync.model.TokenProvider;
import io.sluice.sync.model.TokenProvider.Keys;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** {@code corp: {issuer: "https://issuer.example", keys: {service: issuer, path: /certs}}}. */
final class ProviderParser {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration CACHE = Duration.ofMinutes(10);

    private ProviderParser() {}

    static TokenProvider parse(Entry entry) {
        String called = ServiceParser.name(entry);
        YamlMapping provider = entry.value().mapping();
        Optional<String> issuer = provider.need("issuer", YamlValue::text);
        Optional<List<String>> audiences = provider.read("audiences", given -> given.oneOrMore(YamlValue::text));
        Optional<Keys> keys = provider.need("keys", ProviderParser::keys);
        Optional<Boolean> forward = provider.read("forward", YamlValue::flag);
        provider.finish();
        return new TokenProvider(
                called, issuer.orElseThrow(), audiences.orElse(List.of()), keys.orElseThrow(), forward.orElse(false));
    }

    private static Keys keys(YamlValue value) {
        if (value.isText()) {
            if (!isSet(value.text())) {
                throw value.refused("keys that are no set", "{service, path}, or a text such as '{\"keys\": [...]}'");
            }
            return new Keys.Inline(value.text());
        }
        YamlMapping keys = value.mapping();
        Optional<String> service = keys.need("service", RouteParser::name);
        Optional<String> path = keys.need("path", ProviderParser::path);
        Optional<Duration> cache = keys.read("cache", YamlValue::positiveDuration);
        keys.finish();
        return new Keys.Served(service.orElseThrow(), path.orElseThrow(), cache.orElse(CACHE));
    }

    private static boolean isSet(String text) {
        try {
            return !JSON.readTree(text).path("keys").isEmpty();
        } catch (JsonProcessingException e) {
            return false;
        }
    }

    private static String path(YamlValue value) {
        String path = value.text();
        if (!path.matches("/[!-~]*")) {
            throw value.refused("path '" + path + "'", "a path such as /certs");
        }
        return path;
    }

    /** {@code auth: {jwt: corp}}. */
    static RouteRule.Auth auth(YamlValue value) {
        YamlMapping auth = value.mapping();
        Optional<String> provider = auth.need("jwt", RouteParser::name);
        Optional<Boolean> optional = auth.read("optional", YamlValue::flag);
        auth.finish();
        return new RouteRule.Auth(provider.orElseThrow(), optional.orElse(false));
    }
}
