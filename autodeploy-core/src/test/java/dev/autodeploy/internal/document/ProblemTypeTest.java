package dev.autodeploy.internal.document;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.ErrorCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

final class ProblemTypeTest {
  private static final Path README = Path.of("..", "autodeploy-proxy-jdk", "README.md");
  private static final Pattern ROW = Pattern.compile("(?m)^\\| (\\d{3}) \\|([^|]*)\\|");
  private static final Pattern SLUG = Pattern.compile("`([a-z-]+)`");

  @Test
  void types_haveASlugEachAndAnErrorStatus() {
    Set<String> slugs = new HashSet<>();
    for (ProblemType type : ProblemType.values()) {
      assertThat(slugs.add(type.slug())).as(type.slug()).isTrue();
      assertThat(type.type()).isEqualTo("https://autodeploy.dev/problems/" + type.slug());
      assertThat(type.status()).isBetween(400, 599);
      assertThat(type.title()).isNotBlank();
    }
  }

  @Test
  void errors_haveATypeEach() {
    Set<ProblemType> types = new HashSet<>();
    for (ErrorCode code : ErrorCode.values()) {
      assertThat(types.add(ProblemType.of(code))).as(code.name()).isTrue();
    }
    assertThat(ProblemType.of(ErrorCode.RELEASED).status()).isEqualTo(503);
    assertThat(ProblemType.of(ErrorCode.PROVIDER_FAILED).status()).isEqualTo(503);
    assertThat(ProblemType.of(ErrorCode.CLOSED)).isEqualTo(ProblemType.SHUTTING_DOWN);
  }

  @Test
  void types_areDocumentedWithTheirStatus() throws IOException {
    List<String> documented = new ArrayList<>();
    for (MatchResult row : ROW.matcher(Files.readString(README)).results().toList()) {
      for (MatchResult slug : SLUG.matcher(row.group(2)).results().toList()) {
        documented.add(row.group(1) + " " + slug.group(1));
      }
    }
    List<String> known = new ArrayList<>();
    for (ProblemType type : ProblemType.values()) {
      known.add(type.status() + " " + type.slug());
    }

    assertThat(documented).hasSizeGreaterThan(20).doesNotHaveDuplicates().isSubsetOf(known);
  }
}
