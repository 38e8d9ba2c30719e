package dev.autodeploy.internal.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
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
    for (String name : List.of("a", "b")) {
      Files.createSymbolicLink(directory.resolve(name), precious);
    }

    assertThatThrownBy(() -> ours.create("a")).isInstanceOf(FileAlreadyExistsException.class);
    assertThatThrownBy(() -> ours.read("a")).isInstanceOf(java.io.IOException.class);
    ours.replace("b", "new".getBytes(StandardCharsets.UTF_8));

    assertThat(precious).content().isEqualTo("of root");
    assertThat(directory.resolve("b")).isRegularFile().content().isEqualTo("new");
    assertThat(mode(directory.resolve("b"))).isEqualTo("rw-------");
  }

  @Test
  void replace_bySeveralAtOnce_neverFails_andLeavesOneWholeContent() throws Exception {
    List<CompletableFuture<Void>> writers = new ArrayList<>();
    for (String letter : List.of("a", "b", "c", "d")) {
      PrivateDirectory ours = open();
      writers.add(
          CompletableFuture.runAsync(
              () -> {
                for (int i = 0; i < 100; i++) {
                  replace(ours, letter.repeat(5000));
                }
              }));
    }
    writers.forEach(CompletableFuture::join);

    assertThat(open().list()).containsExactly("file");
    assertThat(Files.readString(directory.resolve("file"))).matches("(a{5000}|b+|c+|d+)");
  }

  @Test
  void replace_deletesWhatKilledProcessesHaveLeft_onceThatIsOld() throws Exception {
    PrivateDirectory ours = open();
    List<String> left = new ArrayList<>();
    for (int hours = 0; hours < 3; hours++) {
      String name = "file." + UUID.randomUUID() + ".tmp";
      ours.create(name);
      FileTime then = FileTime.from(Instant.now().minus(Duration.ofHours(hours)));
      Files.setLastModifiedTime(directory.resolve(name), then);
      left.add(name);
    }
    ours.create("other." + UUID.randomUUID() + ".tmp");

    replace(ours, "new");

    assertThat(ours.list()).hasSize(3).contains("file", left.get(0));
    assertThat(PrivateDirectory.replaced(left.get(0))).isEqualTo("file");
    assertThat(PrivateDirectory.replaced("file.tmp")).isNull();
  }

  @Test
  void delete_takesWhatIsLeftOfAMarkerThatWasNotFinished() throws Exception {
    PrivateDirectory ours = open();
    Files.createFile(directory.resolve(PrivateDirectory.MARKER + "." + UUID.randomUUID()));

    assertThat(ours.delete(name -> false, List.of())).isTrue();
    assertThat(directory).doesNotExist();
  }

  private static void replace(PrivateDirectory directory, String content) {
    try {
      directory.replace("file", content.getBytes(StandardCharsets.UTF_8));
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
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
