package dev.autodeploy.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.autodeploy.AutoDeployException;
import dev.autodeploy.ErrorCode;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** One holder of an owner at a time, also where a process has this library twice. */
class DaemonOwnerLockTest {
  @TempDir private Path directory;

  @Test
  @EnabledOnOs(OS.LINUX)
  void owner_heldThroughAnotherClassLoader_isInUse_andStaysHeld() throws Exception {
    DaemonOwnerLock first = acquire();
    first.close();
    try (FileChannel others = FileChannel.open(file(), StandardOpenOption.WRITE)) {
      others.lock(); // as the class of another loader does, whose table is not ours
      for (int attempt = 0; attempt < 3; attempt++) {
        assertThatThrownBy(this::acquire)
            .isInstanceOf(AutoDeployException.class)
            .extracting(e -> ((AutoDeployException) e).code())
            .isEqualTo(ErrorCode.OWNER_IN_USE);
        System.gc();
        Thread.sleep(100);
      }
      assertThat(isLockedByThisProcess()).as("by the system's own table").isTrue();
    }
    try (DaemonOwnerLock again = acquire()) {
      assertThat(again.id()).isEqualTo(first.id());
      assertThat(isLockedByThisProcess()).isTrue();
    }
    assertThat(isLockedByThisProcess()).isFalse();
  }

  @Test
  void acquire_readLockOfAnotherUser_isNotPossible() throws Exception {
    try (DaemonOwnerLock lock = acquire()) {
      assertThat(lock.id()).hasSize(36);
      assertThat(Files.getPosixFilePermissions(file())).hasSize(2);
    }
    Path made = directory.resolve("made");
    try (DaemonOwnerLock lock = DaemonOwnerLock.acquire(made, "engine", "owner")) {
      assertThat(lock.id()).hasSize(36);
      assertThat(Files.getPosixFilePermissions(made)).hasSize(3);
    }
  }

  @Test
  void acquire_withoutADirectory_isInTheUsersHome_andNowhereThatOthersCanTake() throws Exception {
    String before = System.getProperty("user.home");
    System.setProperty("user.home", directory.toRealPath().toString());
    try (DaemonOwnerLock lock = DaemonOwnerLock.acquire(null, "engine", "owner")) {
      assertThat(lock.id()).hasSize(36);
      assertThat(directory.resolve(".local/state/autodeploy")).isDirectory();
    } finally {
      System.setProperty("user.home", before);
    }
  }

  @Test
  void acquire_throughLinks_isRefused_andLeavesTheirTargetsAlone() throws Exception {
    Path target = Files.writeString(directory.resolve("secret"), "of root");
    Path elsewhere = Files.createDirectory(directory.resolve("elsewhere"));
    Path locks = Files.createSymbolicLink(directory.resolve("locks"), elsewhere);
    assertThatThrownBy(() -> DaemonOwnerLock.acquire(locks, "engine", "owner"))
        .isInstanceOf(AutoDeployException.class)
        .hasMessageContaining("symbolic link: give the directory that it leads to");
    assertThat(elsewhere).isEmptyDirectory();

    DaemonOwnerLock.acquire(elsewhere, "engine", "owner").close();
    Path file;
    try (Stream<Path> files = Files.list(elsewhere)) {
      file = files.findFirst().orElseThrow();
    }
    Files.delete(file);
    Files.createSymbolicLink(file, target);
    assertThatThrownBy(() -> DaemonOwnerLock.acquire(elsewhere, "engine", "owner"))
        .isInstanceOf(AutoDeployException.class)
        .hasMessageContaining("not a regular file");
    Files.delete(file);
    Files.writeString(file, "somebody's notes");
    assertThatThrownBy(() -> DaemonOwnerLock.acquire(elsewhere, "engine", "owner"))
        .isInstanceOf(AutoDeployException.class)
        .hasMessageContaining("not a lock of AutoDeploy");
    assertThat(target).content().isEqualTo("of root");
    assertThat(file).content().isEqualTo("somebody's notes");
  }

  private DaemonOwnerLock acquire() {
    return DaemonOwnerLock.acquire(directory, "engine", "owner");
  }

  private Path file() throws Exception {
    try (Stream<Path> files = Files.list(directory)) {
      return files.findFirst().orElseThrow();
    }
  }

  private boolean isLockedByThisProcess() throws Exception {
    String pid = " " + ProcessHandle.current().pid() + " ";
    String inode = ":" + Files.getAttribute(file(), "unix:ino") + " ";
    try (Stream<String> lines = Files.lines(Path.of("/proc/locks"))) {
      return lines.anyMatch(line -> line.contains(pid) && line.contains(inode));
    }
  }
}
