package io.sluice.sync.file;

import io.sluice.sync.file.YamlValue.Entry;
import io.sluice.sync.model.Certificate;
import io.sluice.sync.model.Certificate.Content;
import io.sluice.sync.model.Certificate.Pem;
import io.sluice.sync.model.ListenerRule;
import io.sluice.sync.model.ServicePolicy;
import java.util.List;
import java.util.Optional;

/** Certificates, and who uses them by name. No problem holds what stands where a key may stand. */
final class TlsParser {
    private static final String EXPECTED = "{chain: shop.crt, key: shop.key}, or {authorities: company.crt}";

    private TlsParser() {}

    /** {@code shop: {chain: shop.crt, key: shop.key}}. */
    static Certificate certificate(Entry entry) {
        String name = ServiceParser.name(entry);
        if (entry.value().isText()) {
            throw entry.refused("text", EXPECTED);
        }
        YamlMapping certificate = entry.value().mapping();
        boolean own = !certificate.has("authorities");
        Optional<Pem> authorities = certificate.read("authorities", TlsParser::pem);
        Optional<Pem> chain =
                own ? certificate.need("chain", TlsParser::pem) : certificate.read("chain", TlsParser::pem);
        Optional<Pem> key = own ? certificate.need("key", TlsParser::pem) : certificate.read("key", TlsParser::pem);
        if (!own) {
            certificate.without("beside 'authorities'", EXPECTED, "chain", "key");
        }
        certificate.finish();
        Content content = own
                ? new Content.Own(chain.orElseThrow(), key.orElseThrow())
                : new Content.Authorities(authorities.orElseThrow());
        return new Certificate(
                name, content, entry.place().origin() + " " + entry.place().path());
    }

    private static Pem pem(YamlValue value) {
        if (!value.isText()) {
            throw value.refused("no text", "the name of a file, or PEM");
        }
        String text = value.text();
        if (text.contains("-----BEGIN ")) {
            return new Pem.Text(text);
        }
        if (text.isBlank() || text.lines().count() > 1) {
            throw value.refused("neither PEM nor the name of a file", "the name of a file, or PEM");
        }
        return new Pem.File(text);
    }

    /** {@code tls: shop}, {@code tls: [shop, blog]}, or {@code tls: {certificates: shop, callers: company}}. */
    static ListenerRule.Tls listener(YamlValue value) {
        if (value.isText() || value.isList()) {
            return new ListenerRule.Tls(names(value), Optional.empty());
        }
        YamlMapping tls = value.mapping();
        Optional<List<String>> certificates = tls.need("certificates", TlsParser::names);
        Optional<String> callers = tls.read("callers", RouteParser::name);
        tls.finish();
        return new ListenerRule.Tls(certificates.orElseThrow(), callers);
    }

    private static List<String> names(YamlValue value) {
        List<String> names = value.oneOrMore(RouteParser::name);
        if (names.isEmpty()) {
            throw value.refused("an empty list", "at least one certificate");
        }
        return names;
    }

    /** {@code tls: {name: orders.internal, authorities: company}}. */
    static ServicePolicy.Tls policy(YamlValue value) {
        YamlMapping tls = value.mapping();
        Optional<String> name = tls.need("name", TlsParser::host);
        Optional<String> authorities = tls.need("authorities", RouteParser::name);
        Optional<String> certificate = tls.read("certificate", RouteParser::name);
        tls.finish();
        return new ServicePolicy.Tls(name.orElseThrow(), authorities.orElseThrow(), certificate);
    }

    private static String host(YamlValue value) {
        String host = value.text();
        if (!host.matches("(?i)[a-z0-9_]([a-z0-9_.-]{0,251}[a-z0-9])?")) {
            throw value.refused("name '" + host + "'", "a host name, such as orders.internal");
        }
        return host;
    }
}
