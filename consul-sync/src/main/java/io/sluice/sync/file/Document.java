package io.sluice.sync.file;

import io.sluice.sync.model.Certificate;
import io.sluice.sync.model.ListenerRule;
import io.sluice.sync.model.Problem;
import io.sluice.sync.model.RouteRule;
import io.sluice.sync.model.Service;
import io.sluice.sync.model.ServicePolicy;
import io.sluice.sync.model.TokenProvider;
import java.util.List;

/**
 * What one file, or one key of Consul's KV, says; wrong items are left out and stand among the problems.
 *
 * @param readable false when it is no YAML, or a section is no section, so that nobody knows which items are meant to be there
 * @param services without their policies, which stand apart
 * @param declaresListeners whether it has anything under {@code listeners}, be it refused
 */
public record Document(
        String name,
        boolean readable,
        List<Written<Service>> services,
        List<Written<Policy>> policies,
        boolean declaresListeners,
        List<Written<ListenerRule>> listeners,
        List<Written<RouteRule>> routes,
        List<Written<TokenProvider>> providers,
        List<Written<Certificate>> certificates,
        List<Problem> problems) {
    public Document {
        services = List.copyOf(services);
        policies = List.copyOf(policies);
        listeners = List.copyOf(listeners);
        routes = List.copyOf(routes);
        providers = List.copyOf(providers);
        certificates = List.copyOf(certificates);
        problems = List.copyOf(problems);
    }

    /** How a service is called. */
    public record Policy(String service, ServicePolicy policy) {}

    static Document unreadable(String name, Problem problem) {
        return new Document(
                name, false, List.of(), List.of(), false, List.of(), List.of(), List.of(), List.of(), List.of(problem));
    }

    /** These items with those problems: what a document that cannot be read any more still stands for. */
    Document withProblems(List<Problem> others) {
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
                others);
    }
}
