package io.sluice.xdsserver.admin;

import io.sluice.sync.model.Catalog;
import io.sluice.sync.model.Problem;
import io.sluice.sync.source.SourceStatus;
import io.sluice.xdsserver.snapshot.GroupStatus;
import java.util.List;
import java.util.Optional;

/** What the pages and figures tell of the rest of the program. Any thread; from memory, never blocking. */
public interface Status {
    /** As in logs and problems: {@code consul://127.0.0.1:8500}. */
    String sourceName();

    SourceStatus source();

    /** Every group that has asked, in one order. */
    List<GroupStatus> groups();

    /** The newest one; empty before the first. */
    Optional<Catalog> catalog();

    /** What was refused of the catalog, by the source or by translation; the rest is in force. */
    List<Problem> problems();
}
