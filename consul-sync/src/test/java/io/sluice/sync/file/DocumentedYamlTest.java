package io.sluice.sync.file;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.sync.model.Catalog;
import io.sluice.sync.model.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** docs/yaml.md tells the truth: each example is accepted whole, and what it says of refusals is what a person gets to read. */
class DocumentedYamlTest {
    private static final Path PAGE = Path.of("..", "docs", "yaml.md");
    private static final Pattern ACCEPTED = Pattern.compile("(?ms)^```yaml\\n(.*?)^```$");
    private static final Pattern REFUSED = Pattern.compile("(?ms)^```yaml refused\\n(.*?)^```\\n`(.*?)`$");

    @Test
    void acceptsEveryExample() throws IOException {
        List<String> examples = new ArrayList<>();
        Matcher matcher = ACCEPTED.matcher(Files.readString(PAGE));
        while (matcher.find()) {
            examples.add(matcher.group(1));
        }

        assertThat(examples).hasSizeGreaterThan(5);
        assertThat(examples).allSatisfy(example -> assertThat(problems(example)).isEmpty());
    }

    @Test
    void refusesAsItSays() throws IOException {
        int examples = 0;
        Matcher matcher = REFUSED.matcher(Files.readString(PAGE));
        while (matcher.find()) {
            examples++;
            assertThat(problems(matcher.group(1))).containsExactly(matcher.group(2));
        }

        assertThat(examples).isGreaterThan(2);
    }

    @Test
    void namesEveryWord() throws IOException {
        String page = Files.readString(PAGE);

        assertThat(PolicyParser.WORDS).allSatisfy(word -> assertThat(page).contains("`" + word + "`"));
    }

    private static List<String> problems(String text) {
        CatalogDraft draft = CatalogDraft.of(List.of(new DocumentParser("file:docs").parse("a.yaml", text)));
        Catalog catalog =
                draft.catalog(draft.services().stream().map(Written::value).toList(), Set.of(), List.of());
        return catalog.problems().stream().map(Problem::toString).toList();
    }
}
