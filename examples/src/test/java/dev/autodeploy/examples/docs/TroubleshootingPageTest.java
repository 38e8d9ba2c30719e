package dev.autodeploy.examples.docs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.FailureCause;
import dev.autodeploy.StartFailure;
import dev.autodeploy.docker.DockerProblem;
import dev.autodeploy.internal.document.ProblemType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Every kind of problem has its section, and no section is about anything else. */
class TroubleshootingPageTest {
  private static final String HEADING = "### ";

  @Test
  void links_haveASectionForEveryProblem() throws IOException {
    assertSections("Links and the API", Arrays.stream(ProblemType.values()).map(ProblemType::slug));
  }

  @Test
  void links_haveTheStatusOfEveryProblem() throws IOException {
    String page = page();
    for (ProblemType type : ProblemType.values()) {
      int begin = page.indexOf("\n" + HEADING + type.slug() + "\n");
      String symptom = page.substring(begin, page.indexOf("**Cause:**", begin));
      assertThat(symptom).contains("**Symptom:**").contains(String.valueOf(type.status()));
    }
  }

  @Test
  void failedStarts_haveASectionForEveryKind() throws IOException {
    assertSections("Failed starts", Arrays.stream(StartFailure.Kind.values()).map(this::word));
  }

  @Test
  void causes_haveASectionEach() throws IOException {
    assertSections(
        "Causes of failed starts", Arrays.stream(FailureCause.values()).map(FailureCause::slug));
  }

  @Test
  void docker_hasASectionForEveryProblem() throws IOException {
    assertSections("Docker", Arrays.stream(DockerProblem.values()).map(this::word));
  }

  @Test
  void sections_saySymptomCauseAndWhatToDo() throws IOException {
    for (String section : page().split("\n" + HEADING, -1)) {
      if (!section.startsWith("#")) {
        String text = section.split("\n## ", 2)[0].replaceAll("\\s+", " ");
        assertThat(text).contains("**Symptom:**", "**Cause:**", "**What to do:**");
      }
    }
  }

  private void assertSections(String part, Stream<String> kinds) throws IOException {
    List<String> sections = new ArrayList<>();
    String text = page();
    int begin = text.indexOf("\n## " + part + "\n");
    assertThat(begin).as(part).isPositive();
    int end = text.indexOf("\n## ", begin + 1);
    text.substring(begin, end < 0 ? text.length() : end)
        .lines()
        .filter(line -> line.startsWith(HEADING))
        .forEach(line -> sections.add(line.substring(HEADING.length())));
    assertThat(sections).containsExactlyInAnyOrderElementsOf(kinds.toList());
  }

  private String word(Enum<?> kind) {
    return kind.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  private static String page() throws IOException {
    return Files.readString(Path.of("../docs/troubleshooting.md"));
  }
}
