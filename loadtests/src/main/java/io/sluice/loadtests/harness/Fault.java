package io.sluice.loadtests.harness;

import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** What may go wrong between an upstream and its answer, and what a caller must see of it. */
public enum Fault {
    NONE(Seen.WHOLE, false),
    RESET(Seen.ERROR, true),
    RESET_IN_HEADERS(Seen.ERROR, true),
    RESET_IN_BODY(Seen.BROKEN, false),
    CLOSE(Seen.ERROR, true),
    CUT(Seen.BROKEN, false),
    CUT_CHUNKS(Seen.BROKEN, false),
    GARBAGE(Seen.ERROR, true),
    REFUSE(Seen.ERROR, true),
    GO_AWAY(Seen.ERROR, true),
    LAST(Seen.WHOLE, false),
    EARLY(Seen.WHOLE, false),
    UNAVAILABLE(Seen.ERROR, true),
    SILENCE(Seen.ERROR, false),
    STALL(Seen.BROKEN, false),
    TRICKLE(Seen.BROKEN, false);

    /** Those that end with the route's timeout. */
    public static final Set<Fault> SLOW = EnumSet.of(SILENCE, STALL, TRICKLE);

    /** Those that over HTTP/2 take the other streams of their connection with them. */
    public static final Set<Fault> OF_CONNECTIONS = EnumSet.of(CLOSE, CUT, CUT_CHUNKS, GARBAGE);

    static final int EARLY_STATUS = 413;
    private static final Duration TRICKLE_GAP = Duration.ofMillis(100);

    private final Seen seen;
    private final boolean curable;

    Fault(Seen seen, boolean curable) {
        this.seen = seen;
        this.curable = curable;
    }

    /** What a caller sees of a request. */
    public enum Seen {
        /** The whole answer, his own. */
        WHOLE,
        /** A whole answer that says that there is none: 502, 503, 504. */
        ERROR,
        /** Part of an answer that breaks off, and says so. */
        BROKEN,
        /** Nothing: he went away himself. */
        ABORTED
    }

    /** @param retried whether the route tries again after any fault, else only where nobody can have looked at the request */
    Seen expected(boolean http2, boolean retried) {
        boolean unprocessed = http2 && !executes(true);
        return curable && (retried || unprocessed) ? Seen.WHOLE : seen;
    }

    /** Whether an upstream that does this may have acted on the request. */
    boolean executes(boolean http2) {
        return !(http2 && (this == REFUSE || this == GO_AWAY));
    }

    Answer answer(Answer.Reply whole) {
        return switch (this) {
            case NONE -> whole;
            case RESET -> new Answer.Reset(Answer.Reset.Place.BEFORE_HEADERS);
            case RESET_IN_HEADERS -> new Answer.Reset(Answer.Reset.Place.IN_HEADERS);
            case RESET_IN_BODY -> new Answer.Reset(Answer.Reset.Place.IN_BODY);
            case CLOSE -> new Answer.Close();
            case CUT -> new Answer.Cut();
            case CUT_CHUNKS ->
                new Answer.Raw(Bytes.latin1("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n"));
            case GARBAGE -> new Answer.Garbage();
            case REFUSE -> new Answer.Refuse();
            case GO_AWAY -> new Answer.GoAway();
            case LAST -> new Answer.Last(whole);
            case EARLY ->
                new Answer.Early(new Answer.Reply(
                        EARLY_STATUS, whole.headers(), whole.parts(), whole.trailers(), whole.interim()));
            case UNAVAILABLE ->
                new Answer.Reply(503, Headers.NONE, List.of(Bytes.utf8("not now")), Headers.NONE, List.of());
            case SILENCE -> new Answer.Silence();
            case STALL -> new Answer.Stall();
            case TRICKLE -> new Answer.Trickle(TRICKLE_GAP);
        };
    }
}
