package io.sluice.loadtests.same;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.sluice.loadtests.harness.Bytes;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * Envoy's authorisation over gRPC, as far as rows need it: what a service answers, from YAML, and what it was asked, as lines. Written by hand, since
 * no module here knows Envoy's messages; numbers are those of {@code envoy/service/auth/v3}.
 */
final class CheckMessages {
    static final String PATH = "/envoy.service.auth.v3.Authorization/Check";

    private static final Set<String> KEYS = Set.of("code", "denied", "ok", "metadata");
    private static final Set<String> DENIED = Set.of("status", "headers", "body");
    private static final Set<String> OK =
            Set.of("headers", "remove", "response_headers", "set_parameters", "remove_parameters");
    private static final Set<String> HEADER = Set.of("name", "value", "append", "action");

    /** Names of fields by their numbers, each with the numbers of the messages around it. */
    private static final Map<String, String> NAMES = Map.ofEntries(
            Map.entry("1", "attributes"),
            Map.entry("1.1", "source"),
            Map.entry("1.2", "destination"),
            Map.entry("1.4", "request"),
            Map.entry("1.4.1", "time"),
            Map.entry("1.4.2", "http"),
            Map.entry("1.4.2.1", "id"),
            Map.entry("1.4.2.2", "method"),
            Map.entry("1.4.2.3", "headers"),
            Map.entry("1.4.2.4", "path"),
            Map.entry("1.4.2.5", "host"),
            Map.entry("1.4.2.6", "scheme"),
            Map.entry("1.4.2.9", "size"),
            Map.entry("1.4.2.10", "protocol"),
            Map.entry("1.4.2.11", "body"),
            Map.entry("1.4.2.12", "raw_body"),
            Map.entry("1.4.2.13", "header_map"),
            Map.entry("1.10", "context_extensions"),
            Map.entry("1.11", "metadata_context"),
            Map.entry("1.12", "tls_session"),
            Map.entry("1.13", "route_metadata_context"));

    /** Texts, which might look like messages. */
    private static final Pattern TEXT =
            Pattern.compile("1\\.4\\.2\\.(?!3$|13$)\\d+|1\\.4\\.2\\.3\\.[12]|1\\.10\\.[12]|1\\.[12]\\.[245]");

    /** What differs from request to request. */
    private static final Pattern RANDOM = Pattern.compile("1\\.4\\.1.*|1\\.4\\.2\\.1|1\\.[12]\\.1\\.1\\.3");

    private CheckMessages() {}

    // --- what a service answers

    /** The body of a gRPC answer: {@code {code: 7, denied: {status: 401, body: no}}}, {@code {ok: {headers: {x-user: ann}}}}. */
    static Bytes answer(Item item) {
        item.only(KEYS);
        Message response = new Message();
        int code = item.get("code").map(Item::number).orElse(0);
        response.message(1, code == 0 ? new Message() : new Message().number(1, code));
        item.get("denied").ifPresent(denied -> response.message(2, denied(denied)));
        item.get("ok").ifPresent(ok -> response.message(3, ok(ok)));
        item.get("metadata").ifPresent(metadata -> response.message(4, struct(metadata)));
        byte[] bytes = response.bytes();
        return Bytes.copyOf(ByteBuffer.allocate(5 + bytes.length)
                .put((byte) 0)
                .putInt(bytes.length)
                .put(bytes)
                .array());
    }

    private static Message denied(Item item) {
        item.only(DENIED);
        Message denied = new Message();
        item.get("status").ifPresent(status -> denied.message(1, new Message().number(1, status.number())));
        item.get("headers").ifPresent(headers -> headers(denied, 2, headers));
        item.get("body").ifPresent(body -> denied.text(3, body.text()));
        return denied;
    }

    private static Message ok(Item item) {
        item.only(OK);
        Message ok = new Message();
        item.get("headers").ifPresent(headers -> headers(ok, 2, headers));
        item.get("remove").ifPresent(names -> names.texts().forEach(name -> ok.text(5, name)));
        item.get("response_headers").ifPresent(headers -> headers(ok, 6, headers));
        item.get("set_parameters")
                .ifPresent(set -> set.entries()
                        .forEach((name, value) ->
                                ok.message(7, new Message().text(1, name).text(2, value.text()))));
        item.get("remove_parameters").ifPresent(names -> names.texts().forEach(name -> ok.text(8, name)));
        return ok;
    }

    /** A list of {@code {name, value, append: true | false, action: 0..3}}. */
    private static void headers(Message into, int field, Item list) {
        for (Item header : list.items()) {
            header.only(HEADER);
            Message option = new Message()
                    .message(
                            1,
                            new Message()
                                    .text(1, header.get("name").orElseThrow().text())
                                    .text(2, header.get("value").orElseThrow().text()));
            header.get("append")
                    .ifPresent(append -> option.message(2, new Message().number(1, append.truth() ? 1 : 0)));
            header.get("action").ifPresent(action -> option.number(3, action.number()));
            into.message(field, option);
        }
    }

    private static Message struct(Item map) {
        Message struct = new Message();
        map.entries()
                .forEach((name, value) ->
                        struct.message(1, new Message().text(1, name).message(2, new Message().text(3, value.text()))));
        return struct;
    }

    private static final class Message {
        private final ByteArrayOutputStream out = new ByteArrayOutputStream();

        private Message number(int field, long value) {
            varint((long) field << 3);
            varint(value);
            return this;
        }

        private Message text(int field, String value) {
            return bytes(field, value.getBytes(UTF_8));
        }

        private Message message(int field, Message value) {
            return bytes(field, value.bytes());
        }

        private Message bytes(int field, byte[] value) {
            varint(((long) field << 3) | 2);
            varint(value.length);
            out.writeBytes(value);
            return this;
        }

        private void varint(long value) {
            long left = value;
            while (left > 127) {
                out.write((int) ((left & 127) | 128));
                left >>>= 7;
            }
            out.write((int) left);
        }

        private byte[] bytes() {
            return out.toByteArray();
        }
    }

    // --- what a service was asked

    /** Sorted, a line for each field, without what differs from request to request. */
    static List<String> asked(Bytes frame) {
        byte[] bytes = frame.toArray();
        List<String> lines = new ArrayList<>();
        Optional<List<Field>> fields = bytes.length < 5
                ? Optional.empty()
                : fields(ByteBuffer.wrap(bytes).position(5));
        fields.ifPresent(found -> found.forEach(field -> line("", "", field, lines)));
        lines.sort(null);
        return lines;
    }

    private record Field(int number, Object value) {}

    private static void line(String numbers, String names, Field field, List<String> lines) {
        String number = numbers.isEmpty() ? "" + field.number() : numbers + "." + field.number();
        String name = NAMES.getOrDefault(number, String.valueOf(field.number()));
        String path = names.isEmpty() ? name : names + "." + name;
        if (RANDOM.matcher(number).matches()) {
            lines.add(path);
            return;
        }
        if (field.value() instanceof ByteBuffer bytes) {
            Optional<List<Field>> inner = TEXT.matcher(number).matches() ? Optional.empty() : fields(bytes.duplicate());
            if (inner.isPresent()) {
                if (isEntry(number)) {
                    Map<Integer, String> entry = new TreeMap<>();
                    inner.get().forEach(part -> entry.put(part.number(), text((ByteBuffer) part.value())));
                    String value = entry.getOrDefault(2, "");
                    lines.add(
                            path + " " + entry.get(1) + ": " + ("x-request-id".equals(entry.get(1)) ? "<id>" : value));
                } else if (inner.get().isEmpty()) {
                    lines.add(path + " {}");
                } else {
                    inner.get().forEach(part -> line(number, path, part, lines));
                }
                return;
            }
            lines.add(path + ": " + text(bytes));
            return;
        }
        lines.add(path + ": " + field.value());
    }

    private static boolean isEntry(String number) {
        return number.equals("1.4.2.3") || number.equals("1.10");
    }

    private static String text(ByteBuffer bytes) {
        return UTF_8.decode(bytes.duplicate()).toString();
    }

    /** Empty where these are not the fields of a message. */
    private static Optional<List<Field>> fields(ByteBuffer bytes) {
        List<Field> fields = new ArrayList<>();
        try {
            while (bytes.hasRemaining()) {
                long key = varint(bytes);
                int number = (int) (key >>> 3);
                if (number == 0 || number > 64) {
                    return Optional.empty();
                }
                switch ((int) (key & 7)) {
                    case 0 -> fields.add(new Field(number, varint(bytes)));
                    case 1 ->
                        fields.add(new Field(
                                number,
                                bytes.order(java.nio.ByteOrder.LITTLE_ENDIAN).getDouble()));
                    case 2 -> {
                        int length = (int) varint(bytes);
                        if (length < 0 || length > bytes.remaining()) {
                            return Optional.empty();
                        }
                        fields.add(new Field(number, bytes.slice(bytes.position(), length)));
                        bytes.position(bytes.position() + length);
                    }
                    default -> {
                        return Optional.empty();
                    }
                }
            }
            return Optional.of(fields);
        } catch (java.nio.BufferUnderflowException e) {
            return Optional.empty();
        }
    }

    private static long varint(ByteBuffer bytes) {
        long value = 0;
        for (int shift = 0; shift < 64; shift += 7) {
            byte b = bytes.get();
            value |= (long) (b & 127) << shift;
            if (b >= 0) {
                return value;
            }
        }
        return value;
    }
}
