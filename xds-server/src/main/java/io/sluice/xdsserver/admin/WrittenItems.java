package io.sluice.xdsserver.admin;

import io.sluice.sync.model.Catalog;
import io.sluice.sync.model.ListenerRule;
import io.sluice.sync.model.RouteRule;
import io.sluice.sync.model.Service;
import io.sluice.xdsserver.stream.NameInText;
import java.util.ArrayList;
import java.util.List;

/** Which of the things somebody wrote a client means when it refuses an answer: it names resources, people know files and lines. */
final class WrittenItems {
    /** A table of thousands of routes may be meant by one word. */
    private static final int MOST = 20;

    private WrittenItems() {}

    /** Where the routes stand that the text names, or whose services it names; services and listeners by their names. */
    static List<String> meant(Catalog catalog, String text) {
        List<String> items = new ArrayList<>();
        catalog.listeners().stream()
                .map(ListenerRule::name)
                .filter(name -> NameInText.says(text, name))
                .forEach(name -> items.add("listener " + name));
        catalog.services().stream()
                .map(Service::name)
                .filter(name -> NameInText.says(text, name))
                .forEach(name -> items.add("service " + name));
        for (RouteRule route : catalog.routes()) {
            if (NameInText.says(text, route.name()) || leadsTo(route, text)) {
                items.add(route.origin());
            }
        }
        return items.stream().distinct().limit(MOST).toList();
    }

    private static boolean leadsTo(RouteRule route, String text) {
        return route.action() instanceof RouteRule.Action.Forward forward
                && forward.targets().stream().anyMatch(target -> NameInText.says(text, target.service()));
    }
}
