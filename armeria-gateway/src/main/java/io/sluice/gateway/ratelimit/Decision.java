package io.sluice.gateway.ratelimit;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What the limits say: three answers, because the shared store may be silent and a policy must decide then. */
public sealed interface Decision {
    /** One status per descriptor asked, in order. */
    record Allowed(List<Status> statuses) implements Decision {
        public Allowed {
            statuses = List.copyOf(statuses);
        }
    }

    /** @param retryAfter until the first refusing bucket has a token again */
    record Limited(Duration retryAfter, List<Status> statuses) implements Decision {
        public Limited {
            statuses = List.copyOf(statuses);
        }
    }

    /** Nobody could say in time. */
    record Unknown(String reason) implements Decision {}

    /**
     * @param limit null where no limit applies to the descriptor
     * @param untilReset until the bucket is full again, or its window ends
     */
    record Status(boolean over, @Nullable Limit limit, long remaining, Duration untilReset) {}

    record Limit(String name, long requestsPerUnit, LimitUnit unit) {}
}
