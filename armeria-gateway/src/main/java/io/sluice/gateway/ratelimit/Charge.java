package io.sluice.gateway.ratelimit;

import io.sluice.gateway.ratelimit.Decision.Status;
import io.sluice.gateway.ratelimit.Verdict.Answer;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/** One descriptor's part of a call. */
sealed interface Charge {
    boolean isDone();

    /** Once done. */
    Status status();

    /** The descriptor's limit refuses nobody: its status is known without a bucket. */
    record Uncounted(Status status) implements Charge {
        @Override
        public boolean isDone() {
            return true;
        }
    }

    record Counted(LimitRule rule, Account account, long hits, CompletableFuture<Verdict> verdict) implements Charge {
        @Override
        public boolean isDone() {
            return verdict.isDone();
        }

        Verdict said() {
            return verdict.join();
        }

        boolean refused() {
            return said().answer() == Answer.OVER;
        }

        @Override
        public Status status() {
            Verdict said = said();
            return new Status(
                    refused() && !rule.shadow(), rule.limit(), said.remaining(), Duration.ofNanos(said.resetNanos()));
        }

        void refund() {
            if (said().answer() == Answer.GRANTED) {
                account.refund(said(), hits);
            }
        }
    }
}
