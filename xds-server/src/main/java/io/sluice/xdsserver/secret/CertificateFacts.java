package io.sluice.xdsserver.secret;

import io.sluice.sync.model.Certificate;
import io.sluice.sync.model.Certificate.Content;
import io.sluice.sync.model.Certificate.Pem;
import java.io.IOException;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Collection;
import java.util.List;

/**
 * What a certificate says of itself, for people.
 *
 * @param serial in hex
 * @param names its alternative ones
 */
public record CertificateFacts(String subject, String serial, List<String> names, Instant from, Instant end) {
    public CertificateFacts {
        names = List.copyOf(names);
    }

    /** Its own first, then the chain; or all authorities. Empty where it is a file that was not read. */
    public static List<CertificateFacts> of(Certificate certificate) {
        Pem pem = switch (certificate.content()) {
            case Content.Own own -> own.chain();
            case Content.Authorities others -> others.certificates();
        };
        try {
            return pem instanceof Pem.Text text
                    ? PemText.certificates(text.pem()).stream()
                            .map(CertificateFacts::of)
                            .toList()
                    : List.of();
        } catch (IOException e) {
            return List.of();
        }
    }

    private static CertificateFacts of(X509Certificate certificate) {
        return new CertificateFacts(
                certificate.getSubjectX500Principal().getName(),
                certificate.getSerialNumber().toString(16),
                names(certificate),
                begin(certificate),
                end(certificate));
    }

    private static List<String> names(X509Certificate certificate) {
        try {
            Collection<List<?>> names = certificate.getSubjectAlternativeNames();
            return names == null
                    ? List.of()
                    : names.stream().map(name -> name.get(1).toString()).toList();
        } catch (CertificateParsingException e) {
            return List.of();
        }
    }

    @SuppressWarnings("JavaUtilDate") // certificates have no other
    static Instant begin(X509Certificate certificate) {
        return certificate.getNotBefore().toInstant();
    }

    @SuppressWarnings("JavaUtilDate") // certificates have no other
    static Instant end(X509Certificate certificate) {
        return certificate.getNotAfter().toInstant();
    }
}
