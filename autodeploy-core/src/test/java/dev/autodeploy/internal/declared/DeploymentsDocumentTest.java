package dev.autodeploy.internal.declared;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.tuple;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.autodeploy.Budget;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.GpuRequest;
import dev.autodeploy.InvalidDeploymentsFileException;
import dev.autodeploy.InvalidDeploymentsFileException.Problem;
import dev.autodeploy.Money;
import dev.autodeploy.Mount;
import dev.autodeploy.internal.files.OtherUser;
import dev.autodeploy.internal.spec.SpecJson;
import dev.autodeploy.spi.IdlePolicy;
import dev.autodeploy.spi.ReadinessProbe;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.ZoneId;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(30)
final class DeploymentsDocumentTest {
  private static final String SECRET = "s3cr3t-of-the-test";

  @TempDir Path temporary;
  private Path directory;

  @BeforeEach
  void realPath() throws Exception {
    directory = temporary.toRealPath();
  }

  @Test
  void everySetting_isReadAsTheApiReadsIt() throws Exception {
    DeploymentSpec spec =
        DeploymentSpec.builder("voice")
            .description("speaks: it's \"quoted\" # and no comment")
            .image("breezyvoice:latest")
            .gpu(new GpuRequest(2, List.of(), "L4"))
            .port(8080)
            .startCommand("cd /BreezyVoice && exec python api.py --root ${HOME}")
            .environment("LINES", "a\nb")
            .environment("NO", "no")
            .mount(new Mount("/models", "/m", true))
            .sharedMemoryBytes(1L << 31)
            .memoryBytes(1L << 33)
            .cpus(1.5)
            .maxProcesses(100)
            .readiness(ReadinessProbe.http("/health"))
            .startTimeout(Duration.ofMinutes(20))
            .idlePolicy(IdlePolicy.never())
            .maxInstances(3)
            .concurrency(DeploymentSpec.UNLIMITED)
            .pricePerHour(Money.of("0.49", "USD"))
            .build();
    ObjectNode settings = SpecJson.write(spec, SpecJson.Secrets.SHOWN);
    settings.remove("name");
    ObjectNode root = JsonNodeFactory.instance.objectNode();
    root.putObject("deployments").set("voice", settings);

    // JSON is YAML, so that one text shows both.
    assertThat(read("deployments.json", root.toPrettyString())).containsExactly(spec);
    assertThat(read("deployments.yaml", root.toPrettyString())).containsExactly(spec);
  }

  @Test
  void yaml_hasAnchorsAndWordsOfJsonOnly() throws Exception {
    List<DeploymentSpec> specs =
        read(
            "d.yaml",
            """
            x-ready: &ready {type: http, path: /health}
            deployments:
              one: {image: a, port: 1, readiness: *ready, environment: {A: no, B: "1", C: 0x1f}}
              two:
                image: b
                port: +2
                pinned: true
                readiness: *ready
                startCommand: |
                  first
                  second
            """);

    assertThat(specs).extracting(DeploymentSpec::name).containsExactly("one", "two");
    assertThat(specs.get(0).environment())
        .containsExactlyInAnyOrderEntriesOf(Map.of("A", "no", "B", "1", "C", "0x1f"));
    assertThat(specs.get(0).readiness()).isEqualTo(specs.get(1).readiness());
    assertThat(specs.get(1).startCommand()).isEqualTo("first\nsecond\n");
  }

  @Test
  void references_areReplaced_butNotWhereTheShellDoes() throws Exception {
    Files.writeString(directory.resolve("token"), SECRET + "\n");

    DeploymentSpec spec =
        read(
                "d.yaml",
                """
                deployments:
                  voice:
                    image: registry/${IMAGE}:${TAG:-latest}
                    port: 1
                    startCommand: run --home ${HOME}
                    environment:
                      TOKEN: ${file:token}
                      BOTH: ${IMAGE}-${file:token}
                      LITERAL: $${IMAGE} costs $5
                """)
            .get(0);

    assertThat(spec.image()).isEqualTo("registry/voice:latest");
    assertThat(spec.startCommand()).isEqualTo("run --home ${HOME}");
    assertThat(spec.environment())
        .containsEntry("TOKEN", SECRET)
        .containsEntry("BOTH", "voice-" + SECRET)
        .containsEntry("LITERAL", "${IMAGE} costs $5");
  }

  @Test
  void everythingWrong_isNamedWithLineAndField_andNothingIsQuoted() {
    List<Problem> problems =
        problems(
            """
            deployments:
              voice:
                imgae: %s
                port: 99999
                gpu:
                  count: many
                environment:
                  A: ${NOT_SET_IN_THE_TEST}
                  B: ${file:missing}
                  C: ${%s
              Bad Name:
                port: 1
              empty:
            """
                .formatted(SECRET, SECRET));

    assertThat(problems)
        .extracting(it -> it.line() + " " + it.field())
        .containsExactlyInAnyOrder(
            "3 voice.imgae",
            "4 voice.port",
            "6 voice.gpu.count",
            "8 voice.environment.A",
            "9 voice.environment.B",
            "10 voice.environment.C",
            "11 Bad Name",
            "13 empty");
    assertThat(problems).allSatisfy(it -> assertThat(it.message()).doesNotContain(SECRET));
    assertThat(problems.toString())
        .contains("did you mean 'image'?")
        .contains("NOT_SET_IN_THE_TEST, which is not set");
  }

  @Test
  void misspeltNames_areTakenForTheNearest() {
    assertThat(problems("deployments: {a: {image: b, port: 1, start-command: x}}").toString())
        .contains("did you mean 'startCommand'?");
    assertThat(problems("deployments: {a: {image: b, port: 1, idelTimeout: PT5M}}").toString())
        .contains("did you mean 'idleTimeout'?");
    assertThat(problems("deployments: {a: {image: b, port: 1, gpu: {cuont: 1}}}").toString())
        .contains("did you mean 'count'?");
    assertThat(problems("deployments: {a: {image: b, port: 1, unheardOf: 1}}").toString())
        .doesNotContain("did you mean");
  }

  @Test
  void aliasesThatMultiply_endBeforeTheMemoryDoes() {
    StringBuilder bomb = new StringBuilder("x-a: &a [l,l,l,l,l,l,l,l,l,l]\n");
    for (char c = 'b'; c <= 'k'; c++) {
      char before = (char) (c - 1);
      String aliases = ("*" + before + ",").repeat(10);
      bomb.append("x-%c: &%c [%s]\n".formatted(c, c, aliases));
    }

    assertThat(problems(bomb + "deployments: {}").toString()).contains("more than 100000 values");
    assertThat(problems("x-a: &a [*a]\ndeployments: {}").toString()).contains("no anchor");
    assertThat(problems("x-a: " + "[".repeat(5000) + "]".repeat(5000)).toString())
        .contains("nested more than 32 deep");
  }

  @Test
  void longNames_endBeforeTheMemoryDoes() {
    String items = "[" + "1,".repeat(50_000) + "1]";
    String name = "n".repeat(100_000);
    String nested = ("{\"" + "n".repeat(999) + "\":").repeat(30);

    assertThat(problems("x-" + name + ": 1\ndeployments: {}").toString())
        .contains("not valid YAML"); // its own limit, of names without a question mark
    assertThat(problems("? x-" + name + "\n: " + items + "\ndeployments: {}").toString())
        .contains("longer than 1000 characters");
    assertThat(json("{\"x-a\":" + nested + items + "}".repeat(31)))
        .contains("the names of its fields are too long");
    assertThat(problems("deployments: {a: {image: b, port: 1, environment: {" + items + ": 1}}}"))
        .hasSize(1);
  }

  @Test
  void aliasesOfALongText_endBeforeTheMemoryDoes() {
    String text = "x-a: &a " + "t".repeat(500_000) + "\nx-b: [" + "*a,".repeat(50_000) + "]\n";

    assertThat(problems(text + "deployments: {}").toString()).contains("more than 16 MiB");
  }

  @Test
  void referencesWithoutNumber_endBeforeTimeAndMemoryDo() throws Exception {
    Files.writeString(directory.resolve("secret"), "s".repeat(60_000));
    String deployment = "deployments: {a: {image: b, port: 1, environment: {A: \"%s\"}}}";

    assertThat(problems(deployment.formatted("${file:secret}".repeat(1_000))).toString())
        .contains("a.environment.A", "has one reference too many", "16 MiB");
    assertThat(problems(deployment.formatted("${X:-}".repeat(100_000))))
        .extracting(Problem::message)
        .containsExactly("has one reference too many: a file may have 10000");
    assertThat(problems(deployment.formatted("${NONE}".repeat(100_000)))).hasSize(1000);
    assertThat(read("enough.yaml", deployment.formatted("${X:-}".repeat(10_000)))).hasSize(1);
  }

  @Test
  void unknownFieldsWithoutNumber_areNamedUpToAHundred() {
    StringBuilder fields = new StringBuilder("deployments: {a: {image: b, port: 1");
    for (int i = 0; i < 90_000; i++) {
      fields.append(",f").append(i).append(": 1");
    }

    assertThat(problems(fields + "}}")).hasSize(100);
  }

  @Test
  void whatIsNoPlainDocument_isRefused() {
    assertThat(problems("deployments: {a: {image: b, port: 1}}\ndeployments: {}").toString())
        .contains("twice, first in line 1");
    assertThat(problems("deployments: !!javax.script.ScriptEngineManager [x]").toString())
        .contains("tags are not read");
    assertThat(problems("deployments: !!set {a}").toString()).contains("tags are not read");
    assertThat(problems("x-a: &a {b: 1}\ndeployments: {c: {<<: *a}}").toString())
        .contains("merge keys");
    assertThat(problems("deployments: {}\n---\ndeployments: {}").toString())
        .contains("second document");
    assertThat(problems("deployments: {[a]: b}").toString()).contains("must be a text");
    assertThat(problems("deployments:\n\t- a").toString()).contains("not valid YAML");
    assertThat(problems("").toString()).contains("is empty");
    assertThat(problems("null").toString()).contains("'deployments'");
    assertThat(problems("deployment: {}").toString()).contains("is needed", "belongs here");
    assertThat(problems("deployments: {a: {name: b, image: c, port: 1}}").toString())
        .contains("as their key");
    assertThat(problems("deployments: {}\u0007").toString()).contains("not valid YAML");
  }

  @Test
  void hugeNumbers_areErrorsAtOnce() {
    for (String number : List.of("1e999999999", "9".repeat(400_000), "-1e-999999999", ".inf")) {
      String field = "deployments: {a: {image: b, port: " + number + ", cpus: " + number + "}}";
      assertThat(problems(field)).extracting(Problem::field).contains("a.port");
    }
  }

  @Test
  void json_isReadAsStrictly() {
    assertThat(json("{\"deployments\": {\"a\": 1, \"a\": 2}}")).contains("twice");
    assertThat(json("{\"deployments\": {}} {}")).contains("goes on after its end");
    assertThat(json("{\"deployments\": {\n,}}")).contains("2:1: it is not valid JSON");
    assertThat(json("{\"deployments\": {\"a\": {\n\"port\": \"%s\"}}}".formatted(SECRET)))
        .contains("2:1: a.port must be a whole number")
        .doesNotContain(SECRET);
    assertThat(json("{\"x\":" + "[".repeat(900))).contains("nested more than 32 deep");
    assertThat(json("{\"deployments\": {\"a\": {\"port\": 1e999999999}}}")).contains("a.port");
    assertThat(json("")).contains("it is empty");
  }

  @Test
  void fileThatIsNone_isAnErrorAndWaitsForNobody() throws Exception {
    assertThat(error(directory.resolve("missing.yaml"))).contains("there is no file");
    assertThat(error(directory)).contains("not a regular file");
    Path large = Files.write(directory.resolve("large.yaml"), new byte[(1 << 20) + 1]);
    assertThat(error(large)).contains("larger than 1048576 bytes");
    Path binary = Files.write(directory.resolve("binary.yaml"), new byte[] {(byte) 0xff});
    assertThat(error(binary)).contains("not UTF-8");
    Path pipe = directory.resolve("pipe.yaml");
    assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor()).isZero();
    assertThat(error(pipe)).contains("not a regular file");
  }

  @Test
  void fileThatAnotherUserCouldWrite_isRefused_andSoIsASecretOfTheirs() throws Exception {
    Path everybodys = OtherUser.publicDirectory(directory);
    OtherUser.run("echo 'deployments: {}' > " + everybodys.resolve("theirs.yaml"));
    OtherUser.run("echo token > " + everybodys.resolve("token"));
    Path own = Files.writeString(directory.resolve("own.yaml"), "deployments: {}");
    OtherUser.run("ln -s " + own + " " + everybodys.resolve("link.yaml"));

    assertThat(error(everybodys.resolve("theirs.yaml"))).contains("belongs to");
    assertThat(error(everybodys.resolve("link.yaml"))).contains("is a symbolic link of");
    assertThat(
            problems(
                    "deployments: {a: {image: b, port: 1, environment: {T: '${file:%s}'}}}"
                        .formatted(everybodys.resolve("token")))
                .toString())
        .contains("a.environment.T", "belongs to");
  }

  @Test
  void linksOfOnesOwn_areFollowed_asClustersMountFiles() throws Exception {
    Path data = Files.createDirectory(directory.resolve("..2026"));
    Files.writeString(data.resolve("d.yaml"), "deployments: {a: {image: b, port: 1}}");
    Files.createSymbolicLink(directory.resolve("..data"), Path.of("..2026"));
    Path mounted = Files.createSymbolicLink(directory.resolve("d.yaml"), Path.of("..data/d.yaml"));

    assertThat(DeploymentsDocument.read(mounted, name -> null).specs()).hasSize(1);
  }

  private List<DeploymentSpec> read(String name, String text) throws Exception {
    Path file = Files.writeString(directory.resolve(name), text);
    return DeploymentsDocument.read(file, Map.of("IMAGE", "voice")::get).specs();
  }

  private List<Problem> problems(String yaml) {
    InvalidDeploymentsFileException error =
        catchThrowableOfType(
            InvalidDeploymentsFileException.class, () -> read("deployments.yaml", yaml));
    assertThat(error).as(yaml.substring(0, Math.min(100, yaml.length()))).isNotNull();
    assertThat(error).hasNoCause();
    return error.problems();
  }

  private String json(String text) {
    return String.valueOf(
        catchThrowableOfType(
                InvalidDeploymentsFileException.class, () -> read("deployments.json", text))
            .getMessage());
  }

  private static String error(Path file) {
    return String.valueOf(
        catchThrowableOfType(
                InvalidDeploymentsFileException.class,
                () -> DeploymentsDocument.read(file, name -> null))
            .getMessage());
  }

  @Test
  void budgetOfTheEngine_isReadAsThatOfADeployment() throws Exception {
    String yaml =
        """
        budget: {amount: 200, currency: USD, period: month, zone: "${IMAGE:-UTC}", end: cut}
        deployments: {}
        """;
    Path file = Files.writeString(directory.resolve("deployments.yaml"), yaml);
    assertThat(DeploymentsDocument.read(file, name -> "Europe/Berlin").budget())
        .isEqualTo(
            Budget.money("200", "USD").per(Budget.Period.MONTH, ZoneId.of("Europe/Berlin")).cut());
    assertThat(problems("budget: {amount: 1, currency: USD, per: day}\ndeployments: {}"))
        .extracting(Problem::line, Problem::field)
        .containsExactly(tuple(1, "budget.per"));
    assertThat(problems("deployments: {}\nbudget:"))
        .as("a limit that was forgotten is none")
        .extracting(Problem::line, Problem::message)
        .containsExactly(tuple(2, "must be an object, but is null"));
  }

  @Test
  void error_isOneForTheHost() {
    assertThatThrownBy(() -> read("deployments.yaml", "deployments: 1"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("deployments.yaml:1:1: deployments must be an object");
  }
}
