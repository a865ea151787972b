package io.sluice.loadtests.harness;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** In a folder of YAML files, for a machine without Consul. Nobody checks health there: what is gone must be deregistered. */
public final class FileRegistry implements Registry {
    private final Path folder;
    private final Set<Registration> registrations = new LinkedHashSet<>();

    public FileRegistry(Path folder) {
        this.folder = folder;
    }

    @Override
    public String source() {
        return "file:" + folder;
    }

    @Override
    public synchronized long register(Registration registration) {
        registrations.add(registration);
        writeServices();
        return System.nanoTime();
    }

    @Override
    public synchronized void deregister(Registration registration) {
        registrations.remove(registration);
        writeServices();
    }

    @Override
    public void write(String name, String document) {
        try {
            Path next = Files.writeString(folder.resolve(name.replace('/', '-') + ".tmp"), document);
            Files.move(next, folder.resolve(name.replace('/', '-') + ".yaml"), StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void remove(String name) {
        try {
            Files.delete(folder.resolve(name.replace('/', '-') + ".yaml"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void writeServices() {
        Map<String, StringBuilder> services = new TreeMap<>();
        registrations.stream()
                .sorted(Comparator.comparing(Registration::id))
                .forEach(r -> services.computeIfAbsent(r.service(), name -> new StringBuilder("  " + name + ":\n"))
                        .append("    - {address: \"127.0.0.1:" + r.port() + "\", weight: " + r.weight() + ", region: "
                                + r.region() + "}\n"));
        write("services", "services:\n" + String.join("", services.values()));
    }
}
