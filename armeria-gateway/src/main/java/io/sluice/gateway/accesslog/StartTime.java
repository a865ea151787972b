package io.sluice.gateway.accesslog;

import io.sluice.gateway.xds.Problems;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.temporal.ChronoField;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import java.util.Optional;

/** {@code %START_TIME(format)%}: strftime in UTC with Envoy's additions ({@code %s}, {@code %3f}, {@code %6f}, {@code %9f}, {@code %f}). */
final class StartTime {
    private static final String ISO_MILLIS = "%Y-%m-%dT%H:%M:%S.%3fZ";

    private StartTime() {}

    static Optional<Command> parse(String format, Problems problems) {
        String strftime = format.isEmpty() ? ISO_MILLIS : format;
        var out = new DateTimeFormatterBuilder();
        for (int i = 0; i < strftime.length(); i++) {
            char c = strftime.charAt(i);
            if (c != '%') {
                out.appendLiteral(c);
                continue;
            }
            int digits = 0;
            char conversion = ++i < strftime.length() ? strftime.charAt(i) : ' ';
            if (conversion >= '1' && conversion <= '9') {
                digits = conversion - '0';
                conversion = ++i < strftime.length() ? strftime.charAt(i) : ' ';
            }
            var one = new DateTimeFormatterBuilder(); // of its own: Java's builder fails on a padded number beside
            // another
            if (!append(one, conversion, digits)) {
                return problems.expected(
                        "argument", format, "strftime conversions of a point in time, like " + ISO_MILLIS);
            }
            out.append(one.toFormatter(Locale.ENGLISH));
        }
        DateTimeFormatter formatter = out.toFormatter(Locale.ENGLISH);
        return Optional.of(info -> formatter.format(
                ZonedDateTime.ofInstant(Instant.EPOCH.plus(info.startMicros(), ChronoUnit.MICROS), ZoneOffset.UTC)));
    }

    private static boolean append(DateTimeFormatterBuilder out, char conversion, int digits) {
        if (digits != 0) {
            if (conversion == 'f') {
                out.appendFraction(ChronoField.NANO_OF_SECOND, digits, digits, false);
            }
            return conversion == 'f';
        }
        switch (conversion) {
            case 'Y' -> out.appendPattern("yyyy");
            case 'y' -> out.appendPattern("yy");
            case 'm' -> out.appendPattern("MM");
            case 'd' -> out.appendPattern("dd");
            case 'e' -> out.appendPattern("ppd");
            case 'j' -> out.appendPattern("DDD");
            case 'u' -> out.appendValue(ChronoField.DAY_OF_WEEK);
            case 'H' -> out.appendPattern("HH");
            case 'k' -> out.appendPattern("ppH");
            case 'I' -> out.appendPattern("hh");
            case 'l' -> out.appendPattern("pph");
            case 'M' -> out.appendPattern("mm");
            case 'S' -> out.appendPattern("ss");
            case 'F' -> out.appendPattern("yyyy-MM-dd");
            case 'T', 'X' -> out.appendPattern("HH:mm:ss");
            case 'r' -> out.appendPattern("hh:mm:ss a");
            case 'c' -> out.appendPattern("EEE MMM ppd HH:mm:ss yyyy");
            case 'R' -> out.appendPattern("HH:mm");
            case 'D', 'x' -> out.appendPattern("MM/dd/yy");
            case 'a' -> out.appendPattern("EEE");
            case 'A' -> out.appendPattern("EEEE");
            case 'b', 'h' -> out.appendPattern("MMM");
            case 'B' -> out.appendPattern("MMMM");
            case 'p' -> out.appendPattern("a");
            case 'z' -> out.appendLiteral("+0000");
            case 'Z' -> out.appendLiteral("UTC");
            case 's' -> out.appendValue(ChronoField.INSTANT_SECONDS);
            case 'f' -> out.appendFraction(ChronoField.NANO_OF_SECOND, 9, 9, false);
            case '%' -> out.appendLiteral('%');
            default -> {
                return false;
            }
        }
        return true;
    }
}
