package io.sluice.xdsserver.stream;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.TestInstance;

/** Clients for one test class: each rule is tried in both variants, on the state machine itself and over gRPC. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class Peers {
    static final int MAX_ANSWER_BYTES = 1 << 20;

    enum Peer {
        SOTW,
        DELTA,
        SOTW_OVER_GRPC,
        DELTA_OVER_GRPC
    }

    final Wire wire = new Wire(MAX_ANSWER_BYTES);
    private final List<Script> open = new ArrayList<>();

    Script open(Peer peer) {
        Script script = switch (peer) {
            case SOTW -> Script.sotw(DirectLink.sotw(MAX_ANSWER_BYTES), wire.node());
            case DELTA -> Script.delta(DirectLink.delta(MAX_ANSWER_BYTES), wire.node());
            case SOTW_OVER_GRPC -> wire.sotw(wire.node());
            case DELTA_OVER_GRPC -> wire.delta(wire.node());
        };
        open.add(script);
        return script;
    }

    @AfterEach
    void closeStreams() {
        open.forEach(script -> script.link().cancel());
        open.clear();
        wire.forget();
    }

    @AfterAll
    void closeServer() {
        wire.close();
    }
}
