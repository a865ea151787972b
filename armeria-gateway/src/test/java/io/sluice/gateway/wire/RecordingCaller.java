package io.sluice.gateway.wire;

import java.util.ArrayList;
import java.util.List;

/** Takes everything, and remembers what the guard found. */
final class RecordingCaller implements Caller {
    final List<Refusal> refusals = new ArrayList<>();
    private final WireLimits limits;

    RecordingCaller(WireLimits limits) {
        this.limits = limits;
    }

    @Override
    public WireLimits limits() {
        return limits;
    }

    @Override
    public boolean takesHttp1() {
        return true;
    }

    @Override
    public boolean takesHttp2() {
        return true;
    }

    @Override
    public boolean takesAbsoluteTargets() {
        return true;
    }

    @Override
    public void refused(Refusal why) {
        refusals.add(why);
    }

    @Override
    public void flooded(Flood what) {}
}
