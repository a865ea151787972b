package io.sluice.gateway.filter.ratelimit;

import com.linecorp.armeria.common.HttpHeadersBuilder;
import io.sluice.gateway.ratelimit.Decision;
import io.sluice.gateway.ratelimit.Decision.Status;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@code x-ratelimit-*} of the IETF draft 03 as Envoy writes them: the figures of the descriptor nearest its limit, the policies of all. */
final class RateLimitHeaders {
    private RateLimitHeaders() {}

    static void add(List<Status> statuses, HttpHeadersBuilder headers) {
        Status nearest = null;
        var policies = new StringBuilder();
        for (Status status : statuses) {
            Decision.Limit limit = status.limit();
            if (limit == null) {
                continue;
            }
            if (nearest == null || status.remaining() < nearest.remaining()) {
                nearest = status;
            }
            policies.append(", ")
                    .append(limit.requestsPerUnit())
                    .append(";w=")
                    .append(limit.unit().length().toSeconds());
            if (!limit.name().isEmpty()) {
                policies.append(";name=\"").append(limit.name()).append('"');
            }
        }
        add(nearest, policies, headers);
    }

    private static void add(@Nullable Status nearest, StringBuilder policies, HttpHeadersBuilder headers) {
        if (nearest != null && nearest.limit() != null) {
            headers.add("x-ratelimit-limit", nearest.limit().requestsPerUnit() + policies.toString());
            headers.add("x-ratelimit-remaining", String.valueOf(nearest.remaining()));
            headers.add("x-ratelimit-reset", String.valueOf(nearest.untilReset().toSeconds()));
        }
    }
}
