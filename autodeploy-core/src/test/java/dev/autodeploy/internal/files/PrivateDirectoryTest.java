package dev.autodeploy.internal.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class PrivateDirectoryTest {
  private static final String PURPOSE = "autodeploy things";

  @TempDir Path temporary;
  private Path directory;

  @BeforeEach
  void realPath() throws Exception {
    directory = temporary.toRealPath().resolve("ours");
  }

  @Test
  void open_marksANewDirectory_andFindsItAgain() throws Exception {
    PrivateDirectory made = open();
    made.create("file");

    assertThat(open().list()).containsExactly("file");
    try (var files = Files.list(directory)) {
      assertThat(files.map(PrivateDirectoryTest::mode)).containsOnly("rw-------");
    }
    assertThat(mode(directory)).isEqualTo("rwx------");
  }

  @Test
  void open_ofADirectoryWithSomethingInIt_isRefused_andLeavesItAsItIs() throws Exception {
    Files.createDirectories(directory.resolve("recordings"));
    String before = mode(directory);

    assertThatThrownBy(this::open)
        .isInstanceOf(UnsafePathException.class)
        .hasMessageContainingAll("is not empty", "such as " + directory.resolve("instances"));

    assertThat(directory).isDirectoryContaining(f -> f.endsWith("recordings"));
    assertThat(mode(directory)).isEqualTo(before);
    try (var files = Files.list(directory)) {
      assertThat(files).hasSize(1);
    }
  }

  @Test
  void open_ofAnEmptyDirectory_keepsItsMode() throws Exception {
    Files.createDirectory(directory);
    Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));

    open();

    assertThat(mode(directory)).isEqualTo("rwxr-xr-x");
  }

  @Test
  void open_forAnotherPurpose_isRefused() throws Exception {
    open();

    assertThatThrownBy(() -> PrivateDirectory.open(directory, "autodeploy others", d -> true))
        .isInstanceOf(UnsafePathException.class)
        .hasMessageContaining("another part");
  }

  @Test
  void find_seesOnlyWhatIsMarked_andNoLinks() throws Exception {
    PrivateDirectory ours = open();
    PrivateDirectory child = ours.child("child", PURPOSE, d -> false);
    Files.createDirectory(directory.resolve("other"));
    Files.createSymbolicLink(directory.resolve("link"), child.path());

    assertThat(ours.find("child", PURPOSE)).isNotNull();
    assertThat(ours.find("child", "autodeploy others")).isNull();
    assertThat(ours.find("other", PURPOSE)).isNull();
    assertThat(ours.find("link", PURPOSE)).isNull();
    assertThat(ours.find("missing", PURPOSE)).isNull();
  }

  @Test
  void delete_takesNamedFilesOnly_andKeepsTheRestWithItsMarker() throws Exception {
    PrivateDirectory ours = open();
    ours.create("a");
    ours.create("last");
    Path precious = Files.createDirectory(temporary.resolve("precious"));
    Files.createFile(precious.resolve("file"));
    Files.createSymbolicLink(directory.resolve("b"), precious);
    Files.createDirectories(directory.resolve("c/full"));
    Files.createFile(directory.resolve("foreign"));

    assertThat(ours.delete(List.of("a", "b", "c")::contains, List.of("last"))).isFalse();

    assertThat(ours.list()).containsExactlyInAnyOrder("c", "foreign");
    assertThat(precious.resolve("file")).exists();
    Files.delete(directory.resolve("foreign"));
    Files.delete(directory.resolve("c/full"));
    assertThat(ours.delete(List.of("c")::contains, List.of())).isTrue();
    assertThat(directory).doesNotExist();
    assertThat(ours.delete(name -> true, List.of())).isTrue();
  }

  @Test
  void createAndReplace_neverFollowLinks() throws Exception {
    PrivateDirectory ours = open();
    Path precious = Files.writeString(temporary.resolve("precious"), "of root");
    for (String name : List.of("a", "b", "b.tmp")) {
      Files.createSymbolicLink(directory.resolve(name), precious);
    }

    assertThatThrownBy(() -> ours.create("a")).isInstanceOf(FileAlreadyExistsException.class);
    assertThatThrownBy(() -> ours.read("a")).isInstanceOf(java.io.IOException.class);
    ours.replace("b", "new".getBytes(StandardCharsets.UTF_8));

    assertThat(precious).content().isEqualTo("of root");
    assertThat(directory.resolve("b")).isRegularFile().content().isEqualTo("new");
    assertThat(mode(directory.resolve("b"))).isEqualTo("rw-------");
  }

  private PrivateDirectory open() throws Exception {
    return PrivateDirectory.open(directory, PURPOSE, d -> false);
  }

  private static String mode(Path path) {
    try {
      return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
