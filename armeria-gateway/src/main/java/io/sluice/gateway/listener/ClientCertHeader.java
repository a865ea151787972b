package io.sluice.gateway.listener;

import com.linecorp.armeria.common.RequestHeadersBuilder;
import io.netty.util.AsciiString;
import io.sluice.gateway.accesslog.CertificateFacts;
import io.sluice.gateway.accesslog.CertificateFacts.NameKind;
import io.sluice.gateway.accesslog.TlsSession;
import io.sluice.gateway.compile.ClientCertificates;
import io.sluice.gateway.compile.ClientCertificates.Mode;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Tells upstreams whose certificate the caller showed. Source: Envoy source/common/http/conn_manager_utility.cc, mutateXfccRequestHeader. */
final class ClientCertHeader {
    private static final AsciiString NAME = AsciiString.cached("x-forwarded-client-cert");

    private ClientCertHeader() {}

    static void apply(ClientCertificates wanted, RequestHeadersBuilder headers, @Nullable TlsSession session) {
        if (wanted.mode() == Mode.ALWAYS_FORWARD_ONLY) {
            return;
        }
        if (wanted.mode() == Mode.SANITIZE || session == null || session.chain().isEmpty()) {
            headers.remove(NAME);
            return;
        }
        if (wanted.mode() == Mode.FORWARD_ONLY) {
            return;
        }
        String said = said(wanted, session);
        String before = headers.get(NAME);
        boolean append = wanted.mode() == Mode.APPEND_FORWARD && before != null && !before.isEmpty();
        headers.set(NAME, append ? String.join(",", headers.getAll(NAME)) + "," + said : said);
    }

    private static String said(ClientCertificates wanted, TlsSession session) {
        CertificateFacts peer = session.peer().orElseThrow();
        List<String> parts = new ArrayList<>();
        session.own().ifPresent(own -> own.names(NameKind.URI).forEach(uri -> parts.add("By=" + uri)));
        parts.add("Hash=" + peer.sha256());
        if (wanted.cert()) {
            parts.add("Cert=\"" + peer.urlEncodedPem() + "\"");
        }
        if (wanted.chain()) {
            StringBuilder chain = new StringBuilder();
            for (X509Certificate certificate : session.chain()) {
                chain.append(new CertificateFacts(certificate).urlEncodedPem());
            }
            parts.add("Chain=\"" + chain + "\"");
        }
        if (wanted.subject()) {
            parts.add("Subject=\"" + peer.subject() + "\"");
        }
        if (wanted.uri()) {
            add("URI=", peer.names(NameKind.URI), true, parts);
        }
        if (wanted.dns()) {
            add("DNS=", peer.names(NameKind.DNS), false, parts);
        }
        return String.join(";", parts);
    }

    private static void add(String key, List<String> names, boolean evenNone, List<String> parts) {
        names.forEach(name -> parts.add(key + name));
        if (names.isEmpty() && evenNone) {
            parts.add(key);
        }
    }
}
