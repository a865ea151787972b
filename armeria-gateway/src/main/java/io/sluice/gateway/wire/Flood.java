package io.sluice.gateway.wire;

/** Why an HTTP/2 connection ends with ENHANCE_YOUR_CALM; under the names of Envoy's counters where it has one. */
public enum Flood {
    OUTBOUND_CONTROL("outbound_control_flood"),
    CONTROL_FRAMES("inbound_control_frames_flood"),
    EMPTY_FRAMES("inbound_empty_frames_flood"),
    PRIORITIES("inbound_priority_frames_flood"),
    WINDOW_UPDATES("inbound_window_update_frames_flood"),
    BROKEN_STREAMS("broken_streams_flood");

    private final String counter;

    Flood(String counter) {
        this.counter = counter;
    }

    String counter() {
        return counter;
    }
}
