package io.sluice.gateway.accesslog;

import io.sluice.gateway.xds.Problems;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A string with Envoy's substitution commands, compiled. Immutable, any thread. Source: Envoy docs, "Access logging", "Command
 * operators".
 */
public final class Format {
    /** What Envoy writes where a log names no format; the line's end is part of it. */
    public static final String DEFAULT =
            "[%START_TIME%] \"%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%\" "
                    + "%RESPONSE_CODE% %RESPONSE_FLAGS% %BYTES_RECEIVED% %BYTES_SENT% %DURATION% "
                    + "%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% "
                    + "\"%REQ(X-FORWARDED-FOR)%\" \"%REQ(USER-AGENT)%\" \"%REQ(X-REQUEST-ID)%\" "
                    + "\"%REQ(:AUTHORITY)%\" \"%UPSTREAM_HOST%\"\n";

    private static final Pattern COMMAND =
            Pattern.compile("%(?<name>[A-Z0-9_]+)(?:\\((?<argument>.*?)\\))?(?::(?<length>[0-9]{1,18}))?%");

    private final List<Command> parts;

    private Format(List<Command> parts) {
        this.parts = List.copyOf(parts);
    }

    /** @param problems at the field that holds the format */
    public static Optional<Format> parse(String format, Problems problems) {
        var parts = new ArrayList<Command>();
        var text = new StringBuilder();
        Matcher command = COMMAND.matcher(format);
        boolean whole = true;
        for (int i = 0; i < format.length(); ) {
            char c = format.charAt(i);
            if (c != '%') {
                text.append(c);
                i++;
            } else if (format.startsWith("%%", i)) {
                text.append('%');
                i += 2;
            } else if (command.region(i, format.length()).lookingAt()) {
                addText(parts, text);
                Optional<Command> parsed = Commands.parse(
                        command.group("name"), command.group("argument"), command.group("length"), problems);
                parsed.ifPresent(parts::add);
                whole &= parsed.isPresent();
                i = command.end();
            } else {
                return problems.expected("format", format.substring(i), "a %COMMAND%, or %% for a percent sign");
            }
        }
        addText(parts, text);
        return whole ? Optional.of(new Format(parts)) : Optional.empty();
    }

    private static void addText(List<Command> parts, StringBuilder text) {
        if (!text.isEmpty()) {
            String fixed = text.toString();
            parts.add(info -> fixed);
            text.setLength(0);
        }
    }

    /** Writes the text, with {@code -} for what the request does not have. */
    public void append(StreamInfo info, StringBuilder out) {
        append(info, out, "-");
    }

    void append(StreamInfo info, StringBuilder out, String missing) {
        for (Command part : parts) {
            Object value = part.readable(info);
            out.append(value == null ? missing : value);
        }
    }

    /** For headers: null when the only command has no value; among other text a missing value is empty. */
    public @Nullable String value(StreamInfo info) {
        if (parts.size() == 1) {
            Object value = parts.get(0).value(info);
            return value == null ? null : value.toString();
        }
        var out = new StringBuilder();
        for (Command part : parts) {
            Object value = part.value(info);
            out.append(value == null ? "" : value);
        }
        return out.toString();
    }

    /** For JSON: a {@link Long} or a {@link String} as the only command has it, null when it has none; else the whole text. */
    @Nullable
    Object typedValue(StreamInfo info, String missing) {
        if (parts.size() == 1) {
            return parts.get(0).readable(info);
        }
        var out = new StringBuilder();
        append(info, out, missing);
        return out.toString();
    }
}
