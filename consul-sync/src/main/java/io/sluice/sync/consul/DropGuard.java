package io.sluice.sync.consul;

import java.time.Duration;

/**
 * Decides whether an answer is believed that holds less than half of what was known. Consul says too little after a change of leader, and
 * nothing at all after it lost its state; whoever believes it at once turns its fault into everybody's.
 */
final class DropGuard {
    /** How long a doubtful answer must stay the same kind of answer, when Consul was away before it. */
    static final Duration PATIENCE = Duration.ofSeconds(2);

    private enum Trust {
        /** Answers came one after the other: a second look is enough. */
        STEADY,
        /** Consul was away: the answer must last, and the catalog must agree. */
        INTERRUPTED,
        /** Consul lost its state: that it knows nothing says nothing. */
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
    private long doubtingSince;

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

    /** Whether what is known is only known from before Consul lost its state. */
    boolean holding() {
        return doubting && trust == Trust.FORGOTTEN;
    }

    /**
     * @param size how many things the answer holds
     * @param agreed whether the rest of what Consul says fits to a smaller answer
     * @param nanoTime now
     */
    Verdict consider(int size, boolean agreed, long nanoTime) {
        if (size * 2L >= known) {
            return believe(size);
        }
        boolean again = doubting;
        if (!doubting) {
            doubting = true;
            doubtingSince = nanoTime;
        }
        Duration lasted = Duration.ofNanos(nanoTime - doubtingSince);
        return switch (trust) {
            case STEADY -> again ? believe(size) : new Verdict.ReadAgain(Duration.ZERO);
            case INTERRUPTED ->
                lasted.compareTo(PATIENCE) >= 0 && agreed ? believe(size) : new Verdict.ReadAgain(remaining(lasted));
            case FORGOTTEN -> {
                if (size == 0) {
                    doubtingSince = nanoTime;
                    yield new Verdict.Hold();
                }
                yield lasted.compareTo(PATIENCE) >= 0 ? believe(size) : new Verdict.ReadAgain(remaining(lasted));
            }
        };
    }

    private static Duration remaining(Duration lasted) {
        Duration rest = PATIENCE.minus(lasted);
        Duration least = Duration.ofMillis(200);
        return rest.compareTo(least) < 0 ? least : rest;
    }

    private Verdict believe(int size) {
        known = size;
        trust = Trust.STEADY;
        doubting = false;
        return new Verdict.Believe();
    }
}
