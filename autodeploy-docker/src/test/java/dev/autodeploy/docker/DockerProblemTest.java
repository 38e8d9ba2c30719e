package dev.autodeploy.docker;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvFileSource;

/** The daemons' own sentences, as Docker 20.10 and 28.5 and Podman 4.3 and 5.8 wrote them. */
class DockerProblemTest {

  @ParameterizedTest
  @CsvFileSource(resources = "/problems.csv", delimiter = '|', quoteCharacter = '\u0001')
  void sentence_isRecognised(DockerProblem problem, String sentence) {
    DockerDaemonException e = DockerDaemonException.answered("starting x", sentence);
    assertThat(e.problem()).isEqualTo(problem);
    assertThat(e.getMessage())
        .startsWith("starting x: " + problem.summary())
        .endsWith(problem.advice())
        .contains(e.detail());
  }

  @Test
  void daemon_sentence_isTakenOutOfItsWrapping() {
    DockerDaemonException e =
        DockerDaemonException.of(
            "x",
            new IllegalStateException(
                "Status 404: {\"message\":\"No such image: nope/none:1\"}\n"));
    assertThat(e.detail()).isEqualTo("No such image: nope/none:1");
    assertThat(e.problem()).isEqualTo(DockerProblem.IMAGE_MISSING);
  }

  @Test
  void textsOfDaemons_arePlain() {
    String evil = "\u001B[31mdenied\u001B[0m\nINFO forged \u202Etxt";
    DockerDaemonException answered = DockerDaemonException.answered("pulling a\u001B[2Jb", evil);
    DockerDaemonException thrown =
        DockerDaemonException.of("x", new IllegalStateException("Status 500: " + evil));

    assertThat(answered.detail()).isEqualTo("denied INFO forged \uFFFDtxt");
    assertThat(answered.getMessage()).startsWith("pulling ab: ").contains(answered.detail());
    assertThat(thrown.detail()).isEqualTo(answered.detail());
    DaemonInfo daemon =
        new DaemonInfo(
            evil,
            evil,
            "20\u001B[1m.10",
            "1.40",
            evil,
            List.of(evil),
            Duration.ZERO,
            new Machine(evil, evil, false));
    assertThat(daemon.toString()).doesNotContain("\u001B", "\u202E", "\n");
    assertThat(daemon.majorVersion()).isEqualTo(20);
    assertThat(NvidiaSmi.parse(List.of("GPU 0: L4\u001B[5m\u202E (UUID: GPU-5d5b)")))
        .extracting(Gpu::model)
        .containsExactly("L4\uFFFD");
  }

  @Test
  void problems_allSayWhatToDo() {
    Set<DockerProblem> all = EnumSet.allOf(DockerProblem.class);
    assertThat(all).allSatisfy(p -> assertThat(p.advice()).isNotBlank().doesNotEndWith("."));
    assertThat(all).allSatisfy(p -> assertThat(p.summary()).isNotBlank().doesNotEndWith("."));
  }
}
