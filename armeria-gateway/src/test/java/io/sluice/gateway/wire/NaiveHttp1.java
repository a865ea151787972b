package io.sluice.gateway.wire;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads a connection's bytes at once, by the grammar of RFC 9110 and 9112 with what we leave out of it, as expressions. An oracle: slow, and
 * written apart from what it judges.
 */
final class NaiveHttp1 {
    private static final String TOKEN = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+";
    private static final Pattern REQUEST_LINE = Pattern.compile("(" + TOKEN + ") ([\\x21-\\x7e]+) HTTP/1\\.1");
    private static final Pattern HEADER = Pattern.compile("(" + TOKEN + "):[ \\t]*([\\t\\x20-\\x7e\\x80-\\xff]*)");
    private static final String HOST = "(\\[[0-9A-Fa-f:.]{2,}\\]|[A-Za-z0-9\\-._~!$&'()*+;=%]+)(:([0-9]*))?";
    private static final Pattern AUTHORITY = Pattern.compile(HOST);
    private static final Pattern ABSOLUTE = Pattern.compile("(?i)https?://([^/?#]*)([/?#].*)?");
    private static final String QUOTED = "\"(?:[\\t !#-\\x5b\\x5d-\\x7e\\x80-\\xff]|\\\\[\\t -\\x7e\\x80-\\xff])*+\"";
    private static final Pattern SIZE =
            Pattern.compile("([0-9A-Fa-f]{1,15})(;" + TOKEN + "(=(" + TOKEN + "|" + QUOTED + "))?)*");
    private static final int LIMIT = 60 * 1024;

    /**
     * @param requests those that are complete, as their bytes
     * @param messages what they say
     * @param begun what the next one says as far as it has come and is right; null as long as its head has not
     * @param bad whether what follows is none
     */
    record Reading(
            List<String> requests,
            List<Message> messages,
            @Nullable Message begun,
            boolean bad) {}

    /**
     * @param head method and target, then each header
     * @param trailers null as long as the end has not come
     */
    record Message(List<String> head, String body, @Nullable List<String> trailers) {}

    private static final class Bad extends RuntimeException {
        private static final long serialVersionUID = 1;
    }

    private static final class Unfinished extends RuntimeException {
        private static final long serialVersionUID = 1;
    }

    private final String bytes;
    private int at;
    private @Nullable List<String> head;
    private StringBuilder body = new StringBuilder();
    private List<String> trailers = List.of();

    private NaiveHttp1(String bytes) {
        this.bytes = bytes;
    }

    static Reading read(String latin1) {
        NaiveHttp1 reader = new NaiveHttp1(latin1);
        List<String> requests = new ArrayList<>();
        List<Message> messages = new ArrayList<>();
        while (reader.at < latin1.length()) {
            int start = reader.at;
            try {
                boolean last = reader.request();
                requests.add(latin1.substring(start, reader.at));
                messages.add(reader.message(reader.trailers));
                if (last) {
                    break;
                }
            } catch (Bad e) {
                return new Reading(requests, messages, reader.message(null), true);
            } catch (Unfinished e) {
                return new Reading(requests, messages, reader.message(null), false);
            }
        }
        return new Reading(requests, messages, null, false);
    }

    private @Nullable Message message(@Nullable List<String> ending) {
        return head == null ? null : new Message(head, body.toString(), ending);
    }

    private boolean request() {
        int start = at;
        head = null;
        body = new StringBuilder();
        trailers = new ArrayList<>();
        String line = line();
        if (line.isEmpty()) {
            line = line();
        }
        Matcher request = REQUEST_LINE.matcher(line);
        check(request.matches());
        boolean connect = request.group(1).equalsIgnoreCase("CONNECT");
        target(request.group(1), request.group(2), connect);
        List<String> fields = new ArrayList<>(List.of(request.group(1) + " " + request.group(2)));
        List<String> hosts = new ArrayList<>();
        List<String> lengths = new ArrayList<>();
        List<String> codings = new ArrayList<>();
        for (line = line(); !line.isEmpty(); line = line()) {
            Matcher header = HEADER.matcher(line);
            check(header.matches());
            String value = header.group(2).replaceAll("[ \\t]+\\z", "");
            fields.add(header.group(1).toLowerCase(Locale.ROOT) + ": " + value);
            switch (header.group(1).toLowerCase(Locale.ROOT)) {
                case "host" -> {
                    check(hosts.isEmpty() && isAuthority(value));
                    hosts.add(value);
                }
                case "content-length" -> {
                    check(lengths.isEmpty() && value.matches("0|[1-9][0-9]{0,17}"));
                    lengths.add(value);
                }
                case "transfer-encoding" -> {
                    check(codings.isEmpty() && value.equalsIgnoreCase("chunked"));
                    codings.add(value);
                }
                case "content_length", "transfer_encoding" -> throw new Bad();
                case "connection" -> {
                    for (String name : value.split(",", -1)) {
                        check(!name.strip()
                                .toLowerCase(Locale.ROOT)
                                .matches("(?s)host|x-forwarded-(for|host|proto)|:.*"));
                    }
                }
                default -> {}
            }
        }
        check(at - start <= LIMIT && (codings.isEmpty() || lengths.isEmpty()));
        head = fields;
        check(!connect || (codings.isEmpty() && lengths.stream().allMatch("0"::equals)));
        if (!codings.isEmpty()) {
            chunks();
        } else if (!lengths.isEmpty()) {
            take(Long.parseLong(lengths.getFirst()));
        }
        return connect;
    }

    private static void target(String method, String target, boolean connect) {
        Matcher absolute = ABSOLUTE.matcher(target);
        if (connect) {
            check(isAuthority(target));
        } else if (!target.startsWith("/") && !(method.startsWith("O") && method.length() == 7 && target.equals("*"))) {
            check(absolute.matches() && isAuthority(absolute.group(1)));
        }
    }

    private static boolean isAuthority(String host) {
        Matcher authority = AUTHORITY.matcher(host);
        if (!authority.matches()) {
            return false;
        }
        String port = authority.group(3) == null ? "" : authority.group(3).replaceAll("^0+", "");
        return port.length() <= 5 && (port.isEmpty() || Integer.parseInt(port) <= 65535);
    }

    private void chunks() {
        while (true) {
            Matcher size = SIZE.matcher(line());
            check(size.matches());
            long length = Long.parseLong(size.group(1), 16);
            check(length <= Integer.MAX_VALUE);
            if (length == 0) {
                break;
            }
            take(length);
            check(at >= bytes.length() || bytes.charAt(at) == '\r');
            check(line().isEmpty());
        }
        for (String line = line(); !line.isEmpty(); line = line()) {
            Matcher trailer = HEADER.matcher(line);
            check(trailer.matches());
            String name = trailer.group(1).toLowerCase(Locale.ROOT);
            check(!name.matches("host|content-length|transfer-encoding"));
            trailers.add(name + ": " + trailer.group(2).replaceAll("[ \\t]+\\z", ""));
        }
    }

    /** Without its CRLF. */
    private String line() {
        int end = bytes.indexOf('\n', at);
        if (end < 0) {
            throw new Unfinished();
        }
        check(end > at && bytes.charAt(end - 1) == '\r');
        String line = bytes.substring(at, end - 1);
        at = end + 1;
        return line;
    }

    private void take(long length) {
        int there = (int) Math.min(length, bytes.length() - at);
        body.append(bytes, at, at + there);
        at += there;
        if (there < length) {
            throw new Unfinished();
        }
    }

    private static void check(boolean right) {
        if (!right) {
            throw new Bad();
        }
    }
}
