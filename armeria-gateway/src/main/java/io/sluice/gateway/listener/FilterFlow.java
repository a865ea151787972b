package io.sluice.gateway.listener;

import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpHeadersBuilder;
import io.sluice.gateway.filter.HttpFilter;
import io.sluice.gateway.filter.HttpFilter.Next;
import io.sluice.gateway.filter.HttpFilterFactory.Phase;
import io.sluice.gateway.filter.Piece;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A message on its way through the filters of one direction, part by part and in order. A part knows how many filters it has passed; those that
 * wait stand in line, whoever has passed more in front. What came to a filter that stops or pauses is kept in a {@link Stop} of that filter; one
 * that pauses holds back whatever has not passed it yet.
 */
abstract class FilterFlow {
    private static final int NOBODY = -1;

    private final ExchangeFilters filters;
    private final Deque<Part> line = new ArrayDeque<>(2);
    private @Nullable Stop @Nullable [] stops;
    private int stopped;
    private @Nullable HttpData added;
    private int pausedAfter = NOBODY;
    private boolean running;
    private boolean dropped;
    private int waitingBytes;

    FilterFlow(ExchangeFilters filters) {
        this.filters = filters;
    }

    abstract static sealed class Part {
        private int passed;

        int bytes() {
            return 0;
        }
    }

    static final class Head extends Part {
        private boolean end;

        Head(boolean end) {
            this.end = end;
        }

        boolean isEnd() {
            return end;
        }
    }

    static final class Body extends Part {
        private final Piece piece;

        Body(HttpData data, boolean end) {
            piece = new Piece(data, end);
        }

        Piece piece() {
            return piece;
        }

        @Override
        int bytes() {
            return piece.data().length();
        }
    }

    static final class Tail extends Part {
        private final HttpHeadersBuilder trailers;

        Tail(HttpHeadersBuilder trailers) {
            this.trailers = trailers;
        }

        HttpHeadersBuilder trailers() {
            return trailers;
        }
    }

    /** What one filter keeps, or has wait. */
    private static final class Stop {
        private final List<Part> parts = new ArrayList<>();
        private boolean paused;
        private long bytes;
    }

    // --- what a direction says

    /** @param passed how many filters a part has passed: of the one it meets next, the place in the chain */
    abstract int place(int passed);

    /** The same the other way round. */
    private int passedAt(int place) {
        return place(place) + 1;
    }

    abstract Phase phase(Part part);

    abstract Next call(HttpFilter filter, Part part);

    /** The part has passed all filters; its bytes are the callee's. */
    abstract void out(Part part);

    abstract long bufferLimit();

    /** A filter wants to keep more than that. */
    abstract void tooLarge();

    // --- what the direction may ask and do

    final boolean isPaused() {
        return pausedAfter != NOBODY;
    }

    /** Whether a filter keeps what comes, and none has it wait. */
    final boolean isStopped() {
        return stopped > 0 && pausedAfter == NOBODY;
    }

    final boolean isDropped() {
        return dropped;
    }

    /** Of body, in line. */
    final int waitingBytes() {
        return waitingBytes;
    }

    /** Whether nobody would look at the part, so that it may go out at once. */
    final boolean isFree(Phase phase) {
        return !filters.any(phase) && line.isEmpty() && stopped == 0 && !running && !dropped;
    }

    final void pass(Part part) {
        if (dropped) {
            release(part);
            return;
        }
        line.addLast(part);
        waitingBytes += part.bytes();
        run();
    }

    final void resume(int place) {
        if (!dropped && stops != null && stops[place] != null) {
            insert(letGo(place));
            run();
        }
    }

    /** From a filter outside of its phases, which may be paused meanwhile. */
    final void inject(int place, HttpData data, boolean end) {
        if (dropped) {
            data.close();
            return;
        }
        Part body = new Body(data, end);
        body.passed = passedAt(place);
        insert(List.of(body));
        run();
    }

    /** From the filter at work. */
    final void add(HttpData data) {
        if (dropped || added != null) {
            data.close();
        } else {
            added = data;
        }
    }

    /** Nothing goes on any more. */
    final void drop() {
        dropped = true;
        line.forEach(FilterFlow::release);
        line.clear();
        waitingBytes = 0;
        for (int i = 0; stops != null && i < stops.length; i++) {
            if (stops[i] != null) {
                letGo(i).forEach(FilterFlow::release);
            }
        }
        if (added != null) {
            added.close();
            added = null;
        }
    }

    private static void release(Part part) {
        if (part instanceof Body body) {
            body.piece.take().close();
        }
    }

    // --- through the filters

    private void run() {
        if (running) {
            return;
        }
        running = true;
        try {
            while (!line.isEmpty() && line.getFirst().passed > pausedAfter && !dropped) {
                Part part = line.removeFirst();
                waitingBytes -= part.bytes();
                advance(part);
            }
        } finally {
            running = false;
        }
    }

    private void advance(Part part) {
        while (part.passed < filters.size()) {
            if (part instanceof Body body && body.bytes() == 0 && !body.piece.isEnd()) {
                release(part); // swallowed
                return;
            }
            int place = place(part.passed++);
            HttpFilter filter = filters.at(place, phase(part));
            boolean holds = stops != null && stops[place] != null;
            if (filter == null && !holds) {
                continue;
            }
            Next next = filter == null ? Next.STOP_AND_BUFFER : call(filter, part);
            if (dropped) {
                release(part);
                return;
            }
            if (next != Next.CONTINUE || holds || added != null || hasTrailersToAdd(part) || isOvertaken(part)) {
                goOn(place, part, next, holds);
                return;
            }
        }
        out(part);
    }

    /** By what a filter further on has let go meanwhile. */
    private boolean isOvertaken(Part part) {
        return !line.isEmpty() && line.getFirst().passed > part.passed;
    }

    private static boolean hasTrailersToAdd(Part part) {
        return part instanceof Body body && body.piece.hasTrailers();
    }

    /** When there is more to do than to go to the next filter. */
    private void goOn(int place, Part part, Next next, boolean holds) {
        List<Part> parts = new ArrayList<>(withAdded(part));
        if (next != Next.CONTINUE) {
            parts.forEach(kept -> hold(place, kept, next == Next.PAUSE));
            return;
        }
        if (holds) {
            parts.addAll(0, letGo(place));
        }
        insert(parts);
    }

    /** The part and what a filter added to it, in order. */
    private List<Part> withAdded(Part part) {
        HttpData more = added;
        added = null;
        Part other = null;
        if (part instanceof Body body) {
            HttpHeadersBuilder trailers = body.piece.takeTrailers();
            other = trailers == null ? null : new Tail(trailers);
        } else if (more != null) {
            other = new Body(more, part instanceof Head head && head.end);
        }
        if (other == null) {
            return List.of(part);
        }
        other.passed = part.passed;
        if (part instanceof Head head) {
            head.end = false;
        }
        return part instanceof Tail ? List.of(other, part) : List.of(part, other);
    }

    private void hold(int place, Part part, boolean pause) {
        if (dropped) {
            release(part);
            return;
        }
        if (stops == null) {
            stops = new Stop[filters.size()];
        }
        Stop stop = stops[place];
        if (stop == null) {
            stop = new Stop();
            stops[place] = stop;
            stopped++;
        }
        stop.parts.add(part);
        stop.bytes += part.bytes();
        if (pause) {
            stop.paused = true;
            pausedAfter = Math.max(pausedAfter, place(place));
        } else if (stop.bytes > bufferLimit()) {
            tooLarge();
        }
    }

    private List<Part> letGo(int place) {
        Stop stop = stops == null ? null : stops[place];
        if (stop == null || stops == null) {
            return List.of();
        }
        stops[place] = null;
        stopped--;
        if (stop.paused) {
            pausedAfter = NOBODY;
            for (int i = 0; i < stops.length; i++) {
                if (stops[i] != null && stops[i].paused) {
                    pausedAfter = Math.max(pausedAfter, place(i));
                }
            }
        }
        return stop.parts;
    }

    /** Behind those that have passed as many filters or more. */
    private void insert(List<Part> parts) {
        if (parts.isEmpty()) {
            return;
        }
        int passed = parts.getFirst().passed;
        Deque<Part> before = new ArrayDeque<>();
        while (!line.isEmpty() && line.getFirst().passed >= passed) {
            before.addLast(line.removeFirst());
        }
        for (int i = parts.size() - 1; i >= 0; i--) {
            line.addFirst(parts.get(i));
            waitingBytes += parts.get(i).bytes();
        }
        while (!before.isEmpty()) {
            line.addFirst(before.removeLast());
        }
    }
}
