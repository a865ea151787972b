package io.sluice.xdsserver.translate;

import com.google.protobuf.Any;
import com.google.protobuf.BoolValue;
import io.envoyproxy.envoy.config.core.v3.DataSource;
import io.envoyproxy.envoy.config.core.v3.TransportSocket;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.CertificateValidationContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.CommonTlsContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.CommonTlsContext.CombinedCertificateValidationContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.SdsSecretConfig;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.Secret;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.SubjectAltNameMatcher;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.TlsCertificate;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext;
import io.envoyproxy.envoy.type.matcher.v3.StringMatcher;
import io.sluice.sync.model.Certificate;
import io.sluice.sync.model.Certificate.Pem;
import io.sluice.sync.model.ListenerRule;
import io.sluice.sync.model.ServicePolicy;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Who speaks TLS how. Certificates and authorities come by their names over the stream, so that a new one touches nothing else. */
final class TlsTranslator {
    private static final String SOCKET = "envoy.transport_sockets.tls";

    private TlsTranslator() {}

    /** The secrets that it names. */
    static Set<String> names(ListenerRule.Tls tls) {
        return Stream.concat(tls.certificates().stream(), tls.callers().stream())
                .collect(Collectors.toSet());
    }

    /** The secrets that it names. */
    static Set<String> names(ServicePolicy.Tls tls) {
        return Stream.concat(Stream.of(tls.authorities()), tls.certificate().stream())
                .collect(Collectors.toSet());
    }

    static TransportSocket socket(ListenerRule.Tls tls) {
        CommonTlsContext.Builder common = CommonTlsContext.newBuilder().addAllAlpnProtocols(List.of("h2", "http/1.1"));
        tls.certificates().forEach(name -> common.addTlsCertificateSdsSecretConfigs(secret(name)));
        DownstreamTlsContext.Builder context = DownstreamTlsContext.newBuilder();
        tls.callers().ifPresent(authorities -> {
            common.setValidationContextSdsSecretConfig(secret(authorities));
            context.setRequireClientCertificate(BoolValue.of(true));
        });
        return socket(Any.pack(context.setCommonTlsContext(common).build()));
    }

    /** An instance must have the name itself: a certificate of the same authority may belong to anybody. */
    static TransportSocket socket(ServicePolicy.Tls tls, ServicePolicy.Protocol protocol) {
        CommonTlsContext.Builder common = CommonTlsContext.newBuilder()
                .addAlpnProtocols(
                        switch (protocol) {
                            case HTTP1 -> "http/1.1";
                            case HTTP2 -> "h2";
                        })
                .setCombinedValidationContext(CombinedCertificateValidationContext.newBuilder()
                        .setDefaultValidationContext(CertificateValidationContext.newBuilder()
                                .addMatchTypedSubjectAltNames(SubjectAltNameMatcher.newBuilder()
                                        .setSanType(SubjectAltNameMatcher.SanType.DNS)
                                        .setMatcher(StringMatcher.newBuilder().setExact(tls.name()))))
                        .setValidationContextSdsSecretConfig(secret(tls.authorities())));
        tls.certificate().ifPresent(name -> common.addTlsCertificateSdsSecretConfigs(secret(name)));
        return socket(Any.pack(UpstreamTlsContext.newBuilder()
                .setSni(tls.name())
                .setCommonTlsContext(common)
                .build()));
    }

    static Secret secret(Certificate certificate) {
        Secret.Builder secret = Secret.newBuilder().setName(certificate.name());
        return switch (certificate.content()) {
            case Certificate.Content.Own own ->
                secret.setTlsCertificate(TlsCertificate.newBuilder()
                                .setCertificateChain(source(own.chain()))
                                .setPrivateKey(source(own.key())))
                        .build();
            case Certificate.Content.Authorities others ->
                secret.setValidationContext(
                                CertificateValidationContext.newBuilder().setTrustedCa(source(others.certificates())))
                        .build();
        };
    }

    private static DataSource source(Pem pem) {
        return switch (pem) {
            case Pem.Text text ->
                DataSource.newBuilder().setInlineString(text.pem()).build();
            case Pem.File file ->
                DataSource.newBuilder().setFilename(file.name()).build();
        };
    }

    private static SdsSecretConfig secret(String name) {
        return SdsSecretConfig.newBuilder()
                .setName(name)
                .setSdsConfig(ListenerTranslator.ADS)
                .build();
    }

    private static TransportSocket socket(Any context) {
        return TransportSocket.newBuilder()
                .setName(SOCKET)
                .setTypedConfig(context)
                .build();
    }
}
