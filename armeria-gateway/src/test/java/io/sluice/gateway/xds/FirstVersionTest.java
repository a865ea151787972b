package io.sluice.gateway.xds;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import io.sluice.gateway.xds.SupportMatrix.Part;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;

/** How much of what a first version must obey is obeyed: the list of what is not only gets shorter. */
class FirstVersionTest {
    private static final Path REFUSED = Path.of("src/test/resources/support/v1-refused.txt");
    private static final SupportMatrix MATRIX = SupportMatrix.load();
    private static final SortedMap<String, Descriptor> TYPES = Reachable.all();

    /** Rewritten with {@code -Dgolden.update}. */
    @Test
    void whatOfItIsRefusedStandsInItsList() throws IOException {
        int obeyed = 0;
        int ignored = 0;
        List<String> refused = new ArrayList<>();
        for (Map.Entry<String, Map<String, Map<String, List<String>>>> part : column().entrySet()) {
            for (Map.Entry<String, Map<String, List<String>>> message :
                    part.getValue().entrySet()) {
                SupportMatrix.Fields fields = MATRIX.messages(Part.valueOf(part.getKey()))
                        .getOrDefault(message.getKey(), new SupportMatrix.Fields(List.of(), List.of()));
                for (String field : firstVersion(message.getKey(), message.getValue())) {
                    if (fields.supported().contains(field)) {
                        obeyed++;
                    } else if (fields.ignored().contains(field)) {
                        ignored++;
                    } else {
                        refused.add(part.getKey() + " " + message.getKey() + " " + field);
                    }
                }
            }
        }
        System.out.printf(
                "fields of the first version: %d obeyed, %d without effect, %d refused%n",
                obeyed, ignored, refused.size());
        if (System.getProperty("golden.update") != null) {
            Files.writeString(REFUSED, String.join("\n", refused) + "\n");
        }
        assertThat(refused)
                .as("nothing beside what stands in %s; -Dgolden.update rewrites it", REFUSED)
                .isSubsetOf(Files.readAllLines(REFUSED));
    }

    private static Set<String> firstVersion(String message, Map<String, List<String>> words) {
        Descriptor type = TYPES.get(message);
        if (type == null) {
            return Set.of("(the message)");
        }
        Set<String> fields = new TreeSet<>();
        for (FieldDescriptor field : type.getFields()) {
            if (!field.getOptions().getDeprecated()) {
                fields.add(field.getName());
            }
        }
        words.getOrDefault("later", List.of()).forEach(fields::remove);
        return fields;
    }

    private static Map<String, Map<String, Map<String, List<String>>>> column() throws IOException {
        try (InputStream in = FirstVersionTest.class.getResourceAsStream("/support/v1.yaml")) {
            return new Yaml(new LoaderOptions()).load(in);
        }
    }
}
