package io.sluice.loadtests.same;

import io.sluice.loadtests.harness.Headers;
import io.sluice.loadtests.harness.TlsPeer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * One request.
 *
 * @param version {@code 1.1}, {@code 1.0} or {@code 2} (clear text, prior knowledge)
 * @param parts of the body; more than one is sent chunked
 * @param pause between the parts
 * @param raw bytes sent instead of all of these, one per character; HTTP/1
 * @param messages of a gRPC call, each sent when the answer to the one before is there
 * @param frames texts of WebSocket frames, each sent when the answer to the one before is there
 * @param connection requests with the same name share one connection; empty: one of its own
 * @param after how long it waits before it is sent
 * @param times more than 1: sent that often, over a few connections, and only the spread over upstreams is looked at
 * @param until not 0: sent again until that status is the answer
 * @param tls empty asks in clear text
 * @param preface bytes in front of everything, the handshake too; one per character
 */
record Ask(
        String method,
        String path,
        String host,
        String version,
        Headers headers,
        List<String> parts,
        Duration pause,
        Headers trailers,
        Optional<String> raw,
        List<String> messages,
        List<String> frames,
        String connection,
        Duration after,
        int times,
        int until,
        Optional<TlsPeer> tls,
        String preface,
        Expectation expect) {
    static final String HOST = "same.test";
    private static final Set<String> KEYS = Set.of(
            "method",
            "path",
            "host",
            "version",
            "headers",
            "body",
            "pause",
            "trailers",
            "raw",
            "grpc",
            "websocket",
            "connection",
            "after",
            "times",
            "until",
            "tls",
            "preface",
            "expect");
    private static final Set<String> TLS_KEYS = Set.of("sni", "alpn", "cert", "versions", "ciphers");

    /** {@code true}, or a map; asks for {@link #HOST} and for the request's version where nothing else is said. */
    private static Optional<TlsPeer> tls(Item item, String version) {
        String alpn = version.equals("2") ? "h2" : "http/1.1";
        if (item.node().isBoolean()) {
            return item.truth() ? Optional.of(TlsPeer.caller(HOST, alpn)) : Optional.empty();
        }
        item.only(TLS_KEYS);
        String sni = item.get("sni").map(Item::text).orElse(HOST);
        return Optional.of(new TlsPeer(
                sni.isEmpty() ? Optional.empty() : Optional.of(sni),
                item.get("alpn").map(Item::texts).orElse(List.of(alpn)),
                item.get("cert").map(Identities::named),
                false,
                item.get("versions").map(Item::texts).orElse(List.of()),
                item.get("ciphers").map(Item::texts).orElse(List.of())));
    }

    /** A text {@code GET /path}, or a map. */
    static Ask parse(Item item) {
        if (item.node().isTextual()) {
            String[] words = item.text().split(" ", 2);
            if (words.length != 2) {
                throw item.wrong("a method and a path, or a map");
            }
            return new Ask(
                    words[0],
                    words[1],
                    HOST,
                    "1.1",
                    Headers.NONE,
                    List.of(),
                    Duration.ZERO,
                    Headers.NONE,
                    Optional.empty(),
                    List.of(),
                    List.of(),
                    "",
                    Duration.ZERO,
                    1,
                    0,
                    Optional.empty(),
                    "",
                    Expectation.NOTHING);
        }
        item.only(KEYS);
        List<String> parts = item.get("body").map(Item::texts).orElse(List.of());
        List<String> messages = item.get("grpc").map(Item::texts).orElse(List.of());
        String version = item.get("version").map(Item::text).orElse(messages.isEmpty() ? "1.1" : "2");
        if (!Set.of("1.0", "1.1", "2").contains(version)) {
            throw item.need("version").wrong("1.0, 1.1 or 2");
        }
        return new Ask(
                item.get("method").map(Item::text).orElse(parts.isEmpty() && messages.isEmpty() ? "GET" : "POST"),
                item.get("path").map(Item::text).orElse("/"),
                item.get("host").map(Item::text).orElse(HOST),
                version,
                item.get("headers").map(Item::headers).orElse(Headers.NONE),
                parts,
                item.get("pause").map(Item::duration).orElse(Duration.ZERO),
                item.get("trailers").map(Item::headers).orElse(Headers.NONE),
                item.get("raw").map(Item::text),
                messages,
                item.get("websocket").map(Item::texts).orElse(List.of()),
                item.get("connection").map(Item::text).orElse(""),
                item.get("after").map(Item::duration).orElse(Duration.ZERO),
                item.get("times").map(Item::number).orElse(1),
                item.get("until").map(Item::number).orElse(0),
                item.get("tls").flatMap(tls -> tls(tls, version)),
                item.get("preface").map(Item::text).orElse(""),
                item.get("expect").map(Expectation::parse).orElse(Expectation.NOTHING));
    }
}
