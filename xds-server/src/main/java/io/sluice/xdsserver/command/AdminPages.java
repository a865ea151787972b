package io.sluice.xdsserver.command;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sluice.xdsserver.settings.SettingsException;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;

/** A running server's admin pages, as JSON. */
final class AdminPages {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final HttpClient client = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(PATIENCE)
            .build();
    private final String address;
    private final String expected;

    /** @param address {@code HOST:PORT} of the control plane's */
    AdminPages(String address) {
        this(address, "--admin HOST:PORT of a running xds");
    }

    /** @param expected what should answer there */
    AdminPages(String address, String expected) {
        this.address = address;
        this.expected = expected;
    }

    /**
     * Blocks.
     *
     * @throws SettingsException where no server answers there
     */
    JsonNode get(String path) {
        try {
            HttpResponse<String> response = client.send(
                    HttpRequest.newBuilder(URI.create("http://" + address + path))
                            .timeout(PATIENCE)
                            .build(),
                    HttpResponse.BodyHandlers.ofString());
            if (response.statusCode() != 200) {
                throw new SettingsException("http://" + address + path + ": answered " + response.statusCode() + " "
                        + response.body().strip().lines().findFirst().orElse("") + " (expected: 200)");
            }
            return JSON.readTree(response.body());
        } catch (IllegalArgumentException e) {
            throw new SettingsException("'" + address + "' (expected: " + expected + ")");
        } catch (IOException e) {
            throw new SettingsException(
                    "http://" + address + path + ": no answer: " + e + " (expected: " + expected + ")");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new SettingsException("http://" + address + path + ": interrupted");
        }
    }
}
