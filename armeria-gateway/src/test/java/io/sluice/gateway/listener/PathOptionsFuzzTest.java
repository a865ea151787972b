package io.sluice.gateway.listener;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.sluice.gateway.compile.HttpConnectionManager.EscapedSlashes;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;

/** What the path options make of any path that the wire guard lets in. With {@code JAZZER_FUZZ=1} it looks for paths, else it runs the seeds. */
class PathOptionsFuzzTest {
    /** @param input which options, then the path */
    @FuzzTest(maxDuration = "60s")
    void aPathComesOutInItsNormalForm(byte[] input) {
        if (input.length == 0) {
            return;
        }
        EscapedSlashes slashes = List.of(EscapedSlashes.values()).get(input[0] & 3);
        boolean normalize = (input[0] & 4) != 0;
        boolean merge = (input[0] & 8) != 0;
        String path = "/" + new String(input, 1, input.length - 1, StandardCharsets.ISO_8859_1);
        if (path.chars().anyMatch(c -> c <= ' ' || c >= 0x7f || c == '#')) {
            return;
        }
        String changed = switch (PathOptions.apply(slashes, normalize, merge, path)) {
            case PathOptions.Result.Same same -> path;
            case PathOptions.Result.Changed to -> to.path();
            case PathOptions.Result.Redirected to -> to.path();
            case PathOptions.Result.Refused refused -> "/";
        };
        assertThat(changed).startsWith("/");
        String bare = bare(changed);
        if (!changed.equals("/")) {
            assertThat(changed.substring(bare.length()))
                    .as("query")
                    .isEqualTo(path.substring(bare(path).length()));
        }
        if (normalize) {
            assertThat(List.of(bare.split("/", -1))).as(path).doesNotContain(".", "..");
        }
        if (merge) {
            assertThat(bare).as(path).doesNotContain("//");
        }
        if (slashes != EscapedSlashes.KEEP_UNCHANGED && !normalize) {
            assertThat(bare.toLowerCase(Locale.ROOT).contains("%2f")).as(path).isEqualTo(reescaped(bare(path)));
        }
    }

    /** {@code %%2f2f}: taking an escape out may leave another, which Envoy leaves too. */
    private static boolean reescaped(String path) {
        String once = path.toLowerCase(Locale.ROOT).replace("%2f", "/").replace("%5c", "\\");
        return once.contains("%2f");
    }

    private static String bare(String path) {
        int query = path.indexOf('?');
        return query < 0 ? path : path.substring(0, query);
    }
}
