package io.sluice.xdsserver.admin;

import io.sluice.xdsserver.stream.Clients;

/** Where a person begins. */
final class LandingPage {
    private final Status status;
    private final ReadyPage ready;
    private final Clients clients;

    LandingPage(Status status, ReadyPage ready, Clients clients) {
        this.status = status;
        this.ready = ready;
        this.clients = clients;
    }

    String render() {
        long refused = status.groups().stream()
                .filter(group -> group.refusal().isPresent())
                .count();
        return """
            <!doctype html>
            <html lang="en"><head><meta charset="utf-8"><title>xds-server</title>
            <style>body{font:16px/1.5 sans-serif;margin:2em;max-width:50em} td,th{text-align:left;padding:.2em 1em .2em 0;vertical-align:top}</style>
            </head><body><h1>xds-server</h1>
            <table>
            <tr><td><a href="/ready?verbose">/ready</a></td><td>%s</td></tr>
            <tr><td><a href="/clients">/clients</a></td><td>%d connected: what each was sent, took and refused (?node=ID)</td></tr>
            <tr><td><a href="/snapshots">/snapshots</a></td><td>%d groups served, %d of them with a refused newer snapshot; %d problems in the catalog (?verbose, ?group=, ?type=, ?name=)</td></tr>
            <tr><td><a href="/metrics">/metrics</a></td><td>for Prometheus</td></tr>
            </table></body></html>
            """.formatted(
                        escape(ready.render(false).strip()),
                        clients.count(),
                        status.groups().size(),
                        refused,
                        status.problems().size());
    }

    private static String escape(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;");
    }
}
