package io.sluice.xdsserver.stream;

/** Names in a client's own words. */
public final class NameInText {
    private NameInText() {}

    /** Whether a text has this name in it, and not only as part of a longer word. */
    public static boolean says(String text, String name) {
        for (int at = text.indexOf(name); at >= 0; at = text.indexOf(name, at + 1)) {
            int end = at + name.length();
            if ((at == 0 || !isWord(text.charAt(at - 1))) && (end == text.length() || !isWord(text.charAt(end)))) {
                return true;
            }
        }
        return false;
    }

    private static boolean isWord(char character) {
        return Character.isLetterOrDigit(character) || character == '_' || character == '-';
    }
}
