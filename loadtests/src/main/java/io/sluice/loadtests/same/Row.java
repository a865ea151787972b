package io.sluice.loadtests.same;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.loadtests.harness.Answer;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * One promise.
 *
 * @param source the page, proto or test of Envoy from which the promise comes
 * @param config what the row says about its bootstrap, over what its file says; see {@link BootstrapTemplate}
 * @param upstreams by name; each its answers in turn
 * @param asks sent one after the other, or together
 * @param expect about the row as a whole: what upstreams saw, and the last response
 * @param gateway of a deviating row: what the gateway does instead; the rest of {@code expect} holds for it too
 * @param refused of a row that only asks whether a configuration is accepted: both refuse it, and the gateway's refusal holds this text;
 *     {@code asks} is empty
 * @param unsupported as {@code refused}, for what Envoy accepts
 */
record Row(
        String name,
        String source,
        ObjectNode config,
        Map<String, List<Answer>> upstreams,
        List<Ask> asks,
        boolean together,
        Expectation expect,
        Optional<String> deviates,
        Optional<Expectation> gateway,
        Optional<String> refused,
        Optional<String> unsupported) {

    Expectation expect(Target target) {
        return target == Target.GATEWAY ? gateway.orElse(expect) : expect;
    }

    /** Whether only the configuration is looked at, and nothing is asked. */
    boolean onlyValidated() {
        return refused.isPresent() || unsupported.isPresent();
    }

    /** Whether upstreams see a number of requests that depends on time. */
    boolean polls() {
        return asks.stream().anyMatch(ask -> ask.until() > 0 || ask.times() > 1);
    }
}
