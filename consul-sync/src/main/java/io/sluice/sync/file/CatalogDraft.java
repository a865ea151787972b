package io.sluice.sync.file;

import io.sluice.sync.file.Document.Policy;
import io.sluice.sync.model.Catalog;
import io.sluice.sync.model.Certificate;
import io.sluice.sync.model.Certificate.Content.Authorities;
import io.sluice.sync.model.Certificate.Content.Own;
import io.sluice.sync.model.ListenerRule;
import io.sluice.sync.model.ListenerRule.NodeKind;
import io.sluice.sync.model.Problem;
import io.sluice.sync.model.RouteRule;
import io.sluice.sync.model.RouteRule.Action;
import io.sluice.sync.model.RouteRule.Target;
import io.sluice.sync.model.Service;
import io.sluice.sync.model.ServicePolicy;
import io.sluice.sync.model.TokenProvider;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** What all documents of a source say together: names are unique, listeners are there; still to be joined with the services. Immutable. */
public final class CatalogDraft {
    private final Map<String, Written<Service>> services = new LinkedHashMap<>();
    private final Map<String, Written<Policy>> policies = new LinkedHashMap<>();
    private final Map<String, Written<ListenerRule>> listeners = new LinkedHashMap<>();
    private final Map<String, Written<TokenProvider>> providers = new LinkedHashMap<>();
    private final Map<String, Written<Certificate>> certificates = new LinkedHashMap<>();
    private final List<Written<RouteRule>> routes = new ArrayList<>();
    private final List<Problem> problems = new ArrayList<>();

    private CatalogDraft() {}

    /** @param documents in the order in which their routes match */
    public static CatalogDraft of(Collection<Document> documents) {
        CatalogDraft draft = new CatalogDraft();
        boolean listenersDeclared = false;
        for (Document document : documents) {
            draft.problems.addAll(document.problems());
            document.services()
                    .forEach(each -> draft.add(draft.services, each.value().name(), each));
            document.policies()
                    .forEach(each -> draft.add(draft.policies, each.value().service(), each));
            document.providers()
                    .forEach(each -> draft.add(draft.providers, each.value().name(), each));
            document.certificates()
                    .forEach(each -> draft.add(draft.certificates, each.value().name(), each));
            document.listeners().forEach(draft::listener);
            listenersDeclared |= document.declaresListeners();
        }
        // A listener that was refused must not open the default's port instead.
        if (!listenersDeclared) {
            Place nowhere = new Place("", "", 0, "");
            draft.listeners.put(ListenerRule.DEFAULT.name(), new Written<>(ListenerRule.DEFAULT, nowhere));
        }
        Set<String> names = new HashSet<>();
        documents.forEach(document -> document.routes().forEach(each -> draft.route(each, names)));
        return draft;
    }

    /** The services that documents declare, without their policies. */
    public Collection<Written<Service>> services() {
        return List.copyOf(services.values());
    }

    /** The services to which routes lead, and those that serve keys. */
    public Set<String> servicesInUse() {
        Set<String> names = new TreeSet<>();
        routes.forEach(route -> targets(route.value()).forEach(target -> names.add(target.service())));
        providers.values().forEach(provider -> served(provider.value()).ifPresent(names::add));
        return names;
    }

    /**
     * The whole catalog. A service to which a route leads and that is not there is published without instances, and said to be missing.
     *
     * @param present the services that are there; their policies come from the documents
     * @param known names of further services, for which policies may stand here
     * @param further what else was refused
     */
    public Catalog catalog(Collection<Service> present, Set<String> known, List<Problem> further) {
        List<Problem> all = new ArrayList<>(problems);
        all.addAll(further);
        Map<String, Service> whole = new TreeMap<>();
        present.forEach(service -> whole.put(service.name(), withPolicy(service)));
        Set<String> names = new TreeSet<>(known);
        names.addAll(whole.keySet());
        for (Written<RouteRule> route : routes) {
            for (Target target : targets(route.value())) {
                String name = target.service();
                if (!names.contains(name)) {
                    all.add(route.place()
                            .problem("leads to service '" + name + "', which is not there", nearest(name, names)));
                }
                whole.computeIfAbsent(
                        name, missing -> withPolicy(new Service(missing, ServicePolicy.DEFAULT, List.of())));
            }
        }
        for (Written<TokenProvider> provider : providers.values()) {
            served(provider.value()).ifPresent(name -> {
                if (!names.contains(name)) {
                    all.add(provider.place()
                            .problem("keys from service '" + name + "', which is not there", nearest(name, names)));
                }
                whole.computeIfAbsent(
                        name, missing -> withPolicy(new Service(missing, ServicePolicy.DEFAULT, List.of())));
            });
        }
        policies.forEach((name, policy) -> {
            if (!names.contains(name)) {
                all.add(policy.place()
                        .problem("policy for service '" + name + "', which is not there", nearest(name, names)));
            }
        });
        checkCertificates(all);
        return new Catalog(
                List.copyOf(whole.values()),
                listeners.values().stream().map(Written::value).toList(),
                routes.stream().map(Written::value).toList(),
                providers.values().stream().map(Written::value).toList(),
                certificates.values().stream().map(Written::value).toList(),
                all);
    }

    private <T> void add(Map<String, Written<T>> all, String name, Written<T> item) {
        Written<T> first = all.putIfAbsent(name, item);
        if (first != null) {
            problems.add(item.place()
                    .problem(
                            "'" + name + "' stands here a second time, first at "
                                    + first.place().origin(),
                            "once"));
        }
    }

    private void listener(Written<ListenerRule> listener) {
        for (Written<ListenerRule> other : listeners.values()) {
            if (meet(listener.value(), other.value())) {
                problems.add(listener.place()
                        .problem(
                                "port " + listener.value().port() + " is taken by '"
                                        + other.value().name() + "' at "
                                        + other.place().origin(),
                                "another port or address, or another region or kind of nodes"));
                return;
            }
        }
        add(listeners, listener.value().name(), listener);
    }

    /** Whether there are nodes on which both would open the same port. */
    private static boolean meet(ListenerRule one, ListenerRule other) {
        return one.port() != 0
                && one.port() == other.port()
                && (one.address().equals(other.address()) || isAny(one.address()) || isAny(other.address()))
                && (one.region().isEmpty()
                        || other.region().isEmpty()
                        || one.region().equals(other.region()))
                && (one.nodes() == NodeKind.ANY || other.nodes() == NodeKind.ANY || one.nodes() == other.nodes())
                && !one.name().equals(other.name());
    }

    private static boolean isAny(String address) {
        return Addresses.isIp(address) && !Addresses.isCallable(address);
    }

    private void route(Written<RouteRule> route, Set<String> names) {
        RouteRule rule = route.value();
        int before = problems.size();
        for (String listener : rule.listeners()) {
            if (!listeners.containsKey(listener)) {
                problems.add(route.place()
                        .problem(
                                "on listener '" + listener + "', which is not there",
                                nearest(listener, listeners.keySet())));
            }
        }
        rule.auth()
                .map(RouteRule.Auth::provider)
                .filter(provider -> !providers.containsKey(provider))
                .ifPresent(provider -> problems.add(route.place()
                        .problem(
                                "asks for tokens of '" + provider + "', which is not there",
                                nearest(provider, providers.keySet()))));
        String name = rule.name();
        if (!names.add(name)) {
            problems.add(route.place().problem("a second route named '" + name + "'", "another name"));
            name = name + "@" + rule.origin();
            names.add(name);
        }
        routes.add(problems.size() == before ? route : new Written<>(RouteParser.refused(rule, name), route.place()));
    }

    /** Whoever names one that is not there stays in force all the same: in clear text it would be open to all, and it waits for its certificate. */
    private void checkCertificates(List<Problem> all) {
        listeners
                .values()
                .forEach(listener -> listener.value().tls().ifPresent(tls -> {
                    tls.certificates().forEach(name -> need(name, Own.class, listener.place(), all));
                    tls.callers().ifPresent(name -> need(name, Authorities.class, listener.place(), all));
                }));
        policies.values()
                .forEach(policy -> policy.value().policy().tls().ifPresent(tls -> {
                    need(tls.authorities(), Authorities.class, policy.place(), all);
                    tls.certificate().ifPresent(name -> need(name, Own.class, policy.place(), all));
                }));
    }

    private void need(String name, Class<? extends Certificate.Content> kind, Place place, List<Problem> all) {
        Written<Certificate> found = certificates.get(name);
        String wanted = kind == Own.class ? "a certificate with its key" : "authorities";
        if (found == null) {
            all.add(place.problem(
                    "needs the certificate '" + name + "', which is not there", nearest(name, certificates.keySet())));
        } else if (!kind.isInstance(found.value().content())) {
            all.add(place.problem("'" + name + "' is of the other kind", wanted));
        }
    }

    private Service withPolicy(Service service) {
        Written<Policy> policy = policies.get(service.name());
        return policy == null
                ? service
                : new Service(service.name(), policy.value().policy(), service.instances());
    }

    private static Optional<String> served(TokenProvider provider) {
        return provider.keys() instanceof TokenProvider.Keys.Served served
                ? Optional.of(served.service())
                : Optional.empty();
    }

    private static List<Target> targets(RouteRule rule) {
        return rule.action() instanceof Action.Forward forward ? forward.targets() : List.of();
    }

    private static String nearest(String name, Set<String> names) {
        return names.isEmpty() ? "there is none yet" : Nearest.of(name, names);
    }
}
