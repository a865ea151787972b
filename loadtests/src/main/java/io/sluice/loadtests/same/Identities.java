package io.sluice.loadtests.same;

import io.sluice.loadtests.harness.Authority;
import io.sluice.loadtests.harness.Identity;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/**
 * The certificates of all rows, made once. Placeholders: <code>${tls.NAME.crt}</code> and <code>${tls.NAME.key}</code> in PEM, the same with
 * <code>.file</code> behind for a file that holds it, <code>${tls.NAME.sha256}</code> and <code>${tls.NAME.spki}</code> as pins take them, and
 * <code>${tls.ca.crl}</code>, by which {@code revoked} holds no more.
 */
final class Identities {
    static final String PREFIX = "tls.";
    private static final String FILE = ".file";

    private Identities() {}

    /** Made when the first row asks for one of them. */
    private static final class Made {
        private static final Map<String, Identity> ALL = new TreeMap<>();
        private static final String CRL;
        private static final Path FOLDER;

        static {
            Authority ca = Authority.root("ca");
            Authority otherCa = Authority.root("other-ca");
            Authority intermediate = ca.intermediate("intermediate");
            add(ca.self());
            add(otherCa.self());
            add(intermediate.self());
            add(ca.issue("server")
                    .dns("same.test", "*.wild.test")
                    .ip("127.0.0.1")
                    .signed());
            add(ca.issue("server-rsa").dns("same.test").rsa().signed());
            add(ca.issue("other").dns("other.test").signed());
            add(ca.issue("backend")
                    .dns("backend.test", "*.backends.test")
                    .ip("127.0.0.1")
                    .uri("spiffe://same/backend")
                    .email("backend@same.test")
                    .signed());
            add(otherCa.issue("stranger")
                    .dns("backend.test")
                    .uri("spiffe://same/client")
                    .signed());
            add(ca.issue("client")
                    .dns("client.test", "second.client.test")
                    .uri("spiffe://same/client")
                    .email("client@same.test")
                    .ip("10.1.2.3")
                    .signed());
            add(ca.issue("client-two-uris")
                    .uri("spiffe://same/one")
                    .uri("spiffe://same/two")
                    .signed());
            add(ca.issue("client-nameless").signed());
            add(ca.issue("client, \"quoted\"; <odd>").dns("odd.test").signed(), "client-odd");
            add(intermediate
                    .issue("client-chained")
                    .uri("spiffe://same/chained")
                    .signed());
            add(ca.issue("client-expired").expired().signed());
            add(ca.issue("client-not-yet").notYet().signed());
            add(ca.issue("only-server").dns("backend.test").onlyForServers().signed());
            add(ca.issue("only-client").dns("backend.test").onlyForClients().signed());
            add(ca.issue("backend-expired").dns("backend.test").expired().signed());
            Identity revoked = ca.issue("revoked").dns("backend.test").signed();
            add(revoked);
            CRL = ca.revoke(revoked);
            try {
                FOLDER = Files.createTempDirectory("sluice-same-tls");
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        private static void add(Identity identity) {
            add(identity, identity.name());
        }

        private static void add(Identity identity, String name) {
            ALL.put(name, identity);
        }
    }

    static Identity named(Item item) {
        Identity identity = Made.ALL.get(item.text());
        if (identity == null) {
            throw item.wrong("one of " + Made.ALL.keySet());
        }
        return identity;
    }

    /** Of a placeholder that begins with {@link #PREFIX}. */
    static String value(String placeholder) {
        if (placeholder.endsWith(FILE)) {
            return file(placeholder.substring(0, placeholder.length() - FILE.length()))
                    .toString();
        }
        int dot = placeholder.lastIndexOf('.');
        Identity identity = dot < PREFIX.length() ? null : Made.ALL.get(placeholder.substring(PREFIX.length(), dot));
        if (identity == null) {
            throw new RowException("${" + placeholder + "}", "unknown (expected: one of " + Made.ALL.keySet() + ")");
        }
        return switch (placeholder.substring(dot + 1)) {
            case "crt" -> identity.certificatePem();
            case "key" -> identity.keyPem();
            case "sha256" -> identity.sha256();
            case "spki" -> identity.spki();
            case "crl" -> Made.CRL;
            default -> throw new RowException("${" + placeholder + "}", "expected: crt, key, sha256, spki or crl");
        };
    }

    private static Path file(String placeholder) {
        Path file = Made.FOLDER.resolve(placeholder.replaceAll("[^a-z0-9.-]", "_") + ".pem");
        try {
            return Files.exists(file) ? file : Files.writeString(file, value(placeholder));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
