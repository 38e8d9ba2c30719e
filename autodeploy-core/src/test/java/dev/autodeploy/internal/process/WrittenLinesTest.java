package dev.autodeploy.internal.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.autodeploy.spi.LogSearch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whatever an instance wrote since its start is found, however much that was. */
class WrittenLinesTest {
  @TempDir Path directory;
  private WrittenLines written;

  @BeforeEach
  void open() {
    written = new WrittenLines(new LogFile(directory));
  }

  @Test
  void line_isFound_however_muchFollowed() throws Exception {
    assertThat(find("READY")).as("nothing is written yet").isFalse();
    write("READY\n");
    for (int i = 0; i < 600; i++) {
      write("line " + i + "\n");
    }

    assertThat(find("READY")).isTrue();
  }

  @Test
  void line_isFound_inWhatWasMovedAway() throws Exception {
    write("one\n");
    assertThat(find("READY")).isFalse();
    write("READY\n");
    rotate();
    write("two\n");

    assertThat(find("READY")).isTrue();
    assertThat(new WrittenLines(new LogFile(directory)).find("x", "READY"::equals))
        .as("by a process that comes later")
        .isTrue();
  }

  @Test
  void line_isLookedAtOnce_acrossPiecesAndFiles() throws Exception {
    List<String> seen = new ArrayList<>();
    LogSearch.LineMatch none = line -> !seen.add(line);
    write("a".repeat(70_000).substring(0, 1500) + "\nb\n");
    written.find("k", none);
    write("c\n");
    rotate();
    write("d\n");
    written.find("k", none);
    written.find("k", none);

    assertThat(seen).hasSize(4).endsWith("b", "c", "d");
  }

  @Test
  void line_withoutAnEnd_isFound() throws Exception {
    write("Enter your name: ");

    assertThat(find("Enter your name: ")).isTrue();
  }

  @Test
  void whatWasFound_staysFound() throws Exception {
    write("READY\n");
    assertThat(find("READY")).isTrue();
    Files.delete(directory.resolve(LogFile.NAME));
    write("other\n");

    assertThat(find("READY")).isTrue();
  }

  @Test
  void failure_ofOneLine_isTold_butHidesNoOther() throws Exception {
    LogSearch.LineMatch match =
        line -> {
          if (line.equals("bad")) {
            throw new IOException("too long");
          }
          return line.equals("READY");
        };
    write("bad\n");
    assertThatThrownBy(() -> written.find("k", match)).hasMessage("too long");
    assertThatThrownBy(() -> written.find("k", match)).hasMessage("too long");
    write("READY\n");
    assertThat(written.find("k", match)).isTrue();
  }

  private boolean find(String line) throws Exception {
    return written.find(line, line::equals);
  }

  private void write(String text) throws IOException {
    Files.writeString(
        directory.resolve(LogFile.NAME),
        text,
        StandardOpenOption.CREATE,
        StandardOpenOption.APPEND);
  }

  private void rotate() throws IOException {
    Files.move(directory.resolve(LogFile.NAME), directory.resolve(LogFile.PREVIOUS));
  }
}
