package io.sluice.gateway.accesslog;

import java.util.List;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.LongPredicate;
import java.util.function.Predicate;

/** Which requests a log takes. */
sealed interface LogFilter {
    boolean takes(StreamInfo info);

    record All() implements LogFilter {
        @Override
        public boolean takes(StreamInfo info) {
            return true;
        }
    }

    /** By the health check filter's mark. */
    record NotHealthCheck() implements LogFilter {
        @Override
        public boolean takes(StreamInfo info) {
            return !info.isHealthCheck();
        }
    }

    record Status(LongPredicate test) implements LogFilter {
        @Override
        public boolean takes(StreamInfo info) {
            return test.test(info.responseCode());
        }
    }

    /** In milliseconds, of the whole request; one that never ended has none. */
    record Duration(LongPredicate test) implements LogFilter {
        @Override
        public boolean takes(StreamInfo info) {
            return info.endNanos() != 0
                    && test.test(TimeUnit.NANOSECONDS.toMillis(info.endNanos() - info.startNanos()));
        }
    }

    /** Takes requests with any of these flags; with none named, those with any flag at all. */
    record Flags(Set<ResponseFlag> any) implements LogFilter {
        public Flags {
            any = Set.copyOf(any);
        }

        @Override
        public boolean takes(StreamInfo info) {
            return any.isEmpty()
                    ? !info.responseFlags().isEmpty()
                    : info.responseFlags().stream().anyMatch(any::contains);
        }
    }

    record Header(Predicate<? super com.linecorp.armeria.common.RequestHeaders> test) implements LogFilter {
        @Override
        public boolean takes(StreamInfo info) {
            return test.test(info.requestHeaders());
        }
    }

    /** @param not whether it takes what has none of these */
    record Grpc(Set<Long> statuses, boolean not) implements LogFilter {
        public Grpc {
            statuses = Set.copyOf(statuses);
        }

        @Override
        public boolean takes(StreamInfo info) {
            return statuses.contains(GrpcStatus.of(info)) != not;
        }
    }

    /**
     * So many of all requests: by their x-request-id, so that all who see one decide alike.
     *
     * @param independent whether each decides for itself
     */
    record Fraction(long numerator, long denominator, boolean independent) implements LogFilter {
        private static final int HEX = 16;
        private static final int DIGITS = 8;

        @Override
        public boolean takes(StreamInfo info) {
            return number(info) % denominator < numerator;
        }

        private long number(StreamInfo info) {
            String id = info.requestId();
            if (!independent && id.length() >= DIGITS) {
                try {
                    return Long.parseLong(id, 0, DIGITS, HEX);
                } catch (NumberFormatException e) {
                    // an id that a caller made up
                }
            }
            return ThreadLocalRandom.current().nextLong(Long.MAX_VALUE);
        }
    }

    record And(List<LogFilter> all) implements LogFilter {
        public And {
            all = List.copyOf(all);
        }

        @Override
        public boolean takes(StreamInfo info) {
            return all.stream().allMatch(filter -> filter.takes(info));
        }
    }

    record Or(List<LogFilter> any) implements LogFilter {
        public Or {
            any = List.copyOf(any);
        }

        @Override
        public boolean takes(StreamInfo info) {
            return any.stream().anyMatch(filter -> filter.takes(info));
        }
    }
}
