package io.sluice.gateway.secret;

import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.sluice.gateway.accesslog.TlsSession;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.SSLException;

/** The TLS towards a cluster's endpoints with the secrets of one moment. Any thread. */
public final class ClientTls {
    private final SslContext context;
    private final PeerRules rules;
    private final PeerVerifier verifier;

    private ClientTls(
            UpstreamTls spec,
            Optional<Certificate> certificate,
            PeerRules rules,
            List<String> alpn,
            boolean nameMustMatch,
            TlsMeters meters)
            throws SSLException {
        this.rules = rules;
        verifier = new PeerVerifier(rules, nameMustMatch, meters);
        SslContextBuilder builder =
                SslContextBuilder.forClient().trustManager(verifier).endpointIdentificationAlgorithm(null);
        certificate.ifPresent(own -> builder.keyManager(own.key(), own.chain()));
        SslContexts.configure(builder, spec.parameters(), spec.alpn().isEmpty() ? alpn : spec.alpn());
        context = SslContexts.build(builder, this);
    }

    /**
     * @param alpn where the configuration says nothing
     * @param nameMustMatch whether the name that is asked for must be one of the certificate's
     * @return empty while a secret that it needs is not known
     */
    public static Optional<ClientTls> of(
            UpstreamTls spec, Secrets secrets, List<String> alpn, boolean nameMustMatch, TlsMeters meters)
            throws SSLException {
        Optional<Certificate> certificate = spec.certificate().flatMap(secrets::certificate);
        Optional<PeerRules> rules = secrets.rules(spec.rules());
        return rules.isEmpty() || certificate.isPresent() != spec.certificate().isPresent()
                ? Optional.empty()
                : Optional.of(new ClientTls(spec, certificate, rules.get(), alpn, nameMustMatch, meters));
    }

    /** Whether any endpoint is believed. */
    public boolean believesAnybody() {
        return !rules.verify();
    }

    /** @param serverName that is asked for; empty asks for none */
    public SslHandler handler(String serverName, int port, ByteBufAllocator alloc) {
        return serverName.isEmpty() ? context.newHandler(alloc) : context.newHandler(alloc, serverName, port);
    }

    /** Of a handshake that is over. */
    public TlsSession session(SslHandler handler, String serverName) {
        return Sessions.of(handler, serverName, rules, verifier, false);
    }
}
