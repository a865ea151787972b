package io.sluice.xdsserver.translate;

import io.sluice.sync.model.Problem;
import io.sluice.sync.model.RouteRule;
import io.sluice.sync.model.RouteRule.Action;
import io.sluice.sync.model.RouteRule.HeaderChanges;
import io.sluice.sync.model.RouteRule.Target;
import io.sluice.xdsserver.settings.Nearest;
import io.sluice.xdsserver.translate.filter.FilterScope;
import io.sluice.xdsserver.translate.filter.HttpFilterOrder;
import io.sluice.xdsserver.translate.filter.Refusal;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Which rules the nodes of a group can obey. One that they cannot keeps its place and answers 503, so that no broader rule after it takes
 * its requests, and it is reported once on however many listeners it stands.
 */
final class RouteCheck {
    private final NodeGroup group;
    private final FilterScope scope;
    private final Set<String> services;
    private final List<Problem> problems;
    private final Map<String, RouteRule> checked = new HashMap<>();

    /** @param problems where each refused rule is added */
    RouteCheck(NodeGroup group, FilterScope scope, Set<String> services, List<Problem> problems) {
        this.group = group;
        this.scope = scope;
        this.services = services;
        this.problems = problems;
    }

    RouteRule orRefused(RouteRule rule) {
        return checked.computeIfAbsent(rule.name(), name -> check(rule));
    }

    private RouteRule check(RouteRule rule) {
        Optional<Refusal> refusal = unknownService(rule).or(() -> HttpFilterOrder.refuse(rule, scope));
        if (refusal.isEmpty()) {
            return rule;
        }
        problems.add(new Problem(
                group.toString(),
                rule.origin() + " route '" + rule.name() + "'",
                refusal.get().reason(),
                refusal.get().expected()));
        return new RouteRule(
                rule.name(),
                rule.origin(),
                rule.listeners(),
                rule.hosts(),
                rule.match(),
                new Action.Direct(503, ""),
                Optional.empty(),
                Optional.empty(),
                List.of(),
                HeaderChanges.NONE,
                HeaderChanges.NONE);
    }

    private Optional<Refusal> unknownService(RouteRule rule) {
        if (!(rule.action() instanceof Action.Forward forward)) {
            return Optional.empty();
        }
        return forward.targets().stream()
                .map(Target::service)
                .filter(name -> !services.contains(name))
                .findFirst()
                .map(name -> new Refusal("leads to service '" + name + "', which is not there", nearest(name)));
    }

    private String nearest(String name) {
        return Nearest.of(name, services.stream().sorted())
                .map(known -> "a service of the catalog, such as '" + known + "'")
                .orElse("a service of the catalog, which has none");
    }
}
