package io.sluice.xdsserver.command;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sluice.xdsserver.settings.SettingsException;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** Asks a gateway what would become of requests: one that runs, or one that is started for nothing else. Blocks. */
interface GatewayAsk {
    /**
     * As the gateway's page {@code /explain} answers.
     *
     * @throws SettingsException where it cannot be asked, or a question is none
     */
    List<JsonNode> ask(List<Question> questions);

    /**
     * @param headers {@code name:value}
     * @param from the caller's address
     */
    record Question(String method, String url, List<String> headers, Optional<String> from, Optional<String> listener) {
        public Question {
            headers = List.copyOf(headers);
        }
    }

    /** @param address of its admin pages, {@code HOST:PORT} */
    static GatewayAsk node(String address) {
        AdminPages pages = new AdminPages(address, "--node HOST:PORT of a gateway's admin pages");
        return questions -> questions.stream()
                .map(question -> pages.get("/explain?" + query(question)))
                .toList();
    }

    private static String query(Question question) {
        StringBuilder query = new StringBuilder("method=" + encoded(question.method));
        query.append("&url=").append(encoded(question.url));
        question.headers.forEach(header -> query.append("&header=").append(encoded(header)));
        question.from.ifPresent(from -> query.append("&from=").append(encoded(from)));
        question.listener.ifPresent(name -> query.append("&listener=").append(encoded(name)));
        return query.toString();
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }

    /**
     * @param bootstrap with everything in it
     * @throws SettingsException where there is no gateway program
     */
    static GatewayAsk program(String bootstrap, Map<String, String> environment) {
        return new Program(
                DataPlaneCheck.gatewayCommand(environment)
                        .orElseThrow(() -> new SettingsException(
                                "no gateway program (expected: ./sluice, which sets SLUICE_GATEWAY_CLASSES)")),
                bootstrap);
    }

    /** One start for all questions. */
    record Program(List<String> command, String bootstrap) implements GatewayAsk {
        private static final ObjectMapper JSON = new ObjectMapper();
        private static final int PATIENCE_SECONDS = 60;

        @Override
        public List<JsonNode> ask(List<Question> questions) {
            try {
                Path folder = Files.createTempDirectory("sluice-explain");
                Path config = Files.writeString(folder.resolve("bootstrap.json"), bootstrap);
                Path asked = Files.writeString(folder.resolve("questions"), lines(questions));
                Path answers = folder.resolve("answers");
                Path errors = folder.resolve("errors");
                try {
                    List<String> words = new ArrayList<>(command);
                    words.addAll(List.of("--mode", "explain", "-c", config.toString()));
                    Process process = new ProcessBuilder(words)
                            .redirectInput(asked.toFile())
                            .redirectOutput(answers.toFile())
                            .redirectError(errors.toFile())
                            .start();
                    if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                        process.destroyForcibly();
                        throw new SettingsException("the gateway: no answer within " + PATIENCE_SECONDS + " s");
                    }
                    if (process.exitValue() != 0) {
                        throw new SettingsException("the gateway refuses it: "
                                + Files.readString(errors).strip());
                    }
                    return answers(Files.readAllLines(answers));
                } finally {
                    for (Path file : List.of(errors, answers, asked, config, folder)) {
                        Files.deleteIfExists(file);
                    }
                }
            } catch (IOException e) {
                throw new SettingsException("the gateway: cannot be asked: " + e.getMessage());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new SettingsException("the gateway: interrupted");
            }
        }

        private static String lines(List<Question> questions) {
            StringBuilder lines = new StringBuilder();
            for (Question question : questions) {
                var line =
                        JSON.createObjectNode().put("method", question.method).put("url", question.url);
                question.headers.forEach(line.putArray("headers")::add);
                question.from.ifPresent(from -> line.put("from", from));
                question.listener.ifPresent(name -> line.put("listener", name));
                lines.append(line).append('\n');
            }
            return lines.toString();
        }

        private static List<JsonNode> answers(List<String> lines) throws JsonProcessingException {
            List<JsonNode> answers = new ArrayList<>();
            for (String line : lines) {
                JsonNode answer = JSON.readTree(line);
                if (answer.has("error")) {
                    throw new SettingsException(answer.path("error").asText());
                }
                answers.add(answer);
            }
            return answers;
        }
    }
}
