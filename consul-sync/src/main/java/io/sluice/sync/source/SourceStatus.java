package io.sluice.sync.source;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * How a source does.
 *
 * @param synced whether a first whole catalog was reported
 * @param lostSince since when the source cannot be read; what it said before stays in force
 * @param waitingFor the parts not read yet, or not readable now, by name
 */
public record SourceStatus(boolean synced, Optional<Instant> lostSince, List<String> waitingFor) {
    public SourceStatus {
        waitingFor = List.copyOf(waitingFor);
    }
}
