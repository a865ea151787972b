package io.sluice.loadtests.scenario;

import io.sluice.loadtests.harness.Answer;
import io.sluice.loadtests.harness.Bytes;
import io.sluice.loadtests.harness.Headers;
import io.sluice.loadtests.harness.RecordingUpstream;
import java.time.Duration;
import java.util.List;

/** Instances of a service that say who they are. */
final class Upstreams {
    private Upstreams() {}

    static RecordingUpstream named(String id) {
        return RecordingUpstream.http1(request -> answer(id));
    }

    static RecordingUpstream slow(String id, Duration by) {
        return RecordingUpstream.http1(request -> new Answer.Delayed(by, answer(id)));
    }

    static Answer answer(String id) {
        return new Answer.Reply(
                200, Headers.of("x-served-by", id), List.of(Bytes.utf8(id + "\n")), Headers.NONE, List.of());
    }
}
