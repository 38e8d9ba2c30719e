package dev.autodeploy.internal.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class LockFileTest {
  private static final String READ_LOCK =
      "exec python3 -c 'import fcntl,sys;f=open(sys.argv[1]);fcntl.lockf(f,fcntl.LOCK_SH);"
          + "print(\"locked\",flush=True);sys.stdin.read()' ";

  @TempDir Path directory;

  @Test
  void acquire_isForOneHolderAtATime_alsoThroughALink() throws Exception {
    Path file = directory.resolve("lock");
    Path sameDirectory = Files.createSymbolicLink(directory.resolve("link"), directory);
    try (LockFile lock = LockFile.acquire(file)) {
      lock.writeHolder();
      assertThat(Files.getPosixFilePermissions(file)).hasSize(2);
      for (int i = 0; i < 2; i++) {
        assertThatThrownBy(() -> LockFile.acquire(sameDirectory.resolve("lock")))
            .isInstanceOf(LockFile.HeldException.class)
            .hasMessageContaining("in this process (" + ProcessHandle.current().pid() + ")");
      }
      assertThatThrownBy(() -> LockFile.await(file, Duration.ofMillis(20)))
          .isInstanceOf(LockFile.HeldException.class);
    }
    LockFile.acquire(file).close();
  }

  @Test
  void acquire_onAnInterruptedThread_keepsTheLock() throws Exception {
    Path file = directory.resolve("lock");
    Thread.currentThread().interrupt();
    try (LockFile lock = LockFile.acquire(file)) {
      lock.write("x");
      lock.touch();
      assertThat(lock.read()).isEqualTo("x");
    } finally {
      assertThat(Thread.interrupted()).isTrue();
    }
  }

  @Test
  void acquire_ofALinkADirectoryOrWhatOthersMayWrite_isRefused_andChangesNothing()
      throws Exception {
    Path precious = Files.writeString(directory.resolve("precious"), "of root");
    Path link = Files.createSymbolicLink(directory.resolve("link"), precious);
    Path dangling = directory.resolve("dangling");
    Files.createSymbolicLink(dangling, directory.resolve("made-by-us"));
    Path open = Files.writeString(directory.resolve("open"), "4711");
    Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rw-rw-rw-"));

    for (Path file : new Path[] {link, dangling, Files.createDirectory(directory.resolve("d"))}) {
      assertThatThrownBy(() -> LockFile.acquire(file))
          .isInstanceOf(UnsafePathException.class)
          .hasMessageContaining("not a regular file");
    }
    assertThatThrownBy(() -> LockFile.acquire(open))
        .isInstanceOf(UnsafePathException.class)
        .hasMessageContaining("can be written by other users");
    assertThat(precious).hasContent("of root");
    assertThat(directory.resolve("made-by-us")).doesNotExist();
    assertThat(open).hasContent("4711");
  }

  @Test
  void readLockOfAnotherUser_isNotPossible_andIsNamedWhereItOnceWas() throws Exception {
    OtherUser.require();
    OtherUser.open(directory);
    Path file = directory.resolve("lock");
    LockFile.acquire(file).close();
    assertThat(OtherUser.run(READ_LOCK + file)).contains("Permission denied");

    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
    Process reader = OtherUser.start(READ_LOCK + file);
    try {
      assertThat(reader.inputReader().readLine()).isEqualTo("locked");
      assertThatThrownBy(() -> LockFile.acquire(file))
          .isInstanceOf(LockFile.HeldException.class)
          .hasMessageContaining("or by whoever may open " + file + " (mode 0644)");
    } finally {
      reader.destroyForcibly();
    }
  }
}
