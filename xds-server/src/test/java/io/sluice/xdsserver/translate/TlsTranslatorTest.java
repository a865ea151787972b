package io.sluice.xdsserver.translate;

import static org.assertj.core.api.Assertions.assertThat;

import io.envoyproxy.envoy.config.core.v3.TransportSocket;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.Secret;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext;
import io.sluice.sync.file.CatalogDraft;
import io.sluice.sync.file.DocumentParser;
import io.sluice.sync.file.Written;
import io.sluice.sync.model.Catalog;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class TlsTranslatorTest {
    private static final String CERTIFICATES = """
        certificates:
          shop: {chain: shop.crt, key: shop.key}
          blog: {chain: blog.crt, key: blog.key}
          company: {authorities: company.crt}
        services:
          orders: {instances: ["127.0.0.1:1"], tls: {name: orders.internal, authorities: company, certificate: shop}}
        routes: [{match: /, to: orders}]
        """;

    private static Translation translate(String listeners, boolean keys) {
        CatalogDraft draft =
                CatalogDraft.of(List.of(new DocumentParser("test").parse("a.yaml", CERTIFICATES + listeners)));
        Catalog catalog =
                draft.catalog(draft.services().stream().map(Written::value).toList(), Set.of(), List.of());
        assertThat(catalog.problems()).isEmpty();
        NodeSettings settings = new NodeSettings(Optional.empty(), Optional.empty(), false, keys);
        return new CatalogTranslator(settings, new NodeGroup(NodeGroup.Kind.ENVOY, "")).translate(catalog);
    }

    private static List<String> secrets(Translation translation) {
        return translation.secrets().stream().map(Secret::getName).toList();
    }

    @Test
    void aListenerNamesItsCertificatesAndWhoseCallersItBelieves() throws Exception {
        Translation translation = translate(
                "listeners: [{name: in, port: 1, tls: {certificates: [shop, blog], callers: company}}]", true);
        TransportSocket socket =
                translation.listeners().getFirst().getFilterChains(0).getTransportSocket();
        DownstreamTlsContext context = socket.getTypedConfig().unpack(DownstreamTlsContext.class);
        assertThat(context.getRequireClientCertificate().getValue()).isTrue();
        assertThat(context.getCommonTlsContext().getAlpnProtocolsList()).containsExactly("h2", "http/1.1");
        assertThat(context.getCommonTlsContext().getTlsCertificateSdsSecretConfigsList())
                .allMatch(config -> config.getSdsConfig().hasAds())
                .extracting(config -> config.getName())
                .containsExactly("shop", "blog");
        assertThat(context.getCommonTlsContext()
                        .getValidationContextSdsSecretConfig()
                        .getName())
                .isEqualTo("company");
        assertThat(secrets(translation)).containsExactlyInAnyOrder("shop", "blog", "company");
    }

    @Test
    void aServiceIsAskedForItsNameAndMustHaveIt() throws Exception {
        Translation translation = translate("listeners: [{name: in, port: 1}]", true);
        assertThat(translation.listeners().getFirst().getFilterChains(0).hasTransportSocket())
                .isFalse();
        UpstreamTlsContext context = translation.clusters().stream()
                .filter(cluster -> cluster.getName().equals("orders"))
                .findFirst()
                .orElseThrow()
                .getTransportSocket()
                .getTypedConfig()
                .unpack(UpstreamTlsContext.class);
        assertThat(context.getSni()).isEqualTo("orders.internal");
        assertThat(context.getCommonTlsContext().getAlpnProtocolsList()).containsExactly("http/1.1");
        assertThat(context.getCommonTlsContext()
                        .getCombinedValidationContext()
                        .getDefaultValidationContext()
                        .getMatchTypedSubjectAltNames(0)
                        .getMatcher()
                        .getExact())
                .isEqualTo("orders.internal");
        assertThat(secrets(translation)).as("only what is named").containsExactlyInAnyOrder("shop", "company");
    }

    @Test
    void keysStayHereWhereStreamsLeaveTheHostInClearText() {
        Translation translation = translate("listeners: [{name: in, port: 1, tls: shop}]", false);
        assertThat(secrets(translation)).containsExactly("company");
        assertThat(translation.problems())
                .singleElement()
                .satisfies(problem ->
                        assertThat(problem.toString()).contains("its key is not sent", "clear-text-keys true"));
    }
}
