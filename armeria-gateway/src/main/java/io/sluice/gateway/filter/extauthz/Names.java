package io.sluice.gateway.filter.extauthz;

/** What may stand in a message. */
final class Names {
    private static final String TOKEN = "!#$%&'*+-.^_`|~";
    private static final String PARAMETER = "-._~%";

    private Names() {}

    /** Of a header, in small letters; pseudo headers are none. */
    static boolean isValid(String name) {
        return !name.isEmpty() && name.chars().allMatch(c -> isAlphanumeric(c) || TOKEN.indexOf(c) >= 0);
    }

    static boolean isValue(String value) {
        return value.chars().allMatch(c -> c == '\t' || (c >= ' ' && c != 0x7f && c <= 0xff));
    }

    /** Whether a query's name or value is encoded. */
    static boolean isParameter(String text) {
        return text.chars().allMatch(c -> isAlphanumeric(c) || PARAMETER.indexOf(c) >= 0);
    }

    private static boolean isAlphanumeric(int c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    }
}
