package io.sluice.gateway.secret;

import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.OpenSslServerSessionContext;
import io.netty.handler.ssl.OpenSslSessionTicketKey;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.sluice.gateway.accesslog.CertificateFacts;
import io.sluice.gateway.accesslog.CertificateFacts.NameKind;
import io.sluice.gateway.accesslog.TlsSession;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** The TLS of a filter chain with the secrets of one moment. New secrets make a new one; connections keep theirs. Any thread. */
public final class ServerTls {
    private static final int TICKET_KEY_BYTES = OpenSslSessionTicketKey.NAME_SIZE
            + OpenSslSessionTicketKey.HMAC_KEY_SIZE
            + OpenSslSessionTicketKey.AES_KEY_SIZE;
    private static final SecureRandom RANDOM = new SecureRandom();

    private final List<Served> all = new ArrayList<>();
    private final boolean scanOnMismatch;
    private final PeerRules rules;
    private final PeerVerifier verifier;

    private record Served(Certificate certificate, List<String> hosts, SslContext context) {}

    private ServerTls(DownstreamTls spec, List<Certificate> certificates, PeerRules rules, TlsMeters meters)
            throws SSLException {
        scanOnMismatch = spec.scanOnMismatch();
        this.rules = rules;
        verifier = new PeerVerifier(rules, meters);
        for (Certificate certificate : certificates) {
            all.add(new Served(certificate, hosts(certificate), context(spec, certificate)));
        }
    }

    /**
     * @return empty while a secret that it needs is not known
     * @throws SSLException where what was configured cannot work together
     */
    public static Optional<ServerTls> of(DownstreamTls spec, Secrets secrets, TlsMeters meters) throws SSLException {
        List<Certificate> certificates = new ArrayList<>();
        for (CertificateSource source : spec.certificates()) {
            secrets.certificate(source).ifPresent(certificates::add);
        }
        Optional<PeerRules> rules = secrets.rules(spec.rules());
        return certificates.size() < spec.certificates().size() || rules.isEmpty()
                ? Optional.empty()
                : Optional.of(new ServerTls(spec, certificates, rules.get(), meters));
    }

    private SslContext context(DownstreamTls spec, Certificate certificate) throws SSLException {
        SslContextBuilder builder = SslContextBuilder.forServer(certificate.key(), certificate.chain())
                .trustManager(verifier)
                .clientAuth(
                        spec.requireClientCertificate() || rules.needOne()
                                ? ClientAuth.REQUIRE
                                : rules.areAny() ? ClientAuth.OPTIONAL : ClientAuth.NONE);
        SslContexts.configure(builder, spec.parameters(), spec.alpn());
        SslContext context = SslContexts.build(builder, this);
        if (context.sessionContext() instanceof OpenSslServerSessionContext sessions) {
            byte[] key = new byte[TICKET_KEY_BYTES];
            RANDOM.nextBytes(key);
            sessions.setTicketKeys(new OpenSslSessionTicketKey(
                    Arrays.copyOfRange(key, 0, OpenSslSessionTicketKey.NAME_SIZE),
                    Arrays.copyOfRange(
                            key,
                            OpenSslSessionTicketKey.NAME_SIZE,
                            OpenSslSessionTicketKey.NAME_SIZE + OpenSslSessionTicketKey.HMAC_KEY_SIZE),
                    Arrays.copyOfRange(
                            key,
                            OpenSslSessionTicketKey.NAME_SIZE + OpenSslSessionTicketKey.HMAC_KEY_SIZE,
                            TICKET_KEY_BYTES)));
        }
        return context;
    }

    /** The names for which it is chosen: its DNS names, else its common name. */
    private static List<String> hosts(Certificate certificate) {
        CertificateFacts facts = new CertificateFacts(certificate.leaf());
        List<String> names = facts.names(NameKind.DNS);
        if (!names.isEmpty() || !facts.names().isEmpty()) {
            return names;
        }
        for (String part : facts.subject().split(",")) {
            if (part.startsWith("CN=")) {
                return List.of(part.substring(3));
            }
        }
        return List.of();
    }

    /**
     * @param serverName null where the caller asks for none
     * @param ecdsa whether it can check ECDSA's signatures
     */
    public SslHandler handler(@Nullable String serverName, boolean ecdsa, ByteBufAllocator alloc) {
        return choose(serverName, ecdsa).context().newHandler(alloc);
    }

    private Served choose(@Nullable String serverName, boolean ecdsa) {
        if (all.size() == 1) {
            return all.getFirst();
        }
        if (serverName != null) {
            List<Served> named = all.stream()
                    .filter(served -> served.hosts().contains(serverName))
                    .toList();
            if (named.isEmpty()) {
                named = all.stream()
                        .filter(served -> served.hosts().stream()
                                .anyMatch(host -> host.startsWith("*.") && NameMatcher.isSameHost(serverName, host)))
                        .toList();
            }
            if (!named.isEmpty()) {
                return byKey(named, ecdsa);
            }
            if (!scanOnMismatch) {
                return all.getFirst();
            }
        }
        return byKey(all, ecdsa);
    }

    private static Served byKey(List<Served> candidates, boolean ecdsa) {
        return candidates.stream()
                .filter(served -> served.certificate().isElliptic() == ecdsa)
                .findFirst()
                .or(() -> candidates.stream()
                        .filter(served -> !served.certificate().isElliptic())
                        .findFirst())
                .orElse(candidates.getFirst());
    }

    /** Of a handshake that is over. */
    public TlsSession session(SslHandler handler, @Nullable String serverName) {
        return Sessions.of(handler, serverName, rules, verifier, true);
    }
}
