package io.sluice.loadtests.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.loadtests.harness.Home;
import io.sluice.loadtests.harness.Part;
import io.sluice.loadtests.harness.ProgramProcess;
import io.sluice.loadtests.harness.RealParts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LauncherTest {
    @TempDir
    Path folder;

    private Launcher launcher;

    @BeforeEach
    void newMachine() throws IOException {
        launcher = new Launcher(folder);
    }

    @Test
    void aMachineWithTheWrongJdkOnlyGetsOneLine() throws Exception {
        Path old = launcher.jdk(folder.resolve("old"), 17, true);
        launcher.usual(11);
        Launcher.Ended ended = launcher.with("JAVA_HOME", old.toString()).run("gateway");
        assertThat(ended.code()).isEqualTo(2);
        assertThat(ended.err().lines())
                .singleElement()
                .asString()
                .contains("no JDK of release 21 or newer", old + " (17)", "jdk 11 (11)", "expected: JAVA_HOME");
    }

    @Test
    void aMachineWithoutJavaGetsOneLine() throws Exception {
        Launcher.Ended ended = launcher.run("verify");
        assertThat(ended.code()).isEqualTo(2);
        assertThat(ended.err().lines()).singleElement().asString().contains("seen: none");
    }

    @Test
    void aRuntimeWithoutItsCompilerIsSaidToBeOne() throws Exception {
        Path runtime = launcher.jdk(folder.resolve("jre"), 25, false);
        Launcher.Ended ended = launcher.with("JAVA_HOME", runtime.toString()).run("build");
        assertThat(ended.err().lines()).singleElement().asString().contains("(25 without javac)");
    }

    @ParameterizedTest(name = "JAVA_HOME {0}, PATH {1}, usual folders {2}: {3}")
    @CsvSource({
        "25, , , JAVA_HOME",
        "17, 25, , PATH",
        "17, 17, 21 25 24, jdk 25",
        ", 17, 21, jdk 21",
        "21, 25, 25, JAVA_HOME"
    })
    void takesAJdkThatIsNewEnough(Integer home, Integer onPath, String usual, String expected) throws Exception {
        if (home != null) {
            launcher.with(
                    "JAVA_HOME",
                    launcher.jdk(folder.resolve("JAVA_HOME"), home, true).toString());
        }
        if (onPath != null) {
            launcher.javacOnPath(launcher.jdk(folder.resolve("PATH"), onPath, true));
        }
        if (usual != null) {
            for (String release : usual.split(" ")) {
                launcher.usual(Integer.parseInt(release));
            }
        }
        launcher.built();
        Launcher.Ended ended = launcher.run("gateway");
        assertThat(ended.out().lines().findFirst().orElse(ended.err())).endsWith(expected + "/bin/java");
    }

    @ParameterizedTest(name = "{0}: nearest is {1}")
    @CsvSource({
        "dmo, demo",
        "verfy, verify",
        "gatewya, gateway",
        "xsd, xds",
        "bemch, bench",
        "tool, tools",
        "--helo, help"
    })
    void namesTheNearestWord(String wrong, String nearest) throws Exception {
        Launcher.Ended ended = launcher.run(wrong);
        assertThat(ended.code()).isEqualTo(2);
        assertThat(ended.err().lines())
                .singleElement()
                .asString()
                .contains("unknown word '" + wrong + "' (nearest: '" + nearest + "'");
    }

    @Test
    void helpNamesEveryWord() throws Exception {
        String text = Files.readString(Home.find().root().resolve("sluice"));
        Matcher words = Pattern.compile("(?m)^words=\\(([^)]*)\\)").matcher(text);
        assertThat(words.find()).isTrue();
        Launcher.Ended ended = launcher.run();
        assertThat(ended.code()).isZero();
        for (String word : words.group(1).split(" ")) {
            assertThat(text).containsPattern("(?m)^  ([a-z]+\\|)*" + word + "(\\|[a-z-]+)*\\)");
            if (!word.equals("help")) {
                assertThat(ended.out()).containsPattern("(?m)^  " + word + "\\b");
            }
        }
    }

    @Test
    void programsGetTheirWordsAndStandWhereTheUserStands() throws Exception {
        launcher.usual(25);
        launcher.built();
        Path users = Files.createDirectories(folder.resolve("a user's folder"));
        Launcher.Ended ended = launcher.with("SLUICE_JAVA_OPTS", "-Xmx77m -Dx=y")
                .await(launcher.start(users, "gateway", "-c", "my bootstrap.yaml", "*"));
        assertThat(ended.code()).as(ended.err()).isZero();
        List<String> lines = ended.out().lines().toList();
        assertThat(lines)
                .contains("in=" + users, "-Xmx77m", "-Dx=y")
                .contains("-XX:SharedArchiveFile=" + launcher.root().resolve("target/armeria-gateway.jsa"))
                .endsWith("io.sluice.gateway.GatewayMain", "-c", "my bootstrap.yaml", "*");
        assertThat(lines.indexOf("-Xmx77m")).isGreaterThan(lines.indexOf("-Xmx256m"));
        assertThat(launcher.mavenCalls()).isEmpty();
    }

    @ParameterizedTest(name = "a newer {0} means a build: {1}")
    @CsvSource({
        "armeria-gateway/src/main/java/New.java, true",
        "consul-sync/pom.xml, true",
        "pom.xml, true",
        "armeria-gateway/src/test/java/NewTest.java, false",
        "README.md, false"
    })
    void buildsWhatIsNotBuilt(String file, boolean builds) throws Exception {
        launcher.usual(25);
        launcher.maven(true);
        launcher.built();
        Path newer = launcher.root().resolve(file);
        Files.createDirectories(newer.getParent());
        Files.writeString(newer, "");
        Files.setLastModifiedTime(newer, FileTime.from(Instant.now().minusSeconds(5)));
        Launcher.Ended first = launcher.run("build");
        assertThat(first.code()).as(first.err()).isZero();
        assertThat(launcher.mavenCalls()).hasSize(builds ? 1 : 0);
        launcher.run("build");
        assertThat(launcher.mavenCalls()).hasSize(builds ? 1 : 0);
    }

    @Test
    void ofTwoAtOnceOneBuilds() throws Exception {
        launcher.usual(25);
        launcher.maven(true);
        Process one = launcher.start("build");
        Process two = launcher.start("build");
        assertThat(launcher.await(one).code()).isZero();
        assertThat(launcher.await(two).code()).isZero();
        assertThat(launcher.mavenCalls()).hasSize(1);
    }

    @Test
    void aBuildThatFailsSaysWhatMavenSaid() throws Exception {
        launcher.usual(25);
        launcher.maven(false);
        Launcher.Ended ended = launcher.run("gateway");
        assertThat(ended.code()).isEqualTo(2);
        assertThat(ended.err())
                .contains("what Maven says", "the build failed; the whole output is in target/build.log");
        assertThat(launcher.run("gateway").code()).isEqualTo(2);
        assertThat(launcher.mavenCalls()).hasSize(2);
    }

    @Test
    void aMachineWithoutMavenIsToldWhatToInstall() throws Exception {
        launcher.usual(25);
        Launcher.Ended ended = launcher.run("verify");
        assertThat(ended.code()).isEqualTo(2);
        assertThat(ended.err()).contains("no mvn on PATH (expected: Apache Maven");
    }

    @Test
    void whatCannotBeHadIsLeftOutWithItsLine() throws Exception {
        launcher.usual(25);
        Launcher.Ended ended = launcher.run("tools", "consul", "envoy", "zipkin", "shellcheck", "helm");
        assertThat(ended.code()).as(ended.err()).isZero();
        assertThat(ended.err().lines().filter(line -> line.contains("is left out")))
                .hasSize(5)
                .anyMatch(line -> line.contains("Consul is left out") && line.contains("SLUICE_CONSUL"))
                .anyMatch(line -> line.contains("Envoy is left out") && line.contains("python3-pip"))
                .anyMatch(line -> line.contains("Zipkin is left out") && line.contains("SLUICE_ZIPKIN"));
    }

    @Test
    void aPartThatIsThereIsNotBroughtAgain() throws Exception {
        launcher.usual(25);
        Path consul = Files.writeString(folder.resolve("my consul"), "");
        Launcher.Ended ended = launcher.with("SLUICE_CONSUL", consul.toString()).run("tools", "consul");
        assertThat(ended.code()).isZero();
        assertThat(ended.err()).isEmpty();
    }

    @Test
    void worksThroughALink() throws Exception {
        launcher.usual(25);
        launcher.built();
        Path link = Files.createSymbolicLink(
                folder.resolve("bin/sluice"), launcher.root().resolve("sluice"));
        ProgramProcess process = ProgramProcess.start(
                "sluice",
                List.of(link.toString(), "xds"),
                Map.of("PATH", folder.resolve("bin").toString(), "JAVA_HOME", ""),
                folder);
        assertThat(process.awaitExit(Duration.ofSeconds(30)))
                .as(process.output())
                .isZero();
        assertThat(process.output()).contains(launcher.root() + "/xds-server/target/lib/*");
    }

    @Test
    void shellcheckFindsNothing() {
        RealParts.require(Part.SHELLCHECK);
        Path root = Home.find().root();
        ProgramProcess process = ProgramProcess.start(
                "shellcheck", List.of(Part.SHELLCHECK.need().toString(), "sluice", ".ci/run"), Map.of(), root);
        assertThat(process.awaitExit(Duration.ofSeconds(60)))
                .as(process.output())
                .isZero();
    }
}
