package io.sluice.xdsserver.secret;

import io.sluice.sync.model.Catalog;
import io.sluice.sync.model.Certificate;
import io.sluice.sync.model.Certificate.Content;
import io.sluice.sync.model.Certificate.Pem;
import io.sluice.sync.model.Problem;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Puts into a catalog what the files say that its certificates name. A certificate that cannot be used is refused by itself, and what it was
 * when it last could stays. Blocks; one thread at a time.
 */
public final class CertificateFiles {
    private static final long MAX_BYTES = 1 << 20;

    /** A file so young may be written again without a change of its time or size. */
    private static final Duration YOUNG = Duration.ofSeconds(2);

    /** Looks at files that never keep quiet, until they are read all the same. */
    private static final int PATIENCE = 20;

    private final String source;
    private final Optional<Path> beside;
    private final List<Path> folders;
    private final InstantSource time;

    private final Map<String, Certificate> good = new HashMap<>();
    private Map<Path, Version> read = Map.of();
    private Map<Path, Version> seen = Map.of();
    private int patience = PATIENCE;
    private boolean unsettled;

    /** What tells one version of a file from another without reading it; a file that is not there has none of these. */
    private record Version(
            @Nullable FileTime modified,
            long bytes,
            @Nullable Object inode) {
        static final Version ABSENT = new Version(null, 0, null);
    }

    /**
     * @param source the catalog's, by its name; YAML files allow the files beside them
     * @param folders whose files certificates may name too
     */
    public CertificateFiles(String source, List<Path> folders, InstantSource time) {
        this.source = source;
        this.folders = List.copyOf(folders);
        this.time = time;
        beside = source.startsWith("file:")
                ? Optional.of(Path.of(source.substring("file:".length())).toAbsolutePath())
                : Optional.empty();
    }

    /** With text instead of files, without the certificates that never could be used, and with what is wrong. */
    public Catalog resolve(Catalog catalog) {
        Map<Path, Version> files = versions(catalog);
        List<Certificate> certificates = new ArrayList<>();
        List<Problem> problems = new ArrayList<>();
        good.keySet()
                .retainAll(
                        catalog.certificates().stream().map(Certificate::name).collect(Collectors.toSet()));
        for (Certificate certificate : catalog.certificates()) {
            try {
                take(new Certificate(certificate.name(), text(certificate.content()), certificate.origin()));
            } catch (UnusableException e) {
                problems.add(new Problem(source, certificate.origin(), e.reason(), e.expected()));
                good.values()
                        .removeIf(known -> known.name().equals(certificate.name())
                                && known.content().getClass()
                                        != certificate.content().getClass());
            }
            Optional.ofNullable(good.get(certificate.name())).ifPresent(certificates::add);
        }
        read = files;
        seen = files;
        patience = PATIENCE;
        unsettled = !problems.isEmpty() || files.values().stream().anyMatch(this::isYoung);
        return catalog.withCertificates(certificates, problems);
    }

    /** As {@link #resolve}, but files stay files, by their absolute names: for whoever reads them in its turn. */
    public Catalog locate(Catalog catalog) {
        Catalog resolved = resolve(catalog);
        Set<String> usable =
                resolved.certificates().stream().map(Certificate::name).collect(Collectors.toSet());
        List<Certificate> located = catalog.certificates().stream()
                .filter(certificate -> usable.contains(certificate.name()))
                .map(certificate -> new Certificate(
                        certificate.name(),
                        switch (certificate.content()) {
                            case Content.Own own -> new Content.Own(absolute(own.chain()), absolute(own.key()));
                            case Content.Authorities others -> new Content.Authorities(absolute(others.certificates()));
                        },
                        certificate.origin()))
                .toList();
        return new Catalog(
                resolved.services(),
                resolved.listeners(),
                resolved.routes(),
                resolved.providers(),
                located,
                resolved.problems());
    }

    /**
     * Whether {@link #resolve} would say something else of the same catalog: its files changed and are quiet since the last look, so that a
     * certificate is not read whose key is still being written.
     */
    public boolean isDue(Catalog catalog) {
        if (catalog.certificates().isEmpty()) {
            return false;
        }
        Map<Path, Version> now = versions(catalog);
        if (now.equals(read)) {
            return unsettled;
        }
        boolean quiet = now.equals(seen) || --patience == 0;
        seen = now;
        return quiet;
    }

    /** Whether files changed that are not read yet. */
    public boolean isChanging() {
        return !seen.equals(read);
    }

    /** One that has ended is better than none, and no better than one that has not. */
    private void take(Certificate next) throws UnusableException {
        List<X509Certificate> chain = switch (next.content()) {
            case Content.Own own -> {
                List<X509Certificate> certificates = certificates("chain", own.chain());
                try {
                    PemText.checkKey(pem(own.key()), certificates.getFirst().getPublicKey());
                } catch (IOException e) {
                    throw new UnusableException(
                            "key " + e.getMessage(), "the certificate's own key, without a password");
                }
                yield certificates;
            }
            case Content.Authorities others -> certificates("authorities", others.certificates());
        };
        Instant begin = CertificateFacts.begin(chain.getFirst());
        if (next.content() instanceof Content.Own && time.instant().isBefore(begin)) {
            throw new UnusableException("begins at " + begin, "a certificate that is valid");
        }
        Instant end = CertificateFacts.end(chain.getFirst());
        boolean ended = next.content() instanceof Content.Own && !time.instant().isBefore(end);
        if (!ended || !good.containsKey(next.name())) {
            good.put(next.name(), next);
        }
        if (ended) {
            throw new UnusableException("ended at " + end, "a certificate that is valid");
        }
    }

    private static List<X509Certificate> certificates(String word, Pem pem) throws UnusableException {
        try {
            return PemText.certificates(pem(pem));
        } catch (IOException e) {
            throw new UnusableException(word + " " + e.getMessage(), "certificates in PEM");
        }
    }

    private Content text(Content content) throws UnusableException {
        return switch (content) {
            case Content.Own own -> new Content.Own(text(own.chain()), text(own.key()));
            case Content.Authorities others -> new Content.Authorities(text(others.certificates()));
        };
    }

    private Pem text(Pem pem) throws UnusableException {
        return switch (pem) {
            case Pem.Text text -> text;
            case Pem.File named -> {
                Path file = path(named);
                try {
                    if (!isAllowed(file)) {
                        throw new UnusableException(
                                "file '" + named.name() + "' lies elsewhere",
                                "one in " + allowed() + ", or in the setting secret-folders");
                    }
                    if (Files.size(file) > MAX_BYTES) {
                        throw new UnusableException("file '" + named.name() + "' is too large", "at most 1MiB");
                    }
                    yield new Pem.Text(Files.readString(file, StandardCharsets.ISO_8859_1));
                } catch (NoSuchFileException e) {
                    throw new UnusableException("file '" + named.name() + "' is not there", "a file in PEM");
                } catch (IOException e) {
                    throw new UnusableException(
                            "file '" + named.name() + "' cannot be read", "a file that this process may read");
                }
            }
        };
    }

    private static String pem(Pem pem) {
        return switch (pem) {
            case Pem.Text text -> text.pem();
            case Pem.File file -> throw new IllegalArgumentException(file + ": not read");
        };
    }

    private Pem absolute(Pem pem) {
        return switch (pem) {
            case Pem.Text text -> text;
            case Pem.File file -> new Pem.File(path(file).toString());
        };
    }

    private Path path(Pem.File file) {
        return folder().map(folder -> folder.resolve(file.name())).orElse(Path.of(file.name()));
    }

    private Optional<Path> folder() {
        return beside.map(path -> Files.isRegularFile(path)
                ? Optional.ofNullable(path.getParent()).orElse(path)
                : path);
    }

    private List<Path> allowed() {
        List<Path> allowed = new ArrayList<>(folders);
        folder().ifPresent(allowed::add);
        return allowed;
    }

    /** Links are followed first: who writes the catalog is not to read the server's disk. */
    private boolean isAllowed(Path file) throws IOException {
        Path real = file.toRealPath();
        for (Path folder : allowed()) {
            if (Files.exists(folder) && real.startsWith(folder.toRealPath())) {
                return true;
            }
        }
        return false;
    }

    private Map<Path, Version> versions(Catalog catalog) {
        Map<Path, Version> versions = new TreeMap<>();
        for (Certificate certificate : catalog.certificates()) {
            List<Pem> all = switch (certificate.content()) {
                case Content.Own own -> List.of(own.chain(), own.key());
                case Content.Authorities others -> List.of(others.certificates());
            };
            for (Pem pem : all) {
                if (pem instanceof Pem.File file) {
                    versions.computeIfAbsent(path(file), CertificateFiles::version);
                }
            }
        }
        return versions;
    }

    private static Version version(Path file) {
        try {
            BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
            return new Version(attributes.lastModifiedTime(), attributes.size(), attributes.fileKey());
        } catch (IOException e) {
            return Version.ABSENT;
        }
    }

    private boolean isYoung(Version version) {
        return version.modified() != null
                && version.modified().toInstant().isAfter(time.instant().minus(YOUNG))
                && !version.modified().toInstant().isAfter(time.instant());
    }
}
