package io.sluice.loadtests.same;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What a row's run showed.
 *
 * @param problems expectations that do not hold, each with its target; and differences between the targets that are not declared
 */
record Result(Row row, List<String> problems, Map<Target, Observation> observations) {
    static Result of(Row row, Map<Target, Observation> observations) {
        List<String> problems = new ArrayList<>();
        observations.forEach((target, observation) -> Check.problems(row, observation, target)
                .forEach(problem -> problems.add(target.name().toLowerCase(Locale.ROOT) + ": " + problem)));
        Observation gateway = observations.get(Target.GATEWAY);
        Observation envoy = observations.get(Target.ENVOY);
        boolean comparable = row.onlyValidated()
                ? row.unsupported().isEmpty()
                : problems.stream().noneMatch(Result::isMute);
        if (gateway != null && envoy != null && comparable) {
            List<String> differences = Transcript.differences(Transcript.of(row, gateway), Transcript.of(row, envoy));
            if (row.deviates().isEmpty()) {
                problems.addAll(differences);
            } else if (differences.isEmpty()) {
                problems.add("both do the same now: take 'deviates' away");
            }
        }
        return new Result(row, List.copyOf(problems), Map.copyOf(observations));
    }

    /** Whether there is nothing to compare with. */
    private static boolean isMute(String problem) {
        return problem.contains(": refused: ") || problem.contains(": it died:");
    }

    boolean passed() {
        return problems.isEmpty();
    }
}
