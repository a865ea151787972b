package io.sluice.gateway.filter.extauthz;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What the service says of a request. */
sealed interface Verdict {
    /** For the filters behind. */
    Map<String, @Nullable Object> metadata();

    /**
     * It may go on, changed.
     *
     * @param wrong whether the service wants something that no message can hold
     */
    record Allowed(
            List<Change> request,
            List<String> remove,
            List<Map.Entry<String, String>> setParameters,
            List<String> removeParameters,
            List<Change> response,
            Map<String, @Nullable Object> metadata,
            boolean wrong)
            implements Verdict {
        public Allowed {
            request = List.copyOf(request);
            remove = List.copyOf(remove);
            setParameters = List.copyOf(setParameters);
            removeParameters = List.copyOf(removeParameters);
            response = List.copyOf(response);
        }

        boolean changesRequest() {
            return !request.isEmpty() || !remove.isEmpty() || !setParameters.isEmpty() || !removeParameters.isEmpty();
        }
    }

    record Denied(
            int status, List<Map.Entry<String, String>> headers, String body, Map<String, @Nullable Object> metadata)
            implements Verdict {
        public Denied {
            headers = List.copyOf(headers);
        }
    }

    /** Nothing that could be understood, or nothing in time. */
    record Failed(String reason) implements Verdict {
        @Override
        public Map<String, @Nullable Object> metadata() {
            return Map.of();
        }
    }

    /** Of one header. */
    record Change(String name, String value, Kind kind) {}

    enum Kind {
        SET,
        /** One more line. */
        ADD,
        /** Behind the value that is there, with a comma; nothing where there is none. */
        APPEND_TO_EXISTING,
        ADD_IF_ABSENT,
        OVERWRITE_IF_EXISTS
    }
}
