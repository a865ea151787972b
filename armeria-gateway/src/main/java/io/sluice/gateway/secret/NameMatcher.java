package io.sluice.gateway.secret;

import io.sluice.gateway.accesslog.CertificateFacts.NameKind;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What one of the names in a certificate must be.
 *
 * @param kind null where any kind will do
 * @param value in lower case where case does not matter
 */
public record NameMatcher(@Nullable NameKind kind, Comparison comparison, String value, boolean ignoreCase) {
    /** How it is compared. */
    public enum Comparison {
        EXACT,
        PREFIX,
        SUFFIX,
        CONTAINS,
        REGEX
    }

    public NameMatcher {
        value = ignoreCase && comparison != Comparison.REGEX ? value.toLowerCase(Locale.ROOT) : value;
    }

    /** @param tag X.509's number of the name's kind */
    boolean matches(int tag, String name) {
        if (kind != null && kind.tag() != tag) {
            return false;
        }
        String text = ignoreCase ? name.toLowerCase(Locale.ROOT) : name;
        return switch (comparison) {
            case EXACT -> tag == NameKind.DNS.tag() ? isSameHost(value, text) : text.equals(value);
            case PREFIX -> text.startsWith(value);
            case SUFFIX -> text.endsWith(value);
            case CONTAINS -> text.contains(value);
            case REGEX -> Pattern.matches(value, name);
        };
    }

    /** A certificate's {@code *} stands for one label, or for a part of the first one. */
    static boolean isSameHost(String host, String pattern) {
        String name = host.toLowerCase(Locale.ROOT);
        String wanted = pattern.toLowerCase(Locale.ROOT);
        if (name.equals(wanted)) {
            return true;
        }
        int star = wanted.indexOf('*');
        int dot = wanted.indexOf('.');
        int label = name.indexOf('.');
        if (star < 0 || dot < star || label < 0 || wanted.startsWith("xn--")) {
            return false;
        }
        String before = wanted.substring(0, star);
        String after = wanted.substring(star + 1, dot);
        String first = name.substring(0, label);
        return after.indexOf('*') < 0
                && name.substring(label).equals(wanted.substring(dot))
                && first.length() >= before.length() + after.length()
                && first.startsWith(before)
                && first.endsWith(after)
                && !first.isEmpty();
    }
}
