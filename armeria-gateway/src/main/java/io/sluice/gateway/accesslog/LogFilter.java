package io.sluice.gateway.accesslog;

import java.util.List;
import java.util.Set;
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
