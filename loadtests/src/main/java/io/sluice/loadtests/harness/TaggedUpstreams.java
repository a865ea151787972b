package io.sluice.loadtests.harness;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * The upstreams of {@link TaggedTraffic}: each request says its number and what is to go wrong the first time it is seen. They keep count of
 * what they acted on, and notice a POST that they are asked for a second time, and a body that is not its request's.
 */
public final class TaggedUpstreams implements AutoCloseable {
    /** Numbers more than this apart may share a place: nothing is under way that long. */
    private static final int KEPT = 1 << 20;

    private static final int COUNT_BITS = 8;
    private static final int MOST_PROBLEMS = 50;

    private final AtomicLongArray arrivals = new AtomicLongArray(KEPT);
    private final AtomicLongArray executions = new AtomicLongArray(KEPT);
    private final List<String> problems = new ArrayList<>();
    private final RecordingUpstream one = RecordingUpstream.http1(this::answer);
    private final RecordingUpstream spare = RecordingUpstream.http1(this::answer);
    private final RecordingUpstream two = RecordingUpstream.http2(this::answer);
    private final RecordingUpstream three = RecordingUpstream.http2(this::answer);

    public TaggedUpstreams() {
        one.watch(request -> arrived(request, false));
        spare.watch(request -> arrived(request, false));
        two.watch(request -> arrived(request, true));
        three.watch(request -> arrived(request, true));
    }

    /** HTTP/1. */
    public int one() {
        return one.port();
    }

    /** A second instance of it. */
    public int spare() {
        return spare.port();
    }

    /** HTTP/2. */
    public int two() {
        return two.port();
    }

    /** HTTP/2, for the faults that end a connection. */
    public int three() {
        return three.port();
    }

    /** Requests that reached any of them. */
    public int count() {
        return one.count() + spare.count() + two.count() + three.count();
    }

    /** What must never be; empty when all is well. */
    public List<String> problems() {
        synchronized (problems) {
            return List.copyOf(problems);
        }
    }

    @Override
    public void close() {
        one.close();
        spare.close();
        two.close();
        three.close();
    }

    private Answer answer(RecordedRequest request) {
        int tag = tag(request);
        boolean first = count(arrivals, tag) == 1;
        Answer.Reply whole = new Answer.Reply(
                200,
                Headers.of(TaggedTraffic.TAG, Integer.toString(tag)),
                TaggedTraffic.answer(tag).stream().map(Bytes::utf8).toList(),
                Headers.NONE,
                List.of());
        return first ? fault(request).answer(whole) : whole;
    }

    private void arrived(RecordedRequest request, boolean http2) {
        if (!request.method().equals("POST")) {
            return;
        }
        int tag = tag(request);
        Fault fault = fault(request);
        int allowed = fault.executes(http2) ? 1 : 2;
        if (count(executions, tag) > allowed) {
            problem("POST " + tag + " acted on twice, fault " + fault + ", path " + request.path());
        }
        boolean abandoned = request.headers().has(TaggedTraffic.ABORTS) || fault == Fault.EARLY;
        if (!abandoned && !request.text().equals(TaggedTraffic.body(tag))) {
            problem("POST " + tag + " came with the body " + request.text());
        }
    }

    private static Fault fault(RecordedRequest request) {
        return request.headers().get(TaggedTraffic.FAULT).map(Fault::valueOf).orElse(Fault.NONE);
    }

    private static int tag(RecordedRequest request) {
        return Integer.parseInt(request.headers().get(TaggedTraffic.TAG).orElse("0"));
    }

    /** @return how often that number was counted, with this time */
    private static int count(AtomicLongArray counts, int tag) {
        long counted = counts.updateAndGet(
                tag % KEPT, before -> before >>> COUNT_BITS == tag ? before + 1 : ((long) tag << COUNT_BITS) + 1);
        return (int) (counted & (1 << COUNT_BITS) - 1);
    }

    private void problem(String text) {
        synchronized (problems) {
            if (problems.size() < MOST_PROBLEMS) {
                problems.add(text);
            }
        }
    }
}
