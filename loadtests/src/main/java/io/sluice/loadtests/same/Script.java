package io.sluice.loadtests.same;

import io.sluice.loadtests.harness.Answer;
import io.sluice.loadtests.harness.Answer.Reset.Place;
import io.sluice.loadtests.harness.Bytes;
import io.sluice.loadtests.harness.Headers;
import java.time.Duration;
import java.util.List;
import java.util.Set;

/** The upstream's part of a row: one answer, or a list of them in turn; each a status, a word, or a map. */
final class Script {
    private static final Set<String> KEYS =
            Set.of("status", "headers", "body", "trailers", "interim", "delay", "raw", "do", "check", "early", "last");

    /** Between two bytes: ten of them take longer than any row waits. */
    private static final Duration TRICKLE = Duration.ofSeconds(1);

    private Script() {}

    /** @param upstream its name: each reply says it in {@code x-from} */
    static List<Answer> parse(String upstream, Item item) {
        return item.items().stream().map(one -> answer(upstream, one)).toList();
    }

    static Answer plain(String upstream) {
        return reply(200, upstream, Headers.NONE, List.of("hello"), Headers.NONE, List.of());
    }

    private static Answer answer(String upstream, Item item) {
        if (item.node().isIntegralNumber()) {
            return reply(item.number(), upstream, Headers.NONE, List.of("hello"), Headers.NONE, List.of());
        }
        if (item.node().isTextual()) {
            return word(item);
        }
        item.only(KEYS);
        Answer answer = item.get("do")
                .map(Script::word)
                .or(() -> item.get("early").map(early -> new Answer.Early(whole(upstream, early))))
                .or(() -> item.get("last").map(last -> new Answer.Last(whole(upstream, last))))
                .or(() -> item.get("check").map(Script::check))
                .or(() -> item.get("raw").map(raw -> new Answer.Raw(Bytes.latin1(Placeholders.repeat(raw.text())))))
                .orElseGet(() -> reply(
                        item.get("status").map(Item::number).orElse(200),
                        upstream,
                        item.get("headers").map(Script::repeated).orElse(Headers.NONE),
                        item.get("body").map(Item::texts).orElse(List.of("hello")),
                        item.get("trailers").map(Item::headers).orElse(Headers.NONE),
                        item.get("interim")
                                .map(list ->
                                        list.items().stream().map(Item::number).toList())
                                .orElse(List.of())));
        return item.get("delay")
                .<Answer>map(delay -> new Answer.Delayed(delay.duration(), answer))
                .orElse(answer);
    }

    private static Headers repeated(Item item) {
        return new Headers(item.headers().fields().stream()
                .map(field -> new Headers.Field(field.name(), Placeholders.repeat(field.value())))
                .toList());
    }

    private static Answer check(Item item) {
        return new Answer.Reply(
                200,
                Headers.NONE.and("content-type", "application/grpc"),
                List.of(CheckMessages.answer(item)),
                Headers.NONE.and("grpc-status", "0"),
                List.of());
    }

    private static Answer word(Item item) {
        return switch (item.text()) {
            case "reset" -> new Answer.Reset(Place.BEFORE_HEADERS);
            case "reset in headers" -> new Answer.Reset(Place.IN_HEADERS);
            case "reset in body" -> new Answer.Reset(Place.IN_BODY);
            case "refuse" -> new Answer.Refuse();
            case "close" -> new Answer.Close();
            case "silence" -> new Answer.Silence();
            case "stall in body" -> new Answer.Stall();
            case "cut in body" -> new Answer.Cut();
            case "trickle" -> new Answer.Trickle(TRICKLE);
            case "garbage" -> new Answer.Garbage();
            case "go away" -> new Answer.GoAway();
            case "websocket echo" -> new Answer.WebSocketEcho();
            case "grpc echo" -> new Answer.GrpcEcho();
            default ->
                throw item.wrong("a status, a map, or one of: reset, reset in headers, reset in body, refuse, close,"
                        + " silence, stall in body, cut in body, trickle, garbage, go away, websocket echo, grpc echo");
        };
    }

    private static Answer.Reply whole(String upstream, Item status) {
        return reply(status.number(), upstream, Headers.NONE, List.of("hello"), Headers.NONE, List.of());
    }

    private static Answer.Reply reply(
            int status, String upstream, Headers headers, List<String> parts, Headers trailers, List<Integer> interim) {
        return new Answer.Reply(
                status,
                headers.and("x-from", upstream),
                parts.stream().map(Bytes::utf8).toList(),
                trailers,
                interim);
    }
}
