package io.sluice.gateway.filter.rbac;

import com.google.common.base.CharMatcher;
import com.linecorp.armeria.common.RequestHeadersBuilder;
import io.micrometer.core.instrument.Counter;
import io.sluice.gateway.filter.Exchange;
import io.sluice.gateway.filter.FilterMeters;
import io.sluice.gateway.filter.HttpFilter;
import io.sluice.gateway.filter.HttpFilterFactory;
import io.sluice.gateway.filter.LocalReply;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Envoy's {@code envoy.filters.http.rbac}: lets through who may, and writes down whom other rules would let through. */
final class RbacFilter implements HttpFilter {
    private static final String NAMESPACE = "envoy.filters.http.rbac";

    private final Factory config;
    private final int place;

    private RbacFilter(Factory config, int place) {
        this.config = config;
        this.place = place;
    }

    /**
     * @param enforced null lets everybody through
     * @param shadow decides nothing
     * @param prefix of what the enforced rules count and write
     */
    record Rules(@Nullable Engine enforced, @Nullable Engine shadow, String prefix, String shadowPrefix) {}

    record Stats(Counter allowed, Counter denied, Counter shadowAllowed, Counter shadowDenied) {
        static Stats of(FilterMeters meters, Rules rules) {
            return new Stats(
                    meters.counter("rbac." + rules.prefix() + "allowed"),
                    meters.counter("rbac." + rules.prefix() + "denied"),
                    meters.counter("rbac." + rules.shadowPrefix() + "shadow_allowed"),
                    meters.counter("rbac." + rules.shadowPrefix() + "shadow_denied"));
        }
    }

    record Factory(String name, Rules own, Stats stats) implements HttpFilterFactory {
        @Override
        public Set<Phase> phases() {
            return EnumSet.of(Phase.REQUEST_HEADERS);
        }

        @Override
        public HttpFilter create(Exchange exchange, int place) {
            return new RbacFilter(this, place);
        }

        @Override
        public List<String> explain(Exchange asked, int place) {
            Rules rules = rules(asked, place);
            List<String> lines = new ArrayList<>();
            if (rules.enforced() == null) {
                lines.add("lets everybody through");
            } else {
                lines.add(text(rules.enforced(), rules.enforced().decide(asked)));
            }
            if (rules.shadow() != null) {
                lines.add(
                        "in the shadow: " + text(rules.shadow(), rules.shadow().decide(asked)));
            }
            return lines;
        }

        private static String text(Engine engine, Engine.Verdict verdict) {
            return (verdict.allowed() ? "allowed: " : "403 RBAC: access denied: ")
                    + (verdict.policy() == null
                            ? "none of " + engine.policies().size() + " policies matches"
                            : "policy '" + verdict.policy() + "' matches");
        }

        private Rules rules(Exchange exchange, int place) {
            return exchange.routeConfig(place) instanceof Rules given ? given : own;
        }
    }

    @Override
    public Next onRequestHeaders(Exchange exchange, RequestHeadersBuilder headers, boolean end) {
        Rules rules = config.rules(exchange, place);
        Stats stats = config.stats();
        if (rules.shadow() != null) {
            Engine.Verdict verdict = rules.shadow().decide(exchange);
            (verdict.allowed() ? stats.shadowAllowed() : stats.shadowDenied()).increment();
            tell(exchange, rules.shadowPrefix() + "shadow_", verdict);
        }
        if (rules.enforced() == null) {
            return Next.CONTINUE;
        }
        Engine.Verdict verdict = rules.enforced().decide(exchange);
        tell(exchange, rules.prefix() + "enforced_", verdict);
        if (verdict.allowed()) {
            stats.allowed().increment();
            return Next.CONTINUE;
        }
        stats.denied().increment();
        String policy =
                verdict.policy() == null ? "none" : CharMatcher.whitespace().replaceFrom(verdict.policy(), '_');
        exchange.reply(LocalReply.of(403, "RBAC: access denied", "rbac_access_denied_matched_policy[" + policy + "]"));
        return Next.PAUSE;
    }

    private static void tell(Exchange exchange, String prefix, Engine.Verdict verdict) {
        Map<String, @Nullable Object> metadata = exchange.metadata(NAMESPACE);
        if (verdict.policy() != null) {
            metadata.put(prefix + "effective_policy_id", verdict.policy());
        }
        metadata.put(prefix + "engine_result", verdict.allowed() ? "allowed" : "denied");
    }
}
