package io.sluice.gateway.ratelimit;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import io.sluice.gateway.xds.Problems;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The limits of domains other than {@code sluice}: one YAML document per domain, in the format of Envoy's reference service. Read again
 * when it changes; a file that cannot be used leaves the last good one in force. Any thread.
 */
public final class LimitsFile implements Supplier<LimitTable>, AutoCloseable {
    private static final Duration LOOK_EVERY = Duration.ofSeconds(2);
    private static final Logger log = LoggerFactory.getLogger(LimitsFile.class);
    private static final ObjectMapper YAML = new ObjectMapper(new YAMLFactory());

    private final Path path;
    private final Thread looking;
    private volatile LimitTable table;
    private long modified;

    private LimitsFile(Path path, LimitTable table, long modified) {
        this.path = path;
        this.table = table;
        this.modified = modified;
        looking = Thread.ofVirtual().name("limits-file").unstarted(this::look);
    }

    /**
     * @throws IOException where it cannot be read
     * @throws IllegalArgumentException with every place that is wrong
     */
    public static LimitsFile open(Path path) throws IOException {
        long modified = modified(path);
        var file = new LimitsFile(path, read(path, modified), modified);
        file.looking.start();
        return file;
    }

    @Override
    public LimitTable get() {
        return table;
    }

    private static LimitTable read(Path path, long modified) throws IOException {
        Problems problems = Problems.of(path.toString());
        Map<String, LimitTree> domains = new HashMap<>();
        try (MappingIterator<JsonNode> documents =
                YAML.readerFor(JsonNode.class).readValues(Files.readString(path))) {
            while (documents.hasNextValue()) {
                LimitTreeReader.read(documents.nextValue(), modified, problems, domains);
            }
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(
                    path + ":" + e.getLocation().getLineNr() + ": " + e.getOriginalMessage(), e);
        }
        if (problems.any()) {
            throw new IllegalArgumentException(problems.toString());
        }
        return new LimitTable(domains);
    }

    private static long modified(Path path) throws IOException {
        return Files.getLastModifiedTime(path).toMillis();
    }

    private void look() {
        try {
            while (true) {
                Thread.sleep(LOOK_EVERY);
                readIfChanged();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    synchronized void readIfChanged() {
        try {
            long now = modified(path);
            if (now != modified) {
                modified = now;
                table = read(path, now);
                log.info("limits read file={} version={}", path, now);
            }
        } catch (IOException | IllegalArgumentException e) {
            log.warn("limits not usable, the last good ones stay file={} reason={}", path, e.toString());
        }
    }

    @Override
    public void close() {
        looking.interrupt();
    }
}
