package io.sluice.sync.file;

import io.sluice.sync.file.Document.Policy;
import io.sluice.sync.file.YamlValue.Entry;
import io.sluice.sync.model.Certificate;
import io.sluice.sync.model.ListenerRule;
import io.sluice.sync.model.Problem;
import io.sluice.sync.model.RouteRule;
import io.sluice.sync.model.Service;
import io.sluice.sync.model.TokenProvider;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.nodes.Node;

/** Reads the YAML dialect of docs/yaml.md. Works on nodes, not on maps, because nodes know their lines. Immutable. */
public final class DocumentParser {
    /** A larger document is refused as a whole. */
    public static final int MAX_BYTES = 8 << 20;

    private static final Set<String> SECTIONS =
            Set.of("services", "listeners", "policies", "providers", "certificates", "routes");

    private static final Set<String> NOT_YET =
            Set.of("consumers", "plans", "lists", "secrets", "resources", "patches", "resolvers");

    private final String source;

    /** @param source the source's name, for problems */
    public DocumentParser(String source) {
        this.source = source;
    }

    /** Never throws for what the text says: what is wrong is among the document's problems. */
    public Document parse(String name, String text) {
        LoaderOptions options = new LoaderOptions();
        options.setCodePointLimit(MAX_BYTES);
        try {
            Reading reading = new Reading(name);
            for (Node node : new Yaml(options).composeAll(new StringReader(text))) {
                reading.read(new YamlValue(node, source, name, ""));
            }
            return reading.document();
        } catch (MarkedYAMLException e) {
            int line = e.getProblemMark() == null ? 1 : e.getProblemMark().getLine() + 1;
            return broken(name, line, String.valueOf(e.getProblem()));
        } catch (YAMLException e) {
            return broken(
                    name, 1, String.valueOf(e.getMessage()).lines().findFirst().orElse(""));
        }
    }

    private Document broken(String name, int line, String reason) {
        return Document.unreadable(
                name, new Place(source, name, line, "").problem("does not parse: " + reason, "YAML; see docs/yaml.md"));
    }

    /** The items of one text, section by section. */
    private static final class Reading {
        private final String name;
        private final List<Written<Service>> services = new ArrayList<>();
        private final List<Written<Policy>> policies = new ArrayList<>();
        private boolean declaresListeners;
        private final List<Written<ListenerRule>> listeners = new ArrayList<>();
        private final List<Written<RouteRule>> routes = new ArrayList<>();
        private final List<Written<TokenProvider>> providers = new ArrayList<>();
        private final List<Written<Certificate>> certificates = new ArrayList<>();
        private final List<Problem> problems = new ArrayList<>();
        private final RouteParser routeParser = new RouteParser();
        private boolean readable = true;

        Reading(String name) {
            this.name = name;
        }

        Document document() {
            return new Document(
                    name,
                    readable,
                    services,
                    policies,
                    declaresListeners,
                    listeners,
                    routes,
                    providers,
                    certificates,
                    problems);
        }

        void read(YamlValue root) {
            if (root.isEmpty()) {
                return;
            }
            wholly(() -> root.entries(problems).forEach(section -> {
                if (SECTIONS.contains(section.name())) {
                    wholly(() -> section(section));
                } else {
                    attempt(() -> section(section));
                }
            }));
        }

        private void section(Entry section) {
            YamlValue value = section.value();
            if (SECTIONS.contains(section.name()) && value.isEmpty()) {
                return;
            }
            switch (section.name()) {
                case "services" -> value.entries(problems).forEach(entry -> attempt(() -> service(entry)));
                case "providers" ->
                    value.entries(problems)
                            .forEach(entry -> attempt(
                                    () -> providers.add(new Written<>(ProviderParser.parse(entry), entry.place()))));
                case "certificates" ->
                    value.entries(problems)
                            .forEach(entry -> attempt(() ->
                                    certificates.add(new Written<>(TlsParser.certificate(entry), entry.place()))));
                case "policies" -> value.entries(problems).forEach(entry -> attempt(() -> policy(entry)));
                case "listeners" -> {
                    declaresListeners = true;
                    value.items()
                            .forEach(item -> attempt(
                                    () -> listeners.add(new Written<>(ListenerParser.parse(item), item.place()))));
                }
                case "routes" ->
                    value.items()
                            .forEach(item -> routeParser.parse(item, problems).ifPresent(routes::add));
                default ->
                    throw NOT_YET.contains(section.name())
                            ? section.refused("'" + section.name() + "' is not supported yet", Nearest.of("", SECTIONS))
                            : section.refused(
                                    "unknown word '" + section.name() + "'", Nearest.of(section.name(), SECTIONS));
            }
        }

        private void service(Entry entry) {
            ServiceParser.Parsed parsed = new ServiceParser(problems).parse(entry);
            services.add(new Written<>(parsed.service(), entry.place()));
            parsed.policy()
                    .ifPresent(policy -> policies.add(new Written<>(new Policy(entry.name(), policy), entry.place())));
        }

        private void policy(Entry entry) {
            String service = ServiceParser.name(entry);
            policies.add(new Written<>(new Policy(service, PolicyParser.parse(entry.value())), entry.place()));
        }

        /** What is refused is left out, and the rest goes on. */
        private boolean attempt(Runnable read) {
            try {
                read.run();
                return true;
            } catch (RefusedException e) {
                problems.addAll(e.problems());
                return false;
            }
        }

        /** Where this is refused nobody knows which items are meant to be there. */
        private void wholly(Runnable read) {
            if (!attempt(read)) {
                readable = false;
            }
        }
    }
}
