package io.sluice.xdsserver.secret;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;

/** A certificate that signed itself and its key, as {@code keytool} makes them. */
final class Pair {
    private static final String PASSWORD = "changeit";

    private final byte[] certificate;
    private final byte[] key;

    private Pair(byte[] certificate, byte[] key) {
        this.certificate = certificate;
        this.key = key;
    }

    /** @param more words for {@code keytool -genkeypair}, such as {@code -keyalg RSA} */
    static Pair of(String name, String... more) {
        try {
            Path folder = Files.createTempDirectory("pair");
            Path store = folder.resolve("store.p12");
            List<String> words = new ArrayList<>(List.of(
                    Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                    "-genkeypair",
                    "-alias",
                    "a",
                    "-dname",
                    "CN=" + name,
                    "-ext",
                    "san=dns:" + name,
                    "-keystore",
                    store.toString(),
                    "-storetype",
                    "PKCS12",
                    "-storepass",
                    PASSWORD));
            words.addAll(List.of(more));
            Process made = new ProcessBuilder(words).redirectErrorStream(true).start();
            String said = new String(made.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (made.waitFor() != 0) {
                throw new IllegalStateException(said);
            }
            KeyStore keys = KeyStore.getInstance("PKCS12");
            try (InputStream in = Files.newInputStream(store)) {
                keys.load(in, PASSWORD.toCharArray());
            }
            Files.delete(store);
            Files.delete(folder);
            return new Pair(
                    keys.getCertificate("a").getEncoded(),
                    keys.getKey("a", PASSWORD.toCharArray()).getEncoded());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    String chainPem() {
        return pem("CERTIFICATE", certificate);
    }

    String keyPem() {
        return pem("PRIVATE KEY", key);
    }

    /** In OpenSSL's older form, which is the last field of PKCS #8. @param label {@code RSA PRIVATE KEY} or {@code EC PRIVATE KEY} */
    String olderKeyPem(String label) {
        int at = content(0);
        at = behind(at); // version
        at = behind(at); // algorithm
        return pem(label, Arrays.copyOfRange(key, content(at), behind(at)));
    }

    private int content(int at) {
        int length = key[at + 1] & 0xff;
        return at + 2 + (length < 0x80 ? 0 : length & 0x7f);
    }

    private int behind(int at) {
        int length = key[at + 1] & 0xff;
        if (length < 0x80) {
            return at + 2 + length;
        }
        int bytes = length & 0x7f;
        int all = 0;
        for (int i = 0; i < bytes; i++) {
            all = all << 8 | (key[at + 2 + i] & 0xff);
        }
        return at + 2 + bytes + all;
    }

    static String pem(String label, byte[] content) {
        return "-----BEGIN " + label + "-----\n"
                + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(content) + "\n-----END " + label
                + "-----\n";
    }
}
