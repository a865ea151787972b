package io.sluice.xdsserver.command;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.sync.model.Problem;
import io.sluice.xdsserver.secret.CertificateFiles;
import io.sluice.xdsserver.settings.SettingsException;
import io.sluice.xdsserver.snapshot.GroupStatus;
import io.sluice.xdsserver.snapshot.StaticBootstrap;
import io.sluice.xdsserver.translate.NodeGroup;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Whether what is written is right: by our own reading, and by a real Envoy's where one is found. */
final class CheckCommand {
    private static final ObjectMapper JSON = new ObjectMapper();

    private static final String HELP = """
        usage: check FILE|DIR|consul[://HOST:PORT] [--json] [--bootstraps DIR] [--envoy PATH] [settings of the server]
        Prints what is wrong by file and line, for every node group that the catalog tells apart, and what the data planes themselves refuse of
        the rest: a real Envoy (--envoy PATH, else SLUICE_ENVOY, else envoy on PATH) and our gateway, where they are found. Settings such as --rate-limit and --settings FILE are the server's.
        --bootstraps DIR writes each group's configuration as a bootstrap without a control plane.
        exit code: 0 nothing is wrong, 1 something is, 2 it could not be read
        """;

    private CheckCommand() {}

    static int run(List<String> given, Map<String, String> environment, PrintStream out) {
        Words words = Words.of(given, List.of("--json", "--help"), List.of("--envoy", "--bootstraps"));
        if (words.has("--help")) {
            out.print(HELP);
            return Commands.YES;
        }
        if (words.alone().size() != 1) {
            throw new SettingsException(
                    "check: " + words.alone() + " (expected: one of FILE, DIR, consul://HOST:PORT)");
        }
        Offline offline =
                Offline.read(words.alone().get(0), words.settings(), environment, List.of(), CertificateFiles::locate);
        List<DataPlaneCheck> dataPlanes = DataPlaneCheck.find(words.option("--envoy"), environment);
        List<String> wrong = new ArrayList<>();
        offline.catalog().problems().forEach(problem -> wrong.add(problem.toString()));
        // every group says the same of a route that none can obey
        Set<Problem> told = new LinkedHashSet<>(offline.groupProblems());
        told.forEach(problem -> wrong.add(problem.toString()));
        for (GroupStatus group : offline.groups()) {
            group.refusal()
                    .ifPresent(refusal -> refusal.reasons()
                            .forEach(reason ->
                                    wrong.add(group.group() + ": " + reason + " (expected: nothing leads nowhere)")));
            if (group.serving().isPresent()) {
                words.option("--bootstraps")
                        .ifPresent(folder -> write(
                                Path.of(folder),
                                group.group(),
                                StaticBootstrap.json(group.serving().get(), false)));
                String bootstrap = StaticBootstrap.json(group.serving().get(), true);
                for (DataPlaneCheck dataPlane : dataPlanes) {
                    if (dataPlane.isFor(group.group())) {
                        dataPlane
                                .complaint(bootstrap)
                                .ifPresent(text ->
                                        wrong.add(group.group() + ": " + dataPlane.name() + " refuses it: " + text));
                    }
                }
            }
        }
        List<String> asked = dataPlanes.stream().map(DataPlaneCheck::name).toList();
        if (words.has("--json")) {
            out.println(json(offline, wrong, asked));
        } else {
            wrong.forEach(out::println);
            out.printf(
                    "%s: %d routes, %d services, %d listeners, %d node groups; %s; %s%n",
                    offline.source(),
                    offline.catalog().routes().size(),
                    offline.catalog().services().size(),
                    offline.catalog().listeners().size(),
                    offline.groups().size(),
                    asked.isEmpty()
                            ? "no data plane was asked (./sluice tools envoy brings Envoy)"
                            : "asked " + String.join(" and ", asked),
                    wrong.isEmpty()
                            ? "nothing is wrong"
                            : wrong.size() + (wrong.size() == 1 ? " problem" : " problems"));
        }
        return wrong.isEmpty() ? Commands.YES : Commands.NO;
    }

    private static String json(Offline offline, List<String> wrong, List<String> asked) {
        ObjectNode root = JSON.createObjectNode().put("source", offline.source());
        asked.forEach(root.putArray("asked")::add);
        ArrayNode problems = root.putArray("problems");
        wrong.forEach(problems::add);
        ArrayNode groups = root.putArray("groups");
        for (GroupStatus group : offline.groups()) {
            ObjectNode node = groups.addObject().put("group", group.group().toString());
            group.serving().ifPresent(snapshot -> node.put("version", snapshot.version()));
        }
        return root.toPrettyString();
    }

    private static void write(Path folder, NodeGroup group, String bootstrap) {
        Path file = folder.resolve(group.toString().replace('/', '-').replaceAll("-+$", "") + ".json");
        try {
            Files.createDirectories(folder);
            Files.writeString(file, bootstrap);
        } catch (IOException e) {
            throw new SettingsException("--bootstraps: cannot write " + file + ": " + e.getMessage());
        }
    }
}
