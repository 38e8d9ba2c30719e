package dev.autodeploy.internal.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedReader;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class TemporaryDirectoryTest {
  private static final String PREFIX = "autodeploy-test";
  private static final String PURPOSE = "autodeploy things";

  @TempDir Path temporary;
  private Path parent;

  @BeforeEach
  void realPath() throws Exception {
    parent = temporary.toRealPath();
  }

  @Test
  void directoryOfAKilledProcess_isDeletedByTheNext_andOneInUseStays() throws Exception {
    Process process = start();
    try (BufferedReader in = process.inputReader()) {
      Path others = Path.of(in.readLine());
      Files.createFile(others.resolve("answer-1"));
      TemporaryDirectory mine = make();
      Files.createFile(mine.path().resolve("answer-1"));

      make().close();
      assertThat(mine.path().resolve("answer-1")).exists();
      assertThat(others.resolve("answer-1")).as("its process lives").exists();

      process.destroyForcibly().waitFor();
      make().close();
      assertThat(others).doesNotExist();
      assertThat(mine.path().resolve("answer-1")).exists();
      mine.close();
      assertThat(parent).isEmptyDirectory();
    } finally {
      process.destroyForcibly();
    }
  }

  @Test
  void whatIsNotOurs_stays() throws Exception {
    Process process = start();
    Path left;
    try (BufferedReader in = process.inputReader()) {
      left = Path.of(in.readLine());
    } finally {
      process.destroyForcibly().waitFor();
    }
    Files.writeString(left.resolve("thesis.txt"), "mine");
    Files.createFile(left.resolve("answer-1"));
    Path unmarked = Files.createTempDirectory(parent, PREFIX);
    Path answer = Files.createFile(unmarked.resolve("answer-1"));
    Files.createFile(unmarked.resolve("lock"));
    Path elsewhere = Files.createDirectory(parent.resolve("elsewhere"));
    Files.createSymbolicLink(parent.resolve(PREFIX + "-link"), elsewhere);

    make().close();

    assertThat(left.resolve("thesis.txt")).hasContent("mine");
    assertThat(left.resolve("answer-1")).doesNotExist();
    assertThat(answer).exists();
    assertThat(elsewhere).exists();
  }

  @Test
  void directoryThatOthersCouldHaveMade_isLeftAlone() throws Exception {
    PrivateDirectory open =
        PrivateDirectory.open(parent.resolve(PREFIX + "1"), PURPOSE, any -> false);
    open.create("lock");
    open.create("answer-1");
    Files.setPosixFilePermissions(open.path(), PosixFilePermissions.fromString("rwxr-xr-x"));

    make().close();

    assertThat(open.resolve("answer-1")).exists();
    Files.setPosixFilePermissions(open.path(), PosixFilePermissions.fromString("rwx------"));
    make().close();
    assertThat(open.path()).doesNotExist();
  }

  @Test
  void directoryThatAnotherProcessIsJustMaking_isLeftAlone() throws Exception {
    PrivateDirectory marked =
        PrivateDirectory.open(
            Files.createTempDirectory(parent, PREFIX), PURPOSE, directory -> false);

    make().close();

    assertThat(marked.path()).as("marked, and not locked yet").exists();
  }

  @Test
  void whatIsNotOurs_stays_alsoWhereThereIsNoMarker() throws Exception {
    Files.setPosixFilePermissions(parent, PosixFilePermissions.fromString("rwxrwxrwx"));
    TemporaryDirectory made = make();
    Files.createFile(made.path().resolve("answer-1"));
    Path foreign = Files.writeString(made.path().resolve("thesis.txt"), "mine");

    assertThatThrownBy(made::close).isInstanceOf(DirectoryNotEmptyException.class);

    assertThat(foreign).hasContent("mine");
    assertThat(made.path().resolve("answer-1")).doesNotExist();
  }

  /** As a volume of Kubernetes' is. */
  @Test
  void whereEverybodyMayChangeEverything_itWorksWithoutTheMarker() throws Exception {
    Files.setPosixFilePermissions(parent, PosixFilePermissions.fromString("rwxrwxrwx"));

    TemporaryDirectory made = make();
    Files.createFile(made.path().resolve("answer-1"));
    assertThat(Files.getPosixFilePermissions(made.path())).hasSize(3);
    made.close();

    assertThat(parent).isEmptyDirectory();
  }

  private TemporaryDirectory make() throws Exception {
    return make(parent);
  }

  private static TemporaryDirectory make(Path parent) throws Exception {
    return TemporaryDirectory.make(parent, PREFIX, PURPOSE, name -> name.startsWith("answer-"));
  }

  private Process start() throws Exception {
    return new ProcessBuilder(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                TemporaryDirectoryTest.class.getName(),
                parent.toString()))
        .redirectError(ProcessBuilder.Redirect.INHERIT)
        .start();
  }

  /** Makes a directory, and waits for its end. */
  public static void main(String[] arguments) throws Exception {
    System.out.println(make(Path.of(arguments[0])).path());
    Thread.sleep(60_000);
  }
}
