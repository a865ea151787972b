package io.sluice.gateway.ratelimit;

import com.linecorp.armeria.common.HttpHeaders;
import java.util.List;

/** One question to Envoy's rate limit service. */
public record RateLimitCall(String domain, List<Descriptor> descriptors, long hits) {
    public RateLimitCall {
        descriptors = List.copyOf(descriptors);
    }

    /**
     * What a service answers beside its decision.
     *
     * @param requestHeaders added to the request that goes upstream
     * @param responseHeaders added to the response, whoever gives it
     * @param body of the refusal; empty for none
     */
    public record Answer(Decision decision, HttpHeaders requestHeaders, HttpHeaders responseHeaders, String body) {
        public static Answer of(Decision decision) {
            return new Answer(decision, HttpHeaders.of(), HttpHeaders.of(), "");
        }
    }
}
