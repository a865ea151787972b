package io.sluice.gateway.route;

import com.google.re2j.Matcher;
import com.google.re2j.Pattern;
import java.util.ArrayList;
import java.util.List;

/**
 * Envoy's template of a path: {@code *} for a segment, {@code **} for what is left, {@code {name}} and {@code {name=pattern}} for what is to be
 * remembered. Source: Envoy source/extensions/path/uri_template_lib.
 */
public final class UriTemplate {
    private static final int MOST_VARIABLES = 5;
    private static final int LONGEST_NAME = 16;
    private static final String CHARACTERS = "a-zA-Z0-9\\-._~%!$&'()+,;:@=";
    private static final String SEGMENT = "[" + CHARACTERS + "]+";
    private static final String REST = "[" + CHARACTERS + "/]*";
    private static final Pattern LITERAL = Pattern.compile("[" + CHARACTERS + "]+");
    private static final Pattern LITERALS = Pattern.compile("[" + CHARACTERS + "/]*");
    private static final Pattern NAME = Pattern.compile("[a-zA-Z][a-zA-Z0-9_]*");

    private final String written;
    private final Pattern pattern;
    private final List<String> variables;

    private UriTemplate(String written, Pattern pattern, List<String> variables) {
        this.written = written;
        this.pattern = pattern;
        this.variables = List.copyOf(variables);
    }

    /** @throws IllegalArgumentException saying what is wrong */
    public static UriTemplate parse(String template) {
        if (!template.startsWith("/")) {
            throw new IllegalArgumentException("a slash at the beginning");
        }
        Reader reader = new Reader(template);
        reader.read();
        return new UriTemplate(template, Pattern.compile(reader.regex.toString()), reader.variables);
    }

    public boolean matches(String path) {
        return pattern.matches(path);
    }

    /** As it was written. */
    @Override
    public String toString() {
        return written;
    }

    /** One pass over a template's text. */
    private static final class Reader {
        private final String text;
        private final StringBuilder regex = new StringBuilder();
        private final List<String> variables = new ArrayList<>();
        private boolean restSeen;

        Reader(String text) {
            this.text = text;
        }

        void read() {
            int i = 0;
            while (i < text.length()) {
                // text[i] is a slash
                regex.append('/');
                i++;
                if (i == text.length()) {
                    return;
                }
                int end = switch (text.charAt(i)) {
                    case '*' -> operator(text, i);
                    case '{' -> variable(i);
                    default -> literal(text, i);
                };
                int slash = text.indexOf('/', end);
                if (end < text.length() && text.charAt(end) != '/') {
                    // a suffix, which may stand at the end alone
                    if (slash >= 0 || !LITERAL.matches(text.substring(end))) {
                        throw new IllegalArgumentException("a slash behind '" + text.substring(0, end) + "'");
                    }
                    regex.append(Pattern.quote(text.substring(end)));
                    return;
                }
                i = end;
            }
        }

        private int operator(String from, int at) {
            if (restSeen) {
                throw new IllegalArgumentException("nothing that stands for something behind '**'");
            }
            boolean rest = from.startsWith("**", at);
            restSeen = rest;
            regex.append(rest ? REST : SEGMENT);
            return at + (rest ? 2 : 1);
        }

        private int literal(String from, int at) {
            int end = at;
            while (end < from.length() && "/*{".indexOf(from.charAt(end)) < 0) {
                end++;
            }
            String literal = from.substring(at, end);
            if (!LITERAL.matches(literal)) {
                throw new IllegalArgumentException("only characters of paths in '" + literal + "'");
            }
            if (end < from.length() && from.charAt(end) != '/') {
                throw new IllegalArgumentException("a slash behind '" + from.substring(0, end) + "'");
            }
            regex.append(Pattern.quote(literal));
            return end;
        }

        private int variable(int at) {
            int close = text.indexOf('}', at);
            if (close < 0) {
                throw new IllegalArgumentException("a '}' behind '" + text.substring(at) + "'");
            }
            String inside = text.substring(at + 1, close);
            int equals = inside.indexOf('=');
            String name = equals < 0 ? inside : inside.substring(0, equals);
            if (name.length() > LONGEST_NAME || !NAME.matches(name)) {
                throw new IllegalArgumentException("a name of letters, digits and '_' in '" + inside + "'");
            }
            if (variables.contains(name)) {
                throw new IllegalArgumentException("no variable '" + name + "' twice");
            }
            variables.add(name);
            if (variables.size() > MOST_VARIABLES) {
                throw new IllegalArgumentException("at most " + MOST_VARIABLES + " variables");
            }
            regex.append('(');
            if (equals < 0) {
                operator("*", 0);
            } else {
                pattern(inside.substring(equals + 1));
            }
            regex.append(')');
            return close + 1;
        }

        private void pattern(String pattern) {
            if (pattern.isEmpty()) {
                throw new IllegalArgumentException("a pattern behind '='");
            }
            int i = 0;
            while (i < pattern.length()) {
                i = pattern.charAt(i) == '*' ? operator(pattern, i) : literal(pattern, i);
                if (i < pattern.length()) {
                    if (pattern.charAt(i) != '/') {
                        throw new IllegalArgumentException("a slash in '" + pattern + "'");
                    }
                    regex.append('/');
                    i++;
                }
            }
        }
    }

    /** How a path that a template matched is written anew. */
    public static final class Rewrite {
        private final UriTemplate template;
        private final List<Part> parts;

        private Rewrite(UriTemplate template, List<Part> parts) {
            this.template = template;
            this.parts = List.copyOf(parts);
        }

        /** @param group 0 for text */
        private record Part(String text, int group) {}

        /** @throws IllegalArgumentException saying what is wrong */
        public static Rewrite parse(UriTemplate template, String rewrite) {
            if (!rewrite.startsWith("/")) {
                throw new IllegalArgumentException("a slash at the beginning");
            }
            List<Part> parts = new ArrayList<>();
            int i = 0;
            while (i < rewrite.length()) {
                int open = rewrite.indexOf('{', i);
                String text = rewrite.substring(i, open < 0 ? rewrite.length() : open);
                if (!LITERALS.matches(text)) {
                    throw new IllegalArgumentException("only characters of paths in '" + text + "'");
                }
                parts.add(new Part(text, 0));
                if (open < 0) {
                    break;
                }
                int close = rewrite.indexOf('}', open);
                String name = close < 0 ? "" : rewrite.substring(open + 1, close);
                int group = template.variables.indexOf(name) + 1;
                if (group == 0) {
                    throw new IllegalArgumentException("only variables of the match: " + template.variables);
                }
                parts.add(new Part("", group));
                i = close + 1;
            }
            return new Rewrite(template, parts);
        }

        public String of(String path) {
            Matcher matcher = template.pattern.matcher(path);
            if (!matcher.matches()) {
                return path;
            }
            StringBuilder out = new StringBuilder(path.length());
            for (Part part : parts) {
                out.append(part.group() == 0 ? part.text() : matcher.group(part.group()));
            }
            return out.toString();
        }
    }
}
