package dev.autodeploy.internal.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.autodeploy.AutoDeployException;
import dev.autodeploy.ErrorCode;
import dev.autodeploy.internal.files.OtherUser;
import dev.autodeploy.spi.StoredState;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** State directories that another user has prepared, whose commands must not be run. */
final class ForeignStateTest {
  @TempDir Path directory;

  @Test
  void load_ofAStateThatAnotherUserMade_isRefused() throws Exception {
    Path everybodys = OtherUser.publicDirectory(directory);
    OtherUser.run("cd " + everybodys + " && mkdir state && echo '{}' >state/deployments.json");

    refused(everybodys.resolve("state"), "belongs to uid " + OtherUser.UID, "chown");
    assertThat(OtherUser.run("ls " + everybodys + "/state")).isEqualTo("deployments.json");
  }

  @Test
  void load_ofAStateThatOthersMayWrite_isRefused_andNotChanged() throws Exception {
    Path state = Files.createDirectory(directory.resolve("state"));
    Files.setPosixFilePermissions(state, PosixFilePermissions.fromString("rwxrwxrwx"));

    refused(state, "can be written by other users", "chmod go-w");
    assertThat(state).isEmptyDirectory();
    assertThat(Files.getPosixFilePermissions(state)).hasSize(9);

    Files.setPosixFilePermissions(state, PosixFilePermissions.fromString("rwxr-xr-x"));
    Path file = Files.writeString(state.resolve("deployments.json"), "{}");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-rw-rw-"));
    refused(state, "deployments.json can be written by other users");
  }

  @Test
  void load_throughALinkOfOurOwn_isFine_butNotThroughOneOfAnother() throws Exception {
    Path real = Files.createDirectory(directory.resolve("real"));
    Path link = Files.createSymbolicLink(directory.resolve("link"), real);
    try (FileStateStore store = new FileStateStore(link)) {
      assertThat(store.load()).isEqualTo(StoredState.empty());
    }
    Path everybodys = OtherUser.publicDirectory(directory);
    OtherUser.run("ln -s " + real + " " + everybodys + "/state");
    refused(everybodys.resolve("state"), "is a symbolic link of uid " + OtherUser.UID);
  }

  @Test
  void load_amongSomebodysFiles_leavesThemAsTheyAre() throws Exception {
    Path state = Files.createDirectory(directory.resolve("accounts"));
    Path books = Files.createDirectories(state.resolve("ledger"));
    List<Path> theirs = new ArrayList<>();
    for (String name : List.of("2025.journal", "main.ledger", "2026.jsonl", "notes", "a.tmp")) {
      theirs.add(Files.writeString(books.resolve(name), "of somebody"));
    }
    theirs.add(Files.writeString(state.resolve("lock.txt"), "of somebody"));
    Path killed = Files.writeString(books.resolve("000007.jsonl"), "");
    Path unfinished = Files.writeString(books.resolve("000008.sums.tmp"), "");

    try (FileStateStore store = new FileStateStore(state)) {
      store.load();
      store.pages().retain(List.of());
    }

    assertThat(theirs).allSatisfy(file -> assertThat(file).hasContent("of somebody"));
    assertThat(killed).as("of a process that was killed").doesNotExist();
    assertThat(unfinished).doesNotExist();
  }

  @Test
  void readLedger_ofSomebodysFileWithoutALineEnd_isRefused_andLeavesItAsItIs() throws Exception {
    for (String content :
        List.of("of somebody", "{\"date\":\"2026-01-01\",\"amount\":5", "\0\0x")) {
      Path theirs = Files.writeString(directory.resolve("ledger.jsonl"), content);
      try (FileStateStore store = new FileStateStore(directory)) {
        store.load();
        assertThatThrownBy(store::ledger)
            .isInstanceOf(AutoDeployException.class)
            .hasMessageContaining("is not a ledger of AutoDeploy");
      }
      assertThat(theirs).hasContent(content);
    }
  }

  @Test
  void load_whereTheLockIsSomebodysFile_isRefused_andLeavesItAsItIs() throws Exception {
    Path state = Files.createDirectory(directory.resolve("state"));
    Path lock = Files.writeString(state.resolve("lock"), "left 12, right 7");

    refused(state, lock + " is not a lock of AutoDeploy");
    assertThat(lock).hasContent("left 12, right 7");

    Files.writeString(lock, "4711\n");
    try (FileStateStore store = new FileStateStore(state)) {
      store.load();
    }
  }

  @Test
  void files_thatWereReplacedByLinks_areNotWrittenThrough() throws Exception {
    Path precious = Files.writeString(directory.resolve("precious"), "of root");
    Path state = Files.createDirectory(directory.resolve("state"));
    try (FileStateStore store = new FileStateStore(state)) {
      store.load();
      store.notes().write("voice", new byte[] {1});
      Files.createSymbolicLink(state.resolve("learned/voice.tmp"), precious);

      assertThatThrownBy(() -> store.notes().write("voice", new byte[] {2}))
          .hasMessageContaining("not a regular file");
    }
    Path lock = state.resolve("lock");
    Files.delete(lock);
    Files.createSymbolicLink(lock, precious);
    refused(state, "lock is not a regular file");
    assertThat(precious).hasContent("of root");
  }

  private static void refused(Path state, String... words) throws Exception {
    try (FileStateStore store = new FileStateStore(state)) {
      assertThatThrownBy(store::load)
          .isInstanceOfSatisfying(
              AutoDeployException.class,
              e -> assertThat(e.code()).isEqualTo(ErrorCode.STATE_FAILED))
          .hasMessageContainingAll(words);
    }
  }
}
