package io.sluice.xdsserver.snapshot;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.datatype.jdk8.Jdk8Module;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;
import io.sluice.sync.model.Catalog;
import io.sluice.sync.model.Certificate;
import io.sluice.sync.model.RouteRule;
import io.sluice.sync.model.TokenProvider;
import java.io.IOException;
import java.util.List;

/** Catalogs as bytes, for this program's own later self: another version of it may not read them, and then does without. */
final class CatalogJson {
    private static final JsonMapper MAPPER = JsonMapper.builder()
            .addModules(new Jdk8Module(), new JavaTimeModule())
            .disable(SerializationFeature.WRITE_DURATIONS_AS_TIMESTAMPS)
            .disable(SerializationFeature.FAIL_ON_EMPTY_BEANS)
            .addMixIn(RouteRule.Path.class, PathKinds.class)
            .addMixIn(RouteRule.Action.class, ActionKinds.class)
            .addMixIn(RouteRule.Limit.Key.class, KeyKinds.class)
            .addMixIn(TokenProvider.Keys.class, KeySources.class)
            .addMixIn(Certificate.Content.class, CertificateKinds.class)
            .addMixIn(Certificate.Pem.class, PemKinds.class)
            .build();

    private CatalogJson() {}

    /** Without certificates whose key stands in the catalog itself: keys are not written to disk. */
    static byte[] write(Catalog catalog) throws IOException {
        List<Certificate> certificates = catalog.certificates().stream()
                .filter(certificate -> !(certificate.content() instanceof Certificate.Content.Own own
                        && own.key() instanceof Certificate.Pem.Text))
                .toList();
        return MAPPER.writeValueAsBytes(catalog.withCertificates(certificates, List.of()));
    }

    static Catalog read(byte[] bytes) throws IOException {
        return MAPPER.readValue(bytes, Catalog.class);
    }

    @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "kind")
    @JsonSubTypes({
        @JsonSubTypes.Type(value = RouteRule.Path.Exact.class, name = "exact"),
        @JsonSubTypes.Type(value = RouteRule.Path.Prefix.class, name = "prefix"),
        @JsonSubTypes.Type(value = RouteRule.Path.SegmentPrefix.class, name = "segments"),
        @JsonSubTypes.Type(value = RouteRule.Path.Regex.class, name = "regex")
    })
    private interface PathKinds {}

    @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "kind")
    @JsonSubTypes({
        @JsonSubTypes.Type(value = RouteRule.Action.Forward.class, name = "forward"),
        @JsonSubTypes.Type(value = RouteRule.Action.Redirect.class, name = "redirect"),
        @JsonSubTypes.Type(value = RouteRule.Action.Direct.class, name = "direct")
    })
    private interface ActionKinds {}

    @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "kind")
    @JsonSubTypes({
        @JsonSubTypes.Type(value = RouteRule.Limit.Key.Everyone.class, name = "everyone"),
        @JsonSubTypes.Type(value = RouteRule.Limit.Key.Address.class, name = "address"),
        @JsonSubTypes.Type(value = RouteRule.Limit.Key.Header.class, name = "header"),
        @JsonSubTypes.Type(value = RouteRule.Limit.Key.Claim.class, name = "claim")
    })
    private interface KeyKinds {}

    @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "kind")
    @JsonSubTypes({
        @JsonSubTypes.Type(value = TokenProvider.Keys.Inline.class, name = "inline"),
        @JsonSubTypes.Type(value = TokenProvider.Keys.Served.class, name = "served")
    })
    private interface KeySources {}

    @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "kind")
    @JsonSubTypes({
        @JsonSubTypes.Type(value = Certificate.Content.Own.class, name = "own"),
        @JsonSubTypes.Type(value = Certificate.Content.Authorities.class, name = "authorities")
    })
    private interface CertificateKinds {}

    @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "kind")
    @JsonSubTypes({
        @JsonSubTypes.Type(value = Certificate.Pem.Text.class, name = "text"),
        @JsonSubTypes.Type(value = Certificate.Pem.File.class, name = "file")
    })
    private interface PemKinds {}
}
