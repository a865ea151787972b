package io.sluice.loadtests.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.loadtests.harness.Answer;
import io.sluice.loadtests.harness.Bytes;
import io.sluice.loadtests.harness.Gateway;
import io.sluice.loadtests.harness.Headers;
import io.sluice.loadtests.harness.Http1Client;
import io.sluice.loadtests.harness.Ports;
import io.sluice.loadtests.harness.Probe;
import io.sluice.loadtests.harness.ProgramProcess;
import io.sluice.loadtests.harness.RecordingUpstream;
import io.sluice.loadtests.harness.Response;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * From a token to a limit, in five lines of YAML. Rule: gateway and Envoy refuse who has no token or one for somebody else, the service never sees the
 * token, and each caller has one bucket over both, whatever others use; while the issuer is away the gateway goes on believing.
 */
class TokensScenario {
    private static final int LIMIT = 4;

    /** Of a key that was thrown away; they end in 2100. */
    private static final String ANN =
            "eyJhbGciOiJFUzI1NiIsImtpZCI6Im9uZSJ9.eyJpc3MiOiJodHRwczovL2lzc3Vlci5leGFtcGxlIiwiYXVkIjoic2hvcCIsInN1YiI6ImFub"
                    + "iIsInBsYW4iOiJnb2xkIiwiZXhwIjo0MTAyNDQ0ODAwfQ.RJCzqtwTz7HELWBYGcvpPf1AxZVUJp88MROMyAsK6K2F63-JylXxjUk87jvWjwB-"
                    + "wQpWPYppjZO45IlmjmDqpQ";

    private static final String BOB =
            "eyJhbGciOiJFUzI1NiIsImtpZCI6Im9uZSJ9.eyJpc3MiOiJodHRwczovL2lzc3Vlci5leGFtcGxlIiwiYXVkIjoic2hvcCIsInN1YiI6ImJvY"
                    + "iIsInBsYW4iOiJnb2xkIiwiZXhwIjo0MTAyNDQ0ODAwfQ.RHgF9DrKdGS_8OiBD98hdl6mlS4p70VSw7SBVT0gsHbpWFiVSroQcbV6o7oOjFFF"
                    + "ylqmBqd0jZ_1zZhpy-qixQ";

    private static final String FOR_ANOTHER_AUDIENCE =
            "eyJhbGciOiJFUzI1NiIsImtpZCI6Im9uZSJ9.eyJpc3MiOiJodHRwczovL2lzc3Vlci5leGFtcGxlIiwiYXVkIjoicGF5Iiwic3ViIjoiYW5uI"
                    + "iwicGxhbiI6ImdvbGQiLCJleHAiOjQxMDI0NDQ4MDB9.Ery8Db_xj3wF8wY9pOYhr1eS3KQEWGRACusXNJhNYoNIKvkAwCWPR6t2-rjLF952OQ"
                    + "Xu0FTroAhzmxgG6JC5pA";

    private static final String KEYS =
            "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"SmgTieOeI1iXRe3etOBaGJhT-PB7fuli26q14-_O1j0\",\"y\":\"75hq8VxprQlsxjXbGX-X"
                    + "Gi5CIVfUWTs9UKpCKop85dA\",\"kid\":\"one\",\"alg\":\"ES256\",\"use\":\"sig\"}]}";

    @Test
    void eachCallerHasHisOwnLimitOverGatewayAndEnvoy(@TempDir Path folder) throws Exception {
        int service = Ports.free();
        try (RecordingUpstream orders = Upstreams.named("orders");
                RecordingUpstream issuer = RecordingUpstream.http1(request -> keys());
                Site site = Site.onFiles(folder, Map.of("SLUICE_RATE_LIMIT", "127.0.0.1:" + service));
                ProgramProcess limiter = limitServer(service, folder)) {
            assertThat(limiter.isAlive()).isTrue();
            site.registry().write("services", """
                    services: {orders: ["127.0.0.1:%d"], issuer: ["127.0.0.1:%d"]}
                    providers: {corp: {issuer: "https://issuer.example", audiences: [shop], keys: {service: issuer, path: /certs, cache: 1s}}}
                    """.formatted(orders.port(), issuer.port()));
            site.routes("- {match: /orders/**, to: orders, auth: {jwt: corp}, limit: {per: sub, rate: %d/d}}"
                    .formatted(LIMIT));
            site.start();
            site.awaitStatus("/orders/1", 401);

            site.doors()
                    .forEach((name, port) -> Site.await(
                            () -> name + " limits ann", () -> ask(port, ANN).status() == 429));
            int admitted = 0;
            for (int i = 0; i < LIMIT; i++) {
                for (int port : site.doors().values()) {
                    int status = ask(port, BOB).status();
                    assertThat(status).isIn(200, 429);
                    admitted += status == 200 ? 1 : 0;
                }
            }
            // an answer of the limiter that comes late admits: half of them may, before it looks like two buckets
            assertThat(admitted).as("of another caller, over both").isBetween(LIMIT, LIMIT + LIMIT / 2);
            site.doors().forEach((name, port) -> {
                assertThat(ask(port, FOR_ANOTHER_AUDIENCE).status()).as(name).isEqualTo(403);
                assertThat(ask(port, BOB.replace("RHgF9", "RHgF8")).status())
                        .as(name)
                        .isEqualTo(401);
            });
            assertThat(orders.seen())
                    .isNotEmpty()
                    .noneMatch(request -> request.headers().get("authorization").isPresent());

            issuer.close();
            Site.await(() -> "the gateway misses the issuer", () -> {
                assertThat(ask(site.gatewayPort(), ANN).status()).isIn(200, 429);
                return site.gateway().process().output().contains("jwks not fetched");
            });
            assertThat(ask(site.gatewayPort(), ANN).status())
                    .as("still believed")
                    .isIn(200, 429);
        }
    }

    private static Answer keys() {
        return new Answer.Reply(200, Headers.NONE, List.of(Bytes.utf8(KEYS)), Headers.NONE, List.of());
    }

    private static ProgramProcess limitServer(int service, Path folder) {
        int admin = Ports.free();
        int member = Ports.free();
        return Gateway.run(
                        List.of("--role", "ratelimit", "--rls-port", "" + service, "--admin-port", "" + admin),
                        Map.of("SLUICE_LIMITER_PORT", "" + member, "SLUICE_LIMITER_MEMBERS", "127.0.0.1:" + member),
                        folder)
                .awaitReady(() -> Probe.ok(admin, "/ready"), Duration.ofSeconds(30));
    }

    private static Response ask(int port, String token) {
        try (Http1Client client = Http1Client.connect(port)) {
            client.send("GET /orders/1 HTTP/1.1\r\nhost: scenario\r\nauthorization: Bearer " + token + "\r\n\r\n");
            return client.read("GET", Duration.ofSeconds(20));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
