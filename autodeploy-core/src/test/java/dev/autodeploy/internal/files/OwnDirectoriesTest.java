package dev.autodeploy.internal.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class OwnDirectoriesTest {
  @TempDir Path directory;

  @Test
  void of_isBelowTheHome_whateverTheSession() throws Exception {
    Path real = directory.toRealPath();
    Path runtime = Files.createDirectory(real.resolve("run"));

    Path found =
        OwnDirectories.of("x", Map.of("XDG_RUNTIME_DIR", runtime.toString()), real.toString());

    assertThat(found).startsWith(real.resolve(".local/state/autodeploy")).endsWithRaw(Path.of("x"));
    assertThat(OwnDirectories.of("x", Map.of(), real.toString())).isEqualTo(found);
    assertThat(Files.getPosixFilePermissions(found)).hasSize(3);
  }

  @Test
  void of_withoutAUsableHome_isBelowTheRuntimeDirectory() throws Exception {
    Path real = directory.toRealPath();
    Map<String, String> environment = Map.of("XDG_RUNTIME_DIR", real.toString());
    Path open = Files.createDirectory(real.resolve("open"));
    Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwxrwxrwx"));

    for (String home : new String[] {"", "?", "/missing", open.toString()}) {
      assertThat(OwnDirectories.of("x", environment, home)).isEqualTo(real.resolve("autodeploy/x"));
    }
    assertThat(open).isEmptyDirectory();
  }

  @Test
  void of_withNeither_isInTheTemporaryDirectory() throws Exception {
    Path real = directory.toRealPath();
    String before = System.getProperty("java.io.tmpdir");
    System.setProperty("java.io.tmpdir", real.toString());
    try {
      assertThat(OwnDirectories.of("x", Map.of("XDG_RUNTIME_DIR", "relative"), ""))
          .isEqualTo(real.resolve("autodeploy-" + LocalUser.current().uid()).resolve("x"));
    } finally {
      System.setProperty("java.io.tmpdir", before);
    }
  }

  @Test
  void of_whereAnotherUserHasPlantedALink_isRefused() throws Exception {
    Path real = directory.toRealPath();
    Path everybodys = OtherUser.publicDirectory(real);
    Path precious = Files.createDirectory(real.resolve("precious"));
    String name = everybodys.resolve("autodeploy-" + LocalUser.current().uid()).toString();
    OtherUser.run("ln -s " + precious + " " + name);
    String before = System.getProperty("java.io.tmpdir");
    System.setProperty("java.io.tmpdir", everybodys.toString());
    try {
      assertThatThrownBy(() -> OwnDirectories.of("x", Map.of(), ""))
          .isInstanceOf(UnsafePathException.class)
          .hasMessageContaining(name + " is a symbolic link of uid " + OtherUser.UID);
    } finally {
      System.setProperty("java.io.tmpdir", before);
    }
    assertThat(precious).isEmptyDirectory();
  }
}
