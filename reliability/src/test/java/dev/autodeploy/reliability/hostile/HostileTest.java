package dev.autodeploy.reliability.hostile;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("hostile")
class HostileTest {
  private static final Pattern CONTROL = Pattern.compile("[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f]");

  @TempDir private Path directory;

  @Test
  void attacks_breakNothing_thatTheyWouldBreakWithoutDefence() throws Exception {
    Path log = Path.of("target/hostile.log");
    PrintStream err = System.err;
    List<String> failures;
    try (PrintStream file = new PrintStream(log.toFile(), StandardCharsets.UTF_8)) {
      System.setErr(file);
      failures =
          Attacks.run(
              Attacks.chosen(Attacks.all(), System.getProperty("hostile.only", "")),
              Integer.parseInt(System.getProperty("hostile.rounds", "3")),
              directory,
              Path.of(System.getProperty("hostile.table", "target/hostile.md")));
    } finally {
      System.setErr(err);
    }

    assertThat(failures).isEmpty();
    assertThat(Files.readString(log)).as("the log of all attacks").doesNotContainPattern(CONTROL);
  }
}
