package io.sluice.gateway.secret;

import io.envoyproxy.envoy.config.core.v3.ConfigSource;
import io.envoyproxy.envoy.config.core.v3.DataSource;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.CertificateValidationContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.CommonTlsContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.SdsSecretConfig;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.SubjectAltNameMatcher;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.TlsCertificate;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.TlsParameters.TlsProtocol;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext;
import io.envoyproxy.envoy.type.matcher.v3.StringMatcher;
import io.netty.handler.ssl.SslContextBuilder;
import io.sluice.gateway.accesslog.CertificateFacts.NameKind;
import io.sluice.gateway.secret.NameMatcher.Comparison;
import io.sluice.gateway.secret.TlsParameters.Version;
import io.sluice.gateway.xds.Problems;
import java.io.IOException;
import java.security.PrivateKey;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** Reads Envoy's TLS contexts, and the certificates and rules in them. What is read is tried out at once, so that it is refused by its own name. */
@SuppressWarnings("deprecation") // Envoy obeys the deprecated fields too
public final class TlsContextParser {
    private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");
    private static final int SHA256_BYTES = 32;

    private final DataSourceParser sources;
    private final boolean requireVerification;

    public TlsContextParser(DataSourceParser sources) {
        this(sources, false);
    }

    /** @param requireVerification whether upstreams that nobody verifies are refused */
    public TlsContextParser(DataSourceParser sources, boolean requireVerification) {
        this.sources = sources;
        this.requireVerification = requireVerification;
    }

    /**
     * @param own whether the bootstrap says it
     * @return empty when something was reported
     */
    public Optional<DownstreamTls> downstream(DownstreamTlsContext context, boolean own, Problems problems) {
        Problems common = problems.at("common_tls_context");
        Common parsed = common(context.getCommonTlsContext(), own, Version.V1_3, common);
        if (parsed.certificates().isEmpty() && !problems.any()) {
            common.expected("tls_certificates", "none", "at least one, here or by SDS");
        }
        if (context.getRequireClientCertificate().getValue() && context.getOcspStaplePolicyValue() != 0) {
            problems.unsupported("ocsp_staple_policy", context.getOcspStaplePolicy());
        }
        DownstreamTls tls = new DownstreamTls(
                parsed.certificates(),
                parsed.rules(),
                context.getRequireClientCertificate().getValue(),
                parsed.parameters(),
                parsed.alpn(),
                context.getFullScanCertsOnSniMismatch().getValue());
        if (!problems.any()) {
            tryOut(tls.parameters(), tls.alpn(), tls, common);
        }
        return problems.any() ? Optional.empty() : Optional.of(tls);
    }

    /**
     * @param own whether the bootstrap says it
     * @return empty when something was reported
     */
    public Optional<UpstreamTls> upstream(UpstreamTlsContext context, boolean own, Problems problems) {
        Problems at = problems.at("common_tls_context");
        Common parsed = common(context.getCommonTlsContext(), own, Version.V1_2, at);
        if (parsed.certificates().size() > 1) {
            at.expected("tls_certificates", parsed.certificates().size() + " of them", "at most one");
        }
        if (requireVerification
                && parsed.rules() instanceof RulesSource.Inline inline
                && !inline.rules().verify()) {
            at.expected(
                    "validation_context",
                    "nothing that verifies",
                    "trusted_ca or pins, since the setting require-upstream-verification is true");
        }
        UpstreamTls tls = new UpstreamTls(
                parsed.certificates().stream().findFirst(),
                parsed.rules(),
                parsed.parameters(),
                parsed.alpn(),
                context.getSni());
        if (!problems.any()) {
            tryOut(tls.parameters(), tls.alpn(), tls, at);
        }
        return problems.any() ? Optional.empty() : Optional.of(tls);
    }

    private static void tryOut(TlsParameters parameters, List<String> alpn, Object owner, Problems problems) {
        try {
            SslContextBuilder probe = SslContextBuilder.forClient();
            SslContexts.configure(probe, parameters, alpn);
            SslContexts.build(probe, owner);
        } catch (SSLException | IllegalArgumentException e) {
            problems.wrong("tls_params", "BoringSSL does not take it: " + e.getMessage());
        }
    }

    private record Common(
            List<CertificateSource> certificates, RulesSource rules, TlsParameters parameters, List<String> alpn) {}

    private Common common(CommonTlsContext context, boolean own, Version newest, Problems problems) {
        List<CertificateSource> certificates = new ArrayList<>();
        for (int i = 0; i < context.getTlsCertificatesCount(); i++) {
            certificate(context.getTlsCertificates(i), own, problems.at("tls_certificates[" + i + "]"))
                    .map(CertificateSource.Inline::new)
                    .ifPresent(certificates::add);
        }
        for (int i = 0; i < context.getTlsCertificateSdsSecretConfigsCount(); i++) {
            secret(
                            context.getTlsCertificateSdsSecretConfigs(i),
                            problems.at("tls_certificate_sds_secret_configs[" + i + "]"))
                    .map(CertificateSource.Named::new)
                    .ifPresent(certificates::add);
        }
        return new Common(
                certificates,
                rules(context, own, problems),
                parameters(context.getTlsParams(), newest, problems.at("tls_params")),
                context.getAlpnProtocolsList());
    }

    private static Optional<String> secret(SdsSecretConfig config, Problems problems) {
        ConfigSource source = config.getSdsConfig();
        return switch (source.getConfigSourceSpecifierCase()) {
            case ADS, CONFIGSOURCESPECIFIER_NOT_SET -> Optional.of(config.getName());
            case PATH, PATH_CONFIG_SOURCE, API_CONFIG_SOURCE, SELF ->
                problems.at("sds_config")
                        .expected("config_source_specifier", source.getConfigSourceSpecifierCase(), "ads");
        };
    }

    private RulesSource rules(CommonTlsContext context, boolean own, Problems problems) {
        return switch (context.getValidationContextTypeCase()) {
            case VALIDATION_CONTEXT ->
                new RulesSource.Inline(
                        rules(context.getValidationContext(), own, true, problems.at("validation_context")));
            case VALIDATION_CONTEXT_SDS_SECRET_CONFIG ->
                secret(
                                context.getValidationContextSdsSecretConfig(),
                                problems.at("validation_context_sds_secret_config"))
                        .<RulesSource>map(name -> new RulesSource.Named(name, PeerRules.NONE))
                        .orElse(RulesSource.none());
            case COMBINED_VALIDATION_CONTEXT -> {
                var combined = context.getCombinedValidationContext();
                Problems at = problems.at("combined_validation_context");
                PeerRules under =
                        rules(combined.getDefaultValidationContext(), own, false, at.at("default_validation_context"));
                yield secret(
                                combined.getValidationContextSdsSecretConfig(),
                                at.at("validation_context_sds_secret_config"))
                        .<RulesSource>map(name -> new RulesSource.Named(name, under))
                        .orElse(RulesSource.none());
            }
            case VALIDATION_CONTEXT_CERTIFICATE_PROVIDER,
                    VALIDATION_CONTEXT_CERTIFICATE_PROVIDER_INSTANCE,
                    VALIDATIONCONTEXTTYPE_NOT_SET -> RulesSource.none();
        };
    }

    /** @param own whether the bootstrap says it */
    Optional<Certificate> certificate(TlsCertificate certificate, boolean own, Problems problems) {
        if (!certificate.hasCertificateChain()) {
            return problems.expected("certificate_chain", "nothing", "a certificate in PEM");
        }
        if (!certificate.hasPrivateKey()) {
            return problems.expected("private_key", "nothing", "its key in PEM");
        }
        Optional<List<X509Certificate>> chain = sources.text(
                        certificate.getCertificateChain(), own, problems.at("certificate_chain"))
                .flatMap(text -> read(text, Pem::certificates, "certificate_chain", problems));
        Optional<String> password = certificate.hasPassword()
                ? sources.text(certificate.getPassword(), own, problems.at("password"))
                : Optional.of("");
        Optional<PrivateKey> key = sources.text(certificate.getPrivateKey(), own, problems.at("private_key"))
                .flatMap(text -> read(text, pem -> Pem.key(pem, password.orElse("")), "private_key", problems));
        if (chain.isEmpty() || key.isEmpty()) {
            return Optional.empty();
        }
        if (!Pem.belongTogether(key.get(), chain.get().getFirst())) {
            return problems.wrong("private_key", "is not the key of the certificate");
        }
        return Optional.of(new Certificate(chain.get(), key.get()));
    }

    @FunctionalInterface
    private interface Reader<T> {
        T read(String text) throws IOException;
    }

    private static <T> Optional<T> read(String text, Reader<T> reader, String field, Problems problems) {
        try {
            return Optional.of(reader.read(text));
        } catch (IOException e) {
            return problems.wrong(field, String.valueOf(e.getMessage()));
        }
    }

    /** @param whole whether nothing is merged over them */
    PeerRules rules(CertificateValidationContext context, boolean own, boolean whole, Problems problems) {
        List<X509Certificate> trusted = list(
                context.hasTrustedCa() ? context.getTrustedCa() : null, own, Pem::certificates, "trusted_ca", problems);
        List<X509CRL> revocations =
                list(context.hasCrl() ? context.getCrl() : null, own, Pem::revocations, "crl", problems);
        List<NameMatcher> names = new ArrayList<>();
        for (int i = 0; i < context.getMatchTypedSubjectAltNamesCount(); i++) {
            SubjectAltNameMatcher matcher = context.getMatchTypedSubjectAltNames(i);
            Problems at = problems.at("match_typed_subject_alt_names[" + i + "]");
            Optional<NameKind> kind = switch (matcher.getSanType()) {
                case EMAIL -> Optional.of(NameKind.EMAIL);
                case DNS -> Optional.of(NameKind.DNS);
                case URI -> Optional.of(NameKind.URI);
                case IP_ADDRESS -> Optional.of(NameKind.IP_ADDRESS);
                case OTHER_NAME, SAN_TYPE_UNSPECIFIED, UNRECOGNIZED -> at.unsupported("san_type", matcher.getSanType());
            };
            if (kind.isPresent()) {
                name(matcher.getMatcher(), kind.get(), at.at("matcher")).ifPresent(names::add);
            }
        }
        for (int i = 0; i < context.getMatchSubjectAltNamesCount(); i++) {
            name(context.getMatchSubjectAltNames(i), null, problems.at("match_subject_alt_names[" + i + "]"))
                    .ifPresent(names::add);
        }
        if (whole && trusted.isEmpty() && !names.isEmpty()) {
            problems.expected("trusted_ca", "nothing", "an authority, where names are matched");
        }
        if (whole && trusted.isEmpty() && !revocations.isEmpty()) {
            problems.expected("trusted_ca", "nothing", "an authority, where there is a revocation list");
        }
        return new PeerRules(
                trusted,
                revocations,
                context.getOnlyVerifyLeafCertCrl(),
                names,
                hashes(context, problems),
                pins(context, problems),
                switch (context.getTrustChainVerification()) {
                    case VERIFY_TRUST_CHAIN, UNRECOGNIZED -> false;
                    case ACCEPT_UNTRUSTED -> true;
                },
                context.getAllowExpiredCertificate(),
                context.hasMaxVerifyDepth() ? context.getMaxVerifyDepth().getValue() : -1);
    }

    private <T> List<T> list(
            @Nullable DataSource source, boolean own, Reader<List<T>> reader, String field, Problems problems) {
        return source == null
                ? List.of()
                : sources.text(source, own, problems.at(field))
                        .flatMap(text -> read(text, reader, field, problems))
                        .orElse(List.of());
    }

    private static Optional<NameMatcher> name(StringMatcher matcher, @Nullable NameKind kind, Problems problems) {
        boolean ignore = matcher.getIgnoreCase();
        return switch (matcher.getMatchPatternCase()) {
            case EXACT -> Optional.of(new NameMatcher(kind, Comparison.EXACT, matcher.getExact(), ignore));
            case PREFIX -> Optional.of(new NameMatcher(kind, Comparison.PREFIX, matcher.getPrefix(), ignore));
            case SUFFIX -> Optional.of(new NameMatcher(kind, Comparison.SUFFIX, matcher.getSuffix(), ignore));
            case CONTAINS -> Optional.of(new NameMatcher(kind, Comparison.CONTAINS, matcher.getContains(), ignore));
            case SAFE_REGEX -> {
                try {
                    Pattern unused = Pattern.compile(matcher.getSafeRegex().getRegex());
                    yield Optional.of(new NameMatcher(
                            kind, Comparison.REGEX, matcher.getSafeRegex().getRegex(), false));
                } catch (PatternSyntaxException e) {
                    yield problems.wrong("safe_regex", String.valueOf(e.getMessage()));
                }
            }
            case CUSTOM, MATCHPATTERN_NOT_SET -> problems.unsupported("match_pattern", matcher.getMatchPatternCase());
        };
    }

    private static List<String> hashes(CertificateValidationContext context, Problems problems) {
        List<String> hashes = new ArrayList<>();
        for (int i = 0; i < context.getVerifyCertificateHashCount(); i++) {
            String hash = context.getVerifyCertificateHash(i).replace(":", "").toLowerCase(Locale.ROOT);
            if (SHA256.matcher(hash).matches()) {
                hashes.add(hash);
            } else {
                problems.expected(
                        "verify_certificate_hash[" + i + "]",
                        "'" + context.getVerifyCertificateHash(i) + "'",
                        "a SHA-256 in hex");
            }
        }
        return hashes;
    }

    private static List<String> pins(CertificateValidationContext context, Problems problems) {
        List<String> pins = new ArrayList<>();
        for (int i = 0; i < context.getVerifyCertificateSpkiCount(); i++) {
            String pin = context.getVerifyCertificateSpki(i);
            try {
                if (Base64.getDecoder().decode(pin).length == SHA256_BYTES) {
                    pins.add(pin);
                    continue;
                }
            } catch (IllegalArgumentException e) {
                // no base64: said below
            }
            problems.expected("verify_certificate_spki[" + i + "]", "'" + pin + "'", "a SHA-256 in base64");
        }
        return pins;
    }

    private static TlsParameters parameters(
            io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.TlsParameters parameters,
            Version newest,
            Problems problems) {
        Version min = version(
                parameters.getTlsMinimumProtocolVersion(), Version.V1_2, "tls_minimum_protocol_version", problems);
        Version max =
                version(parameters.getTlsMaximumProtocolVersion(), newest, "tls_maximum_protocol_version", problems);
        if (max.compareTo(min) < 0) {
            max = min; // as Envoy: what is asked for at least is asked for
        }
        List<String> ciphers = new ArrayList<>();
        for (String group : parameters.getCipherSuitesList()) {
            for (String cipher : group.replaceAll("[\\[\\]]", "").split("[|:]")) {
                ciphers.add(cipher);
            }
        }
        return new TlsParameters(
                min,
                max,
                ciphers.isEmpty() ? TlsParameters.DEFAULT_CIPHERS : ciphers,
                parameters.getEcdhCurvesCount() == 0 ? TlsParameters.DEFAULT_CURVES : parameters.getEcdhCurvesList());
    }

    private static Version version(TlsProtocol protocol, Version otherwise, String field, Problems problems) {
        return switch (protocol) {
            case TLS_AUTO -> otherwise;
            case TLSv1_2 -> Version.V1_2;
            case TLSv1_3 -> Version.V1_3;
            case TLSv1_0, TLSv1_1, UNRECOGNIZED -> {
                problems.unsupported(field, protocol);
                yield otherwise;
            }
        };
    }
}
