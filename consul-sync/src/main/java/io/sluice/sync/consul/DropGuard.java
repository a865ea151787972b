package io.sluice.sync.consul;

import java.time.Duration;
import java.util.function.BooleanSupplier;

/**
 * Decides whether an answer is believed that holds less than half of what was known. Consul says too little after a change of leader, and
 * nothing at all after it lost its state, or to who may not read it any more; whoever believes it at once turns its fault into everybody's.
 */
final class DropGuard {
    /** How long an answer must stay doubtful until it is believed, when Consul was away before it. */
    static final Duration PATIENCE = Duration.ofSeconds(2);

    private static final Duration LEAST = Duration.ofMillis(200);

    /** How often is asked for what the catalog contradicts. */
    private static final Duration CONTRADICTED = Duration.ofSeconds(1);

    private enum Trust {
        /** Answers came one after the other: a second look is enough, if the catalog agrees. */
        STEADY,
        /** Consul was away: the answer must last, and the catalog must agree. */
        INTERRUPTED,
        /** Consul lost its state: that it knows nothing says nothing, and what comes back may come one by one. */
        FORGOTTEN
    }

    /** What becomes of an answer. */
    sealed interface Verdict {
        /** It is believed. */
        record Believe() implements Verdict {}

        /** What was known stays; it is read again after a while. */
        record ReadAgain(Duration after) implements Verdict {}

        /** What was known stays until there is another answer. */
        record Hold() implements Verdict {}
    }

    private Trust trust = Trust.STEADY;
    private int known;
    private boolean doubting;
    private int doubted;
    private long doubtingSince;
    private boolean holding;

    /** The last query failed, or the index went back. */
    void interrupted() {
        if (trust == Trust.STEADY) {
            trust = Trust.INTERRUPTED;
        }
    }

    /** Consul lost its state. @return false where answers came since, so that it says nothing */
    boolean forgotten() {
        if (trust != Trust.INTERRUPTED) {
            return false;
        }
        trust = Trust.FORGOTTEN;
        return true;
    }

    /** Whether what is known is kept against what Consul says. */
    boolean holding() {
        return holding;
    }

    /** Why, where it is {@link #holding}. */
    String reason() {
        return trust == Trust.FORGOTTEN
                ? "kept from before Consul lost its state"
                : "kept against an answer that holds " + doubted + " of " + known;
    }

    /**
     * @param size how many things the answer holds
     * @param agreed whether the rest of what Consul says fits to a smaller answer; asked as soon as there is doubt, and again with each look
     * @param nanoTime now
     */
    Verdict consider(int size, BooleanSupplier agreed, long nanoTime) {
        boolean enough = trust == Trust.FORGOTTEN ? size >= known : size * 2L >= known;
        if (enough) {
            return believe(size);
        }
        boolean agrees = agreed.getAsBoolean();
        boolean again = doubting;
        if (!doubting || (trust == Trust.FORGOTTEN && size != doubted)) {
            doubting = true;
            doubtingSince = nanoTime;
        }
        doubted = size;
        Duration lasted = Duration.ofNanos(nanoTime - doubtingSince);
        return switch (trust) {
            case STEADY -> {
                if (again) {
                    yield agrees ? believe(size) : contradicted(lasted);
                }
                yield new Verdict.ReadAgain(Duration.ZERO);
            }
            case INTERRUPTED -> believeAfterPatience(size, lasted, agrees);
            case FORGOTTEN -> {
                holding = true;
                yield size == 0 ? new Verdict.Hold() : believeAfterPatience(size, lasted, true);
            }
        };
    }

    private Verdict believeAfterPatience(int size, Duration lasted, boolean agrees) {
        if (lasted.compareTo(PATIENCE) < 0) {
            return new Verdict.ReadAgain(remaining(lasted));
        }
        return agrees ? believe(size) : contradicted(lasted);
    }

    private Verdict contradicted(Duration lasted) {
        if (lasted.compareTo(PATIENCE) < 0) {
            return new Verdict.ReadAgain(LEAST);
        }
        holding = true;
        return new Verdict.ReadAgain(CONTRADICTED);
    }

    private static Duration remaining(Duration lasted) {
        Duration rest = PATIENCE.minus(lasted);
        return rest.compareTo(LEAST) < 0 ? LEAST : rest;
    }

    private Verdict believe(int size) {
        known = size;
        trust = Trust.STEADY;
        doubting = false;
        holding = false;
        return new Verdict.Believe();
    }
}
