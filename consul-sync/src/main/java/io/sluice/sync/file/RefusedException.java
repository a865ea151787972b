package io.sluice.sync.file;

import io.sluice.sync.model.Problem;
import java.util.List;

/** An item, or a part of one, that cannot be used, with everything found wrong in it. */
final class RefusedException extends RuntimeException {
    private final transient List<Problem> problems;

    RefusedException(List<Problem> problems) {
        super(problems.toString(), null, false, false);
        this.problems = List.copyOf(problems);
    }

    List<Problem> problems() {
        return problems;
    }
}
