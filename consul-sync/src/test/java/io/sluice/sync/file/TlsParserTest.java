package io.sluice.sync.file;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.sync.model.Catalog;
import io.sluice.sync.model.Certificate;
import io.sluice.sync.model.Certificate.Content;
import io.sluice.sync.model.Certificate.Pem;
import io.sluice.sync.model.ListenerRule;
import io.sluice.sync.model.Problem;
import io.sluice.sync.model.ServicePolicy;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TlsParserTest {
    private static final String CERTIFICATES = """
        certificates:
          shop: {chain: shop.crt, key: /run/shop.key}
          blog: {chain: "-----BEGIN CERTIFICATE-----\\nA", key: "-----BEGIN PRIVATE KEY-----\\nSECRET"}
          company: {authorities: company.crt}
        """;

    private static Catalog catalog(String text) {
        CatalogDraft draft = CatalogDraft.of(List.of(new DocumentParser("file:test").parse("a.yaml", text)));
        return draft.catalog(draft.services().stream().map(Written::value).toList(), Set.of(), List.of());
    }

    private static List<String> problems(String text) {
        return catalog(text).problems().stream().map(Problem::toString).toList();
    }

    @Test
    void readsCertificatesAndWhoUsesThem() {
        Catalog catalog = catalog(CERTIFICATES + """
            services: {orders: ["127.0.0.1:1"]}
            listeners:
              - {name: a, port: 1, tls: shop}
              - {name: b, port: 2, tls: [shop, blog]}
              - {name: c, port: 3, tls: {certificates: shop, callers: company}}
              - {name: d, port: 4}
            policies:
              orders: {tls: {name: orders.internal, authorities: company, certificate: blog}}
            """);

        assertThat(catalog.problems()).isEmpty();
        assertThat(catalog.certificates())
                .containsExactly(
                        new Certificate(
                                "blog",
                                new Content.Own(
                                        new Pem.Text("-----BEGIN CERTIFICATE-----\nA"),
                                        new Pem.Text("-----BEGIN PRIVATE KEY-----\nSECRET")),
                                "a.yaml:3 certificates.blog"),
                        new Certificate(
                                "company",
                                new Content.Authorities(new Pem.File("company.crt")),
                                "a.yaml:4 certificates.company"),
                        new Certificate(
                                "shop",
                                new Content.Own(new Pem.File("shop.crt"), new Pem.File("/run/shop.key")),
                                "a.yaml:2 certificates.shop"));
        assertThat(catalog.listeners().stream().map(ListenerRule::tls))
                .containsExactly(
                        Optional.of(new ListenerRule.Tls(List.of("shop"), Optional.empty())),
                        Optional.of(new ListenerRule.Tls(List.of("shop", "blog"), Optional.empty())),
                        Optional.of(new ListenerRule.Tls(List.of("shop"), Optional.of("company"))),
                        Optional.empty());
        assertThat(catalog.services().get(0).policy().tls())
                .contains(new ServicePolicy.Tls("orders.internal", "company", Optional.of("blog")));
        assertThat(catalog.toString()).doesNotContain("SECRET");
    }

    /** What is wrong in one document, by its path; a key never is in it. */
    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
        certificates: {a: {chain: a.crt}}                            | a.yaml:1 certificates.a: 'key' is missing (expected: 'key')
        certificates: {a: {key: a.key}}                              | a.yaml:1 certificates.a: 'chain' is missing (expected: 'chain')
        certificates: {a: {}}                                        | a.yaml:1 certificates.a: 'chain' is missing (expected: 'chain'), a.yaml:1 certificates.a: 'key' is missing (expected: 'key')
        certificates: {a: {authorities: b, key: a.key}}              | a.yaml:1 certificates.a.key: beside 'authorities' (expected: {chain: shop.crt, key: shop.key}, or {authorities: company.crt})
        certificates: {a: "-----BEGIN PRIVATE KEY-----SECRET"}       | a.yaml:1 certificates.a: text (expected: {chain: shop.crt, key: shop.key}, or {authorities: company.crt})
        certificates: {a: {chain: b, key: ["-----BEGIN SECRET"]}}    | a.yaml:1 certificates.a.key: no text (expected: the name of a file, or PEM)
        certificates: {a: {chain: b, key: "SECRET\\nSECRET"}}        | a.yaml:1 certificates.a.key: neither PEM nor the name of a file (expected: the name of a file, or PEM)
        certificates: {a: {chain: b, key: ""}}                       | a.yaml:1 certificates.a.key: neither PEM nor the name of a file (expected: the name of a file, or PEM)
        certificates: {a: {chain: b, kex: "-----BEGIN SECRET"}}      | a.yaml:1 certificates.a: 'key' is missing (expected: 'key'), a.yaml:1 certificates.a.kex: unknown word 'kex' (expected: key)
        certificates: {a b: {authorities: b}}                        | a.yaml:1 certificates.a b: name 'a b' (expected: at most 128 ASCII characters without spaces)
        certificates: [a]                                            | a.yaml:1 certificates: a list (expected: a mapping, 'name: value')
        listeners: [{name: a, port: 1, tls: []}]                     | a.yaml:1 listeners[0].tls: an empty list (expected: at least one certificate)
        listeners: [{name: a, port: 1, tls: {callers: a}}]           | a.yaml:1 listeners[0].tls: 'certificates' is missing (expected: 'certificates')
        listeners: [{name: a, port: 1, tls: shop}]                   | a.yaml:1 listeners[0]: needs the certificate 'shop', which is not there (expected: there is none yet)
        services: {a: {instances: [], tls: true}}                    | a.yaml:1 services.a.tls: true (expected: a mapping, 'name: value')
        services: {a: {instances: [], tls: {name: "a b"}}}           | a.yaml:1 services.a.tls.name: name 'a b' (expected: a host name, such as orders.internal), a.yaml:1 services.a.tls: 'authorities' is missing (expected: 'authorities')
        """)
    void refuses(String text, String expected) {
        assertThat(String.join(", ", problems(text.replace("\\n", "\\n"))))
                .isEqualTo(expected)
                .doesNotContain("SECRET");
    }

    @Test
    void whoNamesAWrongCertificateStaysInForceWithIt() {
        Catalog catalog = catalog(CERTIFICATES + """
            services: {orders: {instances: ["127.0.0.1:1"], tls: {name: o, authorities: shop}}}
            listeners: [{name: a, port: 1, tls: shopp}, {name: b, port: 2, tls: company}]
            """);

        assertThat(catalog.problems())
                .extracting(Problem::toString)
                .containsExactly(
                        "a.yaml:6 listeners[0]: needs the certificate 'shopp', which is not there (expected: shop)",
                        "a.yaml:6 listeners[1]: 'company' is of the other kind (expected: a certificate with its key)",
                        "a.yaml:5 services.orders: 'shop' is of the other kind (expected: authorities)");
        assertThat(catalog.listeners()).allMatch(listener -> listener.tls().isPresent());
        assertThat(catalog.services())
                .allMatch(service -> service.policy().tls().isPresent());
    }

    @Test
    void aSecondOfOneNameIsRefused() {
        assertThat(problems("certificates:\n  a: {authorities: a}\n---\ncertificates:\n  a: {authorities: b}\n"))
                .containsExactly("a.yaml:5 certificates.a: 'a' stands here a second time, first at a.yaml:2"
                        + " (expected: once)");
    }
}
