package io.sluice.gateway.tracing;

import brave.Span;
import java.util.Locale;

/** What spans are called and tagged: Envoy's words, and {@code route} and {@code retry.attempt} beside them. */
final class SpanTags {
    /** Of the tagged url, as Envoy cuts it. */
    static final int MAX_URL = 256;

    private SpanTags() {}

    static void server(Span span, RequestTrace.Facts facts) {
        span.name(
                facts.route().isEmpty()
                        ? facts.method().toLowerCase(Locale.ROOT)
                        : facts.method().toLowerCase(Locale.ROOT) + " " + facts.route());
        String url = facts.url();
        tag(span, "guid:x-request-id", facts.requestId());
        tag(span, "http.url", url.length() > MAX_URL ? url.substring(0, MAX_URL) : url);
        tag(span, "http.method", facts.method());
        tag(span, "http.protocol", facts.protocol());
        tag(span, "http.status_code", String.valueOf(facts.status()));
        tag(span, "upstream_cluster", facts.cluster());
        tag(span, "route", facts.route());
        tag(span, "response_flags", facts.flags().isEmpty() ? "-" : facts.flags());
        tag(span, "request_size", String.valueOf(facts.requestSize()));
        tag(span, "response_size", String.valueOf(facts.responseSize()));
        tag(span, "peer.address", facts.peer());
        error(span, facts.status());
    }

    static void attemptStart(Span span, int attempt, String cluster, String endpoint) {
        span.name("router " + cluster + " egress");
        tag(span, "upstream_cluster", cluster);
        tag(span, "upstream_address", endpoint);
        if (attempt > 1) {
            tag(span, "retry.attempt", String.valueOf(attempt - 1));
        }
    }

    static void attemptEnd(Span span, int status, String failure) {
        if (status != 0) {
            tag(span, "http.status_code", String.valueOf(status));
        }
        if (!failure.isEmpty()) {
            tag(span, "error", failure);
        } else {
            error(span, status);
        }
    }

    private static void error(Span span, int status) {
        if (status == 0 || status >= 500) {
            tag(span, "error", "true");
        }
    }

    private static void tag(Span span, String key, String value) {
        if (!value.isEmpty()) {
            span.tag(key, value);
        }
    }
}
