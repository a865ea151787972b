package io.sluice.xdsserver.command;

import io.sluice.xdsserver.settings.SettingsException;
import java.io.PrintStream;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/**
 * What people and their CI ask. Exit codes: 0 for yes, 1 for no, 2 for a question that cannot be answered (a wrong word, a source or a
 * server that is not there).
 */
public final class Commands {
    /** One line per word, for {@code --help}. */
    public static final String HELP = """
        commands: check FILE|DIR|consul   is it right? problems by file and line; a real Envoy's word on it where one is found
                  diff FILE|DIR|consul    what would it change on the running server?
                  explain METHOD URL [FILE|DIR|consul]   what would become of a request, and why? of a source, or on a running gateway
                  routes test FILE [FILE|DIR|consul]     do requests go where a table says?
                  status                  which node runs what, and what has it refused? --wait [VERSION] until it is live everywhere
        each with --json; --help behind a command says more
        """;

    static final int YES = 0;
    static final int NO = 1;

    private Commands() {}

    /**
     * Runs the command that the first word names; may block.
     *
     * @return empty where the first word is no command
     * @throws SettingsException naming what was wrong, and what would have been right
     */
    public static OptionalInt run(List<String> words, Map<String, String> environment, PrintStream out) {
        if (words.isEmpty()) {
            return OptionalInt.empty();
        }
        List<String> rest = words.subList(1, words.size());
        return switch (words.get(0)) {
            case "check" -> OptionalInt.of(CheckCommand.run(rest, environment, out));
            case "diff" -> OptionalInt.of(DiffCommand.run(rest, environment, out));
            case "explain" -> OptionalInt.of(ExplainCommand.run(rest, environment, out));
            case "routes" -> OptionalInt.of(RoutesCommand.run(rest, environment, out));
            case "status" -> OptionalInt.of(StatusCommand.run(rest, out));
            default -> OptionalInt.empty();
        };
    }
}
