package io.sluice.sync.file;

import io.sluice.sync.model.Problem;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;
import org.yaml.snakeyaml.nodes.Tag;

/** A value with its place, so that whoever cannot use it can say where it stands. */
final class YamlValue {
    private static final Pattern DURATION = Pattern.compile("(\\d{1,9})(ms|s|m|min|h|d)");

    private static final Map<String, ChronoUnit> UNITS = Map.of(
            "ms", ChronoUnit.MILLIS,
            "s", ChronoUnit.SECONDS,
            "m", ChronoUnit.MINUTES,
            "min", ChronoUnit.MINUTES,
            "h", ChronoUnit.HOURS,
            "d", ChronoUnit.DAYS);

    /** The longest that a proto's Duration can be asked to hold by any of Envoy's timers. */
    private static final Duration LONGEST = Duration.ofDays(365);

    private final Node node;
    private final Place place;

    YamlValue(Node node, String source, String document, String path) {
        this.node = node;
        this.place = new Place(source, document, node.getStartMark().getLine() + 1, path);
    }

    Place place() {
        return place;
    }

    RefusedException refused(String reason, String expected) {
        return new RefusedException(List.of(place.problem(reason, expected)));
    }

    boolean isText() {
        return node instanceof ScalarNode && !isEmpty();
    }

    boolean isList() {
        return node instanceof SequenceNode;
    }

    boolean isEmpty() {
        return node.getTag().equals(Tag.NULL);
    }

    String text() {
        return text("text");
    }

    private String text(String expected) {
        if (!(node instanceof ScalarNode scalar)) {
            throw refused(kind(), expected);
        }
        if (isEmpty()) {
            throw refused("empty", expected);
        }
        if (!node.getTag().getValue().startsWith(Tag.PREFIX)) {
            throw refused("tag " + node.getTag().getValue(), expected + " without a tag");
        }
        return scalar.getValue();
    }

    boolean flag() {
        String text = text("true or false");
        if (!node.getTag().equals(Tag.BOOL) || !(text.equals("true") || text.equals("false"))) {
            throw refused(text, "true or false");
        }
        return text.equals("true");
    }

    int integer(int least, int most) {
        String expected = least + ".." + most;
        String text = text(expected);
        try {
            int number = Integer.parseInt(text);
            if (number >= least && number <= most) {
                return number;
            }
        } catch (NumberFormatException e) {
            throw refused(text, expected);
        }
        throw refused(text, expected);
    }

    /** {@code 5s}, {@code 250ms}: whole numbers of ms, s, m (or min), h, d. */
    Duration duration() {
        String expected = "a duration with its unit, such as 5s or 250ms";
        String text = text(expected);
        Matcher duration = DURATION.matcher(text);
        if (!duration.matches()) {
            throw refused(text, expected);
        }
        Duration value = Duration.of(Long.parseLong(duration.group(1)), UNITS.get(duration.group(2)));
        if (value.compareTo(LONGEST) > 0) {
            throw refused(text, "at most 365d");
        }
        return value;
    }

    Duration positiveDuration() {
        Duration value = duration();
        if (value.isZero()) {
            throw refused(text(), "more than 0s");
        }
        return value;
    }

    /** The value of a closed set of words. */
    <T> T word(Map<String, T> words) {
        String text = text(Nearest.of("", words.keySet()));
        T value = words.get(text);
        if (value == null) {
            throw refused("unknown word '" + text + "'", Nearest.of(text, words.keySet()));
        }
        return value;
    }

    List<YamlValue> items() {
        if (!(node instanceof SequenceNode sequence)) {
            throw refused(kind(), "a list");
        }
        List<YamlValue> items = new ArrayList<>();
        for (Node item : sequence.getValue()) {
            items.add(new YamlValue(item, place.source(), place.document(), place.path() + "[" + items.size() + "]"));
        }
        return items;
    }

    /** A list, each item read; refused with the problems of all items. */
    <T> List<T> list(Function<YamlValue, T> reader) {
        List<T> list = new ArrayList<>();
        List<Problem> problems = new ArrayList<>();
        for (YamlValue item : items()) {
            try {
                list.add(reader.apply(item));
            } catch (RefusedException e) {
                problems.addAll(e.problems());
            }
        }
        if (!problems.isEmpty()) {
            throw new RefusedException(problems);
        }
        return list;
    }

    /** As {@link #list}, where one item may stand without its list. */
    <T> List<T> oneOrMore(Function<YamlValue, T> reader) {
        return isList() ? list(reader) : List.of(reader.apply(this));
    }

    /** Words that the reader asks for one by one. */
    YamlMapping mapping() {
        return new YamlMapping(this);
    }

    /** Names that the author chose, each with its value, in the order of writing; a name that stands twice counts the first time. */
    List<Entry> entries(List<Problem> problems) {
        if (!(node instanceof MappingNode mapping)) {
            throw refused(kind(), "a mapping, 'name: value'");
        }
        List<Entry> entries = new ArrayList<>();
        Map<String, Integer> lines = new HashMap<>();
        for (NodeTuple tuple : mapping.getValue()) {
            int line = tuple.getKeyNode().getStartMark().getLine() + 1;
            String name = tuple.getKeyNode() instanceof ScalarNode key ? key.getValue() : "";
            Place at = new Place(place.source(), place.document(), line, within(name));
            Integer first = lines.putIfAbsent(name, line);
            if (name.isEmpty()) {
                problems.add(at.problem("a key that is not text", "'name: value'"));
            } else if (first != null) {
                problems.add(at.problem("stands here a second time, first on line " + first, "once"));
            } else {
                entries.add(new Entry(
                        name, at, new YamlValue(tuple.getValueNode(), place.source(), place.document(), within(name))));
            }
        }
        return entries;
    }

    /** As {@link #entries(List)}, refused with the problems of all entries. */
    <T> List<T> each(Function<Entry, T> reader) {
        List<Problem> problems = new ArrayList<>();
        List<T> read = new ArrayList<>();
        for (Entry entry : entries(problems)) {
            try {
                read.add(reader.apply(entry));
            } catch (RefusedException e) {
                problems.addAll(e.problems());
            }
        }
        if (!problems.isEmpty()) {
            throw new RefusedException(problems);
        }
        return read;
    }

    /** @param place of the name, which may stand on an earlier line than the value */
    record Entry(String name, Place place, YamlValue value) {
        RefusedException refused(String reason, String expected) {
            return new RefusedException(List.of(place.problem(reason, expected)));
        }
    }

    private String within(String name) {
        return place.path().isEmpty() ? name : place.path() + "." + name;
    }

    private String kind() {
        if (isEmpty()) {
            return "empty";
        }
        return switch (node) {
            case MappingNode mapping -> "a mapping";
            case SequenceNode sequence -> "a list";
            case ScalarNode scalar -> scalar.getValue();
            default -> node.getTag().getValue();
        };
    }
}
