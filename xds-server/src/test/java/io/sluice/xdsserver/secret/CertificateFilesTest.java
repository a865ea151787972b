package io.sluice.xdsserver.secret;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.sync.model.Catalog;
import io.sluice.sync.model.Certificate;
import io.sluice.sync.model.Certificate.Content;
import io.sluice.sync.model.Certificate.Pem;
import io.sluice.sync.model.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CertificateFilesTest {
    private static Pair good;
    private static Pair other;
    private static Pair ended;
    private static Pair rsa;
    private static Pair later;

    @TempDir
    Path folder;

    @TempDir
    Path elsewhere;

    private CertificateFiles files;
    private int written;

    @BeforeAll
    static void make() {
        good = Pair.of("good.test", "-keyalg", "EC");
        other = Pair.of("other.test", "-keyalg", "EC");
        ended = Pair.of("ended.test", "-keyalg", "EC", "-startdate", "-3d", "-validity", "1");
        rsa = Pair.of("rsa.test", "-keyalg", "RSA");
        later = Pair.of("later.test", "-keyalg", "EC", "-startdate", "+2d");
    }

    @BeforeEach
    void begin() {
        files = new CertificateFiles("file:" + folder, List.of(), InstantSource.system());
    }

    /** Each time as if long ago, and another time than before. */
    private void write(String name, String text) {
        try {
            Files.deleteIfExists(folder.resolve(name)); // it may be a link
            Path file = Files.writeString(folder.resolve(name), text);
            Files.setLastModifiedTime(file, FileTime.from(Instant.ofEpochSecond(1_000_000 + written++)));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private void write(Pair pair) {
        write("a.crt", pair.chainPem());
        write("a.key", pair.keyPem());
    }

    private static Catalog catalog(String chain, String key) {
        return with(new Content.Own(new Pem.File(chain), new Pem.File(key)));
    }

    private static Catalog with(Content content) {
        return new Catalog(List.of(), List.of(), List.of(), List.of())
                .withCertificates(List.of(new Certificate("a", content, "r.yaml:3 certificates.a")), List.of());
    }

    private static String shown(Catalog resolved) {
        return resolved.certificates().isEmpty()
                ? "none"
                : CertificateFacts.of(resolved.certificates().getFirst())
                        .getFirst()
                        .subject();
    }

    private static String problem(Catalog resolved) {
        return String.join(
                "\n", resolved.problems().stream().map(Problem::toString).toList());
    }

    @Test
    void readsWhatIsRight() {
        write(good);
        Catalog resolved = files.resolve(catalog("a.crt", "a.key"));
        assertThat(problem(resolved)).isEmpty();
        assertThat(CertificateFacts.of(resolved.certificates().getFirst()))
                .singleElement()
                .satisfies(facts -> {
                    assertThat(facts.subject()).isEqualTo("CN=good.test");
                    assertThat(facts.names()).containsExactly("good.test");
                    assertThat(facts.end()).isAfter(Instant.now());
                });
    }

    @ParameterizedTest
    @CsvSource({"RSA PRIVATE KEY, rsa", "EC PRIVATE KEY, ec"})
    void readsKeysOfOlderForms(String label, String kind) {
        Pair pair = kind.equals("rsa") ? rsa : good;
        write("a.crt", pair.chainPem());
        write("a.key", pair.olderKeyPem(label));
        assertThat(problem(files.resolve(catalog("a.crt", "a.key")))).isEmpty();
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
        chain  | nothing        | chain has no certificate in PEM (expected: certificates in PEM)
        chain  | broken         | chain certificate 1 in it cannot be read (expected: certificates in PEM)
        chain  | no base64      | chain has a PEM block that is not base64 (expected: certificates in PEM)
        chain  | other          | key is not the key of the certificate (expected: the certificate's own key, without a password)
        chain  | ended          | ended at
        chain  | later          | begins at
        chain  | cut            | chain has a certificate that is cut off (expected: certificates in PEM)
        chain  | absent         | file 'a.crt' is not there (expected: a file in PEM)
        chain  | large          | file 'a.crt' is too large (expected: at most 1MiB)
        chain  | link           | file 'a.crt' lies elsewhere
        key    | nothing        | key has no private key in PEM
        key    | other          | key is not the key of the certificate
        key    | rsa            | key is not the key of the certificate
        key    | encrypted      | key is encrypted
        key    | encrypted once | key is encrypted
        key    | absent         | file 'a.key' is not there
        """)
    void keepsTheLastGoodOne(String file, String what, String reason) throws IOException {
        write(good);
        Catalog catalog = catalog("a.crt", "a.key");
        assertThat(shown(files.resolve(catalog))).isEqualTo("CN=good.test");

        Path at = folder.resolve(file.equals("chain") ? "a.crt" : "a.key");
        switch (what) {
            case "nothing" -> write(at.getFileName().toString(), "nothing");
            case "broken" -> write("a.crt", Pair.pem("CERTIFICATE", new byte[] {1, 2, 3}));
            case "no base64" -> write("a.crt", "-----BEGIN CERTIFICATE-----\nA\n-----END CERTIFICATE-----\n");
            case "other" ->
                write(at.getFileName().toString(), file.equals("chain") ? other.chainPem() : other.keyPem());
            case "rsa" -> write("a.key", rsa.keyPem());
            case "ended" -> write(ended);
            case "later" -> write(later);
            case "cut" -> write("a.crt", good.chainPem() + other.chainPem().substring(0, 200));
            case "encrypted once" ->
                write("a.key", good.olderKeyPem("EC PRIVATE KEY").replaceFirst("\n", "\nProc-Type: 4,ENCRYPTED\n\n"));
            case "encrypted" -> write("a.key", Pair.pem("ENCRYPTED PRIVATE KEY", new byte[] {1}));
            case "absent" -> Files.delete(at);
            case "large" -> write("a.crt", "x".repeat((1 << 20) + 1));
            case "link" -> {
                Files.delete(at);
                Files.createSymbolicLink(at, Files.writeString(elsewhere.resolve("x.crt"), good.chainPem()));
            }
            default -> throw new IllegalArgumentException(what);
        }
        Catalog resolved = files.resolve(catalog);
        assertThat(problem(resolved))
                .startsWith("r.yaml:3 certificates.a: " + reason)
                .doesNotContain("BEGIN");
        assertThat(shown(resolved)).isEqualTo("CN=good.test");

        write(other);
        assertThat(shown(files.resolve(catalog))).isEqualTo("CN=other.test");
        assertThat(files.isDue(catalog)).isFalse();
    }

    @Test
    void oneThatNeverWasGoodIsNotThere() {
        Catalog resolved = files.resolve(catalog("a.crt", "a.key"));
        assertThat(shown(resolved)).isEqualTo("none");
        assertThat(problem(resolved)).contains("file 'a.crt' is not there");
        assertThat(files.isDue(catalog("a.crt", "a.key")))
                .as("looked for again")
                .isTrue();
    }

    @Test
    void oneThatHasEndedIsBetterThanNone() {
        write(ended);
        Catalog resolved = files.resolve(catalog("a.crt", "a.key"));
        assertThat(shown(resolved)).isEqualTo("CN=ended.test");
        assertThat(problem(resolved)).contains("ended at ", "expected: a certificate that is valid");
    }

    @Test
    void onlyFilesOfItsFoldersAreRead() throws IOException {
        Files.writeString(elsewhere.resolve("a.crt"), good.chainPem());
        Files.writeString(elsewhere.resolve("a.key"), good.keyPem());
        Catalog catalog = catalog(
                elsewhere.resolve("a.crt").toString(),
                elsewhere.resolve("a.key").toString());
        assertThat(problem(files.resolve(catalog))).contains("lies elsewhere", "secret-folders");
        CertificateFiles allowed =
                new CertificateFiles("consul://127.0.0.1:8500", List.of(elsewhere), InstantSource.system());
        assertThat(problem(allowed.resolve(catalog))).isEmpty();
    }

    @Test
    void aChangeIsReadOnceItIsQuiet() {
        write(good);
        Catalog catalog = catalog("a.crt", "a.key");
        files.resolve(catalog);
        assertThat(files.isDue(catalog)).isFalse();
        write("a.crt", other.chainPem());
        assertThat(files.isDue(catalog)).as("at the first look").isFalse();
        assertThat(files.isChanging()).isTrue();
        write("a.key", other.keyPem());
        assertThat(files.isDue(catalog)).as("changed again").isFalse();
        assertThat(files.isDue(catalog)).as("quiet").isTrue();
        assertThat(shown(files.resolve(catalog))).isEqualTo("CN=other.test");
    }

    @Test
    void whatNeverKeepsQuietIsReadAllTheSame() {
        write(good);
        Catalog catalog = catalog("a.crt", "a.key");
        files.resolve(catalog);
        int looks = 0;
        boolean due = false;
        while (!due && looks < 100) {
            write(other);
            due = files.isDue(catalog);
            looks++;
        }
        assertThat(looks).isLessThan(100);
    }

    @Test
    void whatStandsInTheCatalogItselfIsLookedAtToo() {
        Catalog resolved =
                files.resolve(with(new Content.Own(new Pem.Text(good.chainPem()), new Pem.Text(other.keyPem()))));
        assertThat(problem(resolved)).contains("key is not the key of the certificate");
        assertThat(problem(
                        files.resolve(with(new Content.Authorities(new Pem.Text(good.chainPem() + other.chainPem()))))))
                .isEmpty();
    }

    @Test
    void locatedFilesStayFiles() {
        write(good);
        assertThat(files.locate(catalog("a.crt", "a.key"))
                        .certificates()
                        .getFirst()
                        .content())
                .isEqualTo(new Content.Own(
                        new Pem.File(folder.resolve("a.crt").toString()),
                        new Pem.File(folder.resolve("a.key").toString())));
    }
}
