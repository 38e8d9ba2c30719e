package dev.autodeploy.internal.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class LogFileTest {
  @TempDir Path directory;
  private LogFile log;

  @BeforeEach
  void create() {
    log = new LogFile(directory);
  }

  @Test
  void tail_ofNothing_isEmpty() throws IOException {
    assertThat(log.tail(10)).isEmpty();
    write("");
    assertThat(log.tail(10)).isEmpty();
    assertThat(log.tail(0)).isEmpty();
  }

  @Test
  void tail_givesTheLastLinesOldestFirst() throws IOException {
    write("one\ntwo\r\n\nfour");

    assertThat(log.tail(10)).containsExactly("one", "two", "", "four");
    assertThat(log.tail(2)).containsExactly("", "four");
  }

  @Test
  void tail_showsProgressBarsAsATerminalDoes() throws IOException {
    write("loading 1%\rloading 99%\rloaded\nready\n");

    assertThat(log.tail(10)).containsExactly("loaded", "ready");
  }

  @Test
  void tail_boundsLinesAndTheirLength() throws IOException {
    write("x".repeat(5000) + "\n" + "y\n".repeat(3000));

    assertThat(log.tail(Integer.MAX_VALUE)).hasSize(LogFile.MAX_LINES).containsOnly("y");
    write("z".repeat(5000) + "\n");
    assertThat(log.tail(1)).singleElement().asString().hasSize(LogFile.MAX_LINE).endsWith("z…");
  }

  @Test
  void tail_readsAsFarBackAsItTakes() throws IOException {
    List<String> lines =
        IntStream.range(0, 800).mapToObj(i -> i + " " + "long ".repeat(100)).toList();
    write(String.join("\n", lines) + "\n");

    assertThat(log.tail(800)).isEqualTo(lines);
  }

  @Test
  void tail_goesOnAcrossTheFileBefore() throws IOException {
    write("one\ntwo\n");
    Files.move(log.path(), directory.resolve(LogFile.PREVIOUS));
    assertThat(log.tail(3)).containsExactly("one", "two");
    write("after\n");

    assertThat(log.tail(2)).containsExactly("two", "after");
  }

  private void write(String text) throws IOException {
    Files.writeString(log.path(), text, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
  }
}
