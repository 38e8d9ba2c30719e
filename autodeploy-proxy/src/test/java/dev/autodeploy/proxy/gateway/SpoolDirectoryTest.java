package dev.autodeploy.proxy.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class SpoolDirectoryTest {
  @TempDir Path home;
  private Path directory;

  @BeforeEach
  void make() throws IOException {
    directory = Files.createDirectory(home.resolve("answers"));
  }

  private void refused(Path path) {
    assertThatThrownBy(() -> new SpoolDirectory(path, 100))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("asyncAnswers needs another directory")
        .hasMessageContaining("answers");
  }

  @Test
  void directoryOfSomethingElse_isRefused_andLeftAsItIs() throws IOException {
    Path file = Files.writeString(directory.resolve("thesis.txt"), "mine");
    Path alike = Files.writeString(directory.resolve("autodeploy-answer-1"), "mine, too");

    refused(directory);

    assertThat(file).hasContent("mine");
    assertThat(alike).hasContent("mine, too");
  }

  @Test
  void directoryThatOthersMayChange_isRefused() throws IOException {
    Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxrwxrwx"));

    refused(directory);
  }

  @Test
  void linkInPlaceOfTheDirectory_isRefused() throws IOException {
    refused(Files.createSymbolicLink(home.resolve("answers-link"), directory));
  }

  @Test
  void fileOfSomebodyElse_thatCameLater_stays() throws IOException {
    SpoolDirectory spool = new SpoolDirectory(directory, 100);
    Path file = Files.writeString(directory.resolve("thesis.txt"), "mine");
    Path answer = spool.newFile();
    spool.close();
    SpoolDirectory next = new SpoolDirectory(directory, 100);
    next.newFile();
    next.close();

    assertThat(file).hasContent("mine");
    assertThat(answer).doesNotExist();
  }

  @Test
  void answersOfAnEarlierProcess_areDeleted() throws IOException {
    Path left = Files.writeString(directory.resolve("autodeploy-answer-1"), "old");

    SpoolDirectory spool = new SpoolDirectory(directory, 100);
    Path made = spool.newFile();

    assertThat(left).doesNotExist();
    assertThat(made).exists();
    spool.close();
    assertThat(made).doesNotExist();
    Path next = new SpoolDirectory(directory, 100).newFile();
    assertThat(next.getParent()).isEqualTo(directory.toRealPath());
  }
}
