package io.sluice.gateway.accesslog;

import io.netty.util.NetUtil;
import java.math.BigInteger;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.cert.CertificateEncodingException;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collection;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import javax.security.auth.x500.X500Principal;

/** What a certificate says, in the words that Envoy uses for it. */
public record CertificateFacts(X509Certificate certificate) {
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSS'Z'").withZone(ZoneOffset.UTC);
    private static final Map<String, String> KEYWORDS = Map.of(
            "1.2.840.113549.1.9.1",
            "emailAddress",
            "2.5.4.5",
            "serialNumber",
            "2.5.4.4",
            "SN",
            "2.5.4.42",
            "GN",
            "2.5.4.12",
            "title",
            "2.5.4.43",
            "initials");

    /** Of an alternative name; the number is X.509's. */
    public enum NameKind {
        EMAIL(1),
        DNS(2),
        URI(6),
        IP_ADDRESS(7);

        private final int tag;

        NameKind(int tag) {
            this.tag = tag;
        }

        public int tag() {
            return tag;
        }
    }

    /** @param kind X.509's number */
    public record Name(int kind, String text) {}

    /** RFC 2253, what is not ASCII as bytes. */
    public String subject() {
        return text(certificate.getSubjectX500Principal());
    }

    public String issuer() {
        return text(certificate.getIssuerX500Principal());
    }

    private static String text(X500Principal name) {
        String text = name.getName(X500Principal.RFC2253, KEYWORDS);
        if (text.chars().allMatch(c -> c < 0x7f)) {
            return text;
        }
        StringBuilder out = new StringBuilder();
        for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
            if (b < 0) {
                out.append(String.format("\\%02X", b));
            } else {
                out.append((char) b);
            }
        }
        return out.toString();
    }

    /** Alternative names that are texts or addresses; none where they cannot be read. */
    public List<Name> names() {
        List<Name> names = new ArrayList<>();
        try {
            Collection<List<?>> all = certificate.getSubjectAlternativeNames();
            if (all != null) {
                for (List<?> entry : all) {
                    if (entry.get(1) instanceof String text) {
                        int kind = (Integer) entry.get(0);
                        names.add(new Name(kind, kind == NameKind.IP_ADDRESS.tag() ? shortened(text) : text));
                    }
                }
            }
        } catch (CertificateParsingException e) {
            return List.of();
        }
        return names;
    }

    /** Java writes an address's zeros out. */
    private static String shortened(String ip) {
        byte[] bytes = NetUtil.createByteArrayFromIpAddressString(ip);
        return bytes == null ? ip : NetUtil.bytesToIpAddress(bytes);
    }

    public List<String> names(NameKind kind) {
        return names().stream()
                .filter(name -> name.kind() == kind.tag())
                .map(Name::text)
                .toList();
    }

    /** Hex, lower case. */
    public String serial() {
        BigInteger serial = certificate.getSerialNumber();
        String hex = serial.abs().toString(16);
        return (serial.signum() < 0 ? "-" : "") + (hex.length() % 2 == 0 ? hex : "0" + hex);
    }

    /** SHA-256 of the whole, hex, lower case. */
    public String sha256() {
        return digest("SHA-256");
    }

    public String sha1() {
        return digest("SHA-1");
    }

    private String digest(String algorithm) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance(algorithm).digest(certificate.getEncoded()));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    /** {@code 2018-12-18T01:50:34.000Z}. */
    public String begins() {
        return TIME.format(certificate.getNotBefore().toInstant());
    }

    public String ends() {
        return TIME.format(certificate.getNotAfter().toInstant());
    }

    /** PEM, so written that it may stand in a header. */
    public String urlEncodedPem() {
        try {
            String lines = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(certificate.getEncoded());
            String pem = "-----BEGIN CERTIFICATE-----\n" + lines + "\n-----END CERTIFICATE-----\n";
            return URLEncoder.encode(pem, StandardCharsets.US_ASCII).replace("+", "%20");
        } catch (CertificateEncodingException e) {
            throw new IllegalStateException(e);
        }
    }
}
