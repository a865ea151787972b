package io.sluice.gateway.secret;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Versions and algorithms.
 *
 * @param ciphers of TLS 1.2, OpenSSL's names; those of 1.3 are not for choosing
 */
public record TlsParameters(Version min, Version max, List<String> ciphers, List<String> curves) {
    /** In the order in which they came. */
    public enum Version {
        V1_2("TLSv1.2"),
        V1_3("TLSv1.3");

        private final String text;

        Version(String text) {
            this.text = text;
        }

        String text() {
            return text;
        }
    }

    /** Envoy's. */
    static final List<String> DEFAULT_CIPHERS = List.of(
            "ECDHE-ECDSA-AES128-GCM-SHA256",
            "ECDHE-ECDSA-CHACHA20-POLY1305",
            "ECDHE-RSA-AES128-GCM-SHA256",
            "ECDHE-RSA-CHACHA20-POLY1305",
            "ECDHE-ECDSA-AES256-GCM-SHA384",
            "ECDHE-RSA-AES256-GCM-SHA384");

    static final List<String> DEFAULT_CURVES = List.of("X25519", "P-256");

    private static final List<String> CIPHERS_OF_1_3 =
            List.of("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256");

    public TlsParameters {
        ciphers = List.copyOf(ciphers);
        curves = List.copyOf(curves);
    }

    String[] protocols() {
        return Arrays.stream(Version.values())
                .filter(version -> version.compareTo(min) >= 0 && version.compareTo(max) <= 0)
                .map(Version::text)
                .toArray(String[]::new);
    }

    List<String> allCiphers() {
        List<String> all = new ArrayList<>(CIPHERS_OF_1_3);
        all.addAll(ciphers);
        return all;
    }

    /** As Java's own TLS names them. */
    List<String> javaCiphers() {
        List<String> all = new ArrayList<>(CIPHERS_OF_1_3);
        for (String cipher : ciphers) {
            int end = cipher.indexOf("-AES") >= 0 ? cipher.indexOf("-AES") : cipher.indexOf("-CHACHA20");
            if (end > 0) {
                String rest = cipher.substring(end + 1)
                        .replace("AES128", "AES_128")
                        .replace("AES256", "AES_256")
                        .replaceFirst("POLY1305$", "POLY1305_SHA256");
                all.add(("TLS_" + cipher.substring(0, end) + "_WITH_" + rest).replace('-', '_'));
            }
        }
        return all;
    }
}
