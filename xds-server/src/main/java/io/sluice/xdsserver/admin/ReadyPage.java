package io.sluice.xdsserver.admin;

import io.sluice.sync.model.Problem;
import io.sluice.sync.source.SourceStatus;
import io.sluice.xdsserver.snapshot.GroupStatus;

/** Whether streams are told the whole truth: from the first full sync on, and then for good, since what was known last stays in force. */
final class ReadyPage {
    private final Status status;

    ReadyPage(Status status) {
        this.status = status;
    }

    boolean isReady() {
        return status.source().synced();
    }

    String render(boolean verbose) {
        StringBuilder out = new StringBuilder(line()).append('\n');
        if (verbose) {
            SourceStatus source = status.source();
            out.append("source: ").append(status.sourceName()).append('\n');
            source.lostSince()
                    .ifPresent(since -> out.append("lost since: ").append(since).append('\n'));
            source.waitingFor()
                    .forEach(part -> out.append("waiting for: ").append(part).append('\n'));
            source.heldBack()
                    .forEach(part -> out.append("held back: ").append(part).append('\n'));
            for (GroupStatus group : status.groups()) {
                group.refusal()
                        .ifPresent(refusal -> refusal.reasons()
                                .forEach(reason -> out.append("refused: ")
                                        .append(group.group())
                                        .append(": ")
                                        .append(reason)
                                        .append('\n')));
            }
            for (Problem problem : status.problems()) {
                out.append("problem: ").append(problem).append('\n');
            }
        }
        return out.toString();
    }

    private String line() {
        SourceStatus source = status.source();
        if (source.synced()) {
            return "LIVE";
        }
        String parts = source.waitingFor().isEmpty() ? "" : ": " + String.join(", ", source.waitingFor());
        return "INITIALIZING: waiting for the first full sync of " + status.sourceName() + parts;
    }
}
