package io.sluice.loadtests.harness;

import java.io.IOException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Questions that a program answers once it serves. */
public final class Probe {
    private Probe() {}

    /** Whether {@code GET path} is answered with 200. Never throws: a program that starts refuses connections. */
    public static boolean ok(int port, String path) {
        return text(port, path) != null;
    }

    /** The body of a 200 answer; null when there is none within a second. */
    static @Nullable String text(int port, String path) {
        try (Http1Client client = Http1Client.connect(port)) {
            client.send("GET " + path + " HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n");
            Response response = client.read("GET", Duration.ofSeconds(1));
            return response.status() == 200 ? response.text() : null;
        } catch (IOException e) {
            return null;
        }
    }
}
