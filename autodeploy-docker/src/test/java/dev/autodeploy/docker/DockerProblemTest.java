package dev.autodeploy.docker;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.EnumSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvFileSource;

/** The daemons' own sentences, as Docker 20.10 and 28.5 and Podman 4.3 and 5.8 wrote them. */
class DockerProblemTest {

  @ParameterizedTest
  @CsvFileSource(resources = "/problems.csv", delimiter = '|', quoteCharacter = '\u0001')
  void sentence_isRecognised(DockerProblem problem, String sentence) {
    DockerEngineException e = DockerEngineException.answered("starting x", sentence);
    assertThat(e.problem()).isEqualTo(problem);
    assertThat(e.getMessage())
        .startsWith("starting x: " + problem.summary())
        .endsWith(problem.advice())
        .contains(e.detail());
  }

  @Test
  void daemon_sentence_isTakenOutOfItsWrapping() {
    DockerEngineException e =
        DockerEngineException.of(
            "x",
            new IllegalStateException(
                "Status 404: {\"message\":\"No such image: nope/none:1\"}\n"));
    assertThat(e.detail()).isEqualTo("No such image: nope/none:1");
    assertThat(e.problem()).isEqualTo(DockerProblem.IMAGE_MISSING);
  }

  @Test
  void problems_allSayWhatToDo() {
    Set<DockerProblem> all = EnumSet.allOf(DockerProblem.class);
    assertThat(all).allSatisfy(p -> assertThat(p.advice()).isNotBlank().doesNotEndWith("."));
    assertThat(all).allSatisfy(p -> assertThat(p.summary()).isNotBlank().doesNotEndWith("."));
  }
}
