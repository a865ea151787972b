package io.sluice.xdsserver.command;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.sluice.sync.CatalogSources;
import io.sluice.sync.model.Catalog;
import io.sluice.sync.model.Instance;
import io.sluice.sync.model.Problem;
import io.sluice.sync.source.CatalogSource;
import io.sluice.xdsserver.secret.CertificateFiles;
import io.sluice.xdsserver.settings.SettingsException;
import io.sluice.xdsserver.settings.SettingsReader;
import io.sluice.xdsserver.settings.XdsSettings;
import io.sluice.xdsserver.snapshot.GroupStatus;
import io.sluice.xdsserver.snapshot.SnapshotPublisher;
import io.sluice.xdsserver.translate.CatalogTranslator;
import io.sluice.xdsserver.translate.NodeGroup;
import io.sluice.xdsserver.translate.NodeSettings;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BiFunction;
import org.slf4j.ILoggerFactory;
import org.slf4j.LoggerFactory;

/**
 * What a server would make of a source, without a server.
 *
 * @param source its name, as a server calls it
 * @param groups one for each node group asked for
 * @param groupProblems what groups cannot obey
 */
record Offline(String source, Catalog catalog, List<GroupStatus> groups, List<Problem> groupProblems) {
    private static final Duration PATIENCE = Duration.ofSeconds(15);

    /**
     * Reads a source once. Blocks.
     *
     * @param place a file or folder, {@code consul}, or an address as the setting {@code source} takes it
     * @param settings words of a server's settings, which say what nodes are told beside the catalog
     * @param groups empty for every group that the catalog tells apart
     * @param certificates what becomes of the files that certificates name
     * @throws SettingsException where it cannot be read
     */
    static Offline read(
            String place,
            List<String> settings,
            Map<String, String> environment,
            Collection<NodeGroup> groups,
            BiFunction<CertificateFiles, Catalog, Catalog> certificates) {
        quiet();
        List<String> words = new ArrayList<>(settings);
        words.add("--source=" + address(place));
        XdsSettings read = SettingsReader.read(words, environment);
        NodeSettings nodes = NodeSettings.of(read);
        try (CatalogSource source = CatalogSources.create(read.source())) {
            CertificateFiles files = new CertificateFiles(source.name(), read.secretFolders(), Clock.systemUTC());
            Catalog catalog = certificates.apply(files, first(source));
            SnapshotPublisher publisher = new SnapshotPublisher(
                    group -> new CatalogTranslator(nodes, group)::translate,
                    Runnable::run,
                    Clock.systemUTC(),
                    new SimpleMeterRegistry());
            publisher.publish(catalog);
            for (NodeGroup group : groups.isEmpty() ? groupsOf(catalog) : groups) {
                publisher.watch(group, () -> {});
            }
            return new Offline(source.name(), catalog, publisher.groups(), publisher.problems());
        } catch (IllegalArgumentException e) {
            throw new SettingsException(String.valueOf(e.getMessage()));
        }
    }

    /** Everything that goes wrong is told by the command itself. */
    private static void quiet() {
        ILoggerFactory loggers = LoggerFactory.getILoggerFactory();
        if (loggers instanceof LoggerContext logback) {
            logback.getLogger("ROOT").setLevel(Level.OFF);
        }
    }

    private static String address(String place) {
        if (place.equals("consul")) {
            return "consul://127.0.0.1:8500";
        }
        if (place.startsWith("consul:")) {
            return place;
        }
        Path path = Path.of(place.startsWith("file:") ? place.substring("file:".length()) : place);
        if (!Files.exists(path)) {
            throw new SettingsException(
                    path + ": not there (expected: a YAML file, a folder of them, or consul://HOST:PORT)");
        }
        return "file:" + path;
    }

    private static Catalog first(CatalogSource source) {
        CompletableFuture<Catalog> said = new CompletableFuture<>();
        try {
            var unused = source.start(said::complete);
            return said.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            throw new SettingsException(source.name() + ": not read within " + PATIENCE.toSeconds() + " s, waiting for "
                    + source.status().waitingFor());
        } catch (ExecutionException e) {
            throw new SettingsException(source.name() + ": not readable: " + e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new SettingsException(source.name() + ": interrupted");
        }
    }

    /** Kinds times regions, and the nodes that do not say theirs. */
    private static List<NodeGroup> groupsOf(Catalog catalog) {
        Set<String> regions = new TreeSet<>(Set.of(""));
        catalog.listeners().forEach(listener -> listener.region().ifPresent(regions::add));
        catalog.services()
                .forEach(service ->
                        service.instances().stream().map(Instance::region).forEach(regions::add));
        List<NodeGroup> groups = new ArrayList<>();
        for (NodeGroup.Kind kind : NodeGroup.Kind.values()) {
            regions.forEach(region -> groups.add(new NodeGroup(kind, region)));
        }
        return groups;
    }
}
