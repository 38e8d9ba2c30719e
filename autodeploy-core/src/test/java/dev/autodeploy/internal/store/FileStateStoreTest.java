package dev.autodeploy.internal.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.autodeploy.AutoDeployException;
import dev.autodeploy.ErrorCode;
import dev.autodeploy.spi.LedgerEntry;
import dev.autodeploy.spi.StoredState;
import dev.autodeploy.spi.StoredState.StoredDeployment;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

final class FileStateStoreTest {
  @TempDir private Path temp;

  @Test
  void load_ofANewDirectory_isEmpty() {
    try (FileStateStore store = new FileStateStore(temp.resolve("a/b/state"))) {
      assertThat(store.load()).isEqualTo(StoredState.empty());
      assertThat(store.ledger()).isEmpty();
    }
  }

  @Test
  void load_afterARestart_returnsWhatWasSavedLastAndTheWholeLedger() {
    StoredState state =
        new StoredState(
            "o-1", List.of(new StoredDeployment(Examples.everySetting(), Examples.NOON)));
    List<LedgerEntry> entries =
        List.of(
            Examples.started(1),
            Examples.used(1),
            Examples.released(1),
            Examples.started(2),
            Examples.releasedUnready(2));
    try (FileStateStore store = loaded()) {
      Examples.save(store, Examples.state("old", 3));
      entries.subList(0, 2).forEach(store::append);
      for (StoredDeployment old : Examples.state("old", 3).deployments()) {
        store.remove(old.spec().name());
      }
      Examples.save(store, state);
    }
    try (FileStateStore store = loaded()) {
      entries.subList(2, 5).forEach(store::append);
    }

    try (FileStateStore store = new FileStateStore(temp)) {
      assertThat(store.load()).isEqualTo(state);
      assertThat(store.ledger()).isEqualTo(entries);
    }
  }

  @Test
  void ledger_afterAppends_hasThemToo() {
    try (FileStateStore store = loaded()) {
      store.append(Examples.started(1));
      assertThat(store.ledger()).containsExactly(Examples.started(1));
      store.append(Examples.used(1));
      assertThat(store.ledger()).containsExactly(Examples.started(1), Examples.used(1));
    }
  }

  @Test
  void save_leavesOnlyItsOwnFilesBehind() throws IOException {
    try (FileStateStore store = loaded()) {
      Examples.save(store, Examples.state("a", 1));
      store.append(Examples.started(1));

      assertThat(names(temp))
          .containsExactlyInAnyOrder(
              "deployments.json", "deployments.jsonl", "ledger.jsonl", "lock");
    }
  }

  @Test
  void load_removesAFileThatWasNotFinished() throws IOException {
    Files.writeString(temp.resolve("deployments.json.tmp"), "{\"version\":2,\"jou");
    Files.writeString(temp.resolve("deployments.jsonl.tmp"), "{\"seq\":1,\"crc");

    try (FileStateStore store = loaded()) {
      assertThat(names(temp))
          .containsExactlyInAnyOrder("deployments.json", "deployments.jsonl", "lock");
      Examples.save(store, Examples.state("a", 1));
    }
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void files_areForTheirOwnerOnly() throws IOException {
    Path directory = temp.resolve("new/state");
    Path copied = temp.resolve("copied");
    Files.createDirectory(copied);
    Files.writeString(copied.resolve("deployments.json.tmp"), "x");
    for (Path path : List.of(directory, copied)) {
      try (FileStateStore store = new FileStateStore(path)) {
        store.load();
        Examples.save(store, Examples.state("a", 1));
        store.append(Examples.started(1));
      }
      for (String name : names(path)) {
        assertThat(permissions(path.resolve(name))).as(name).isEqualTo("rw-------");
      }
    }
    assertThat(permissions(directory)).isEqualTo("rwx------");
    assertThat(permissions(directory.getParent())).isEqualTo("rwx------");
  }

  @Test
  void load_ofADirectoryInUse_isRefused() throws IOException {
    Path link = temp.resolve("link");
    Path directory = Files.createDirectory(temp.resolve("state"));
    Files.createSymbolicLink(link, directory);
    try (FileStateStore first = new FileStateStore(directory)) {
      first.load();

      for (Path path : List.of(directory, link)) {
        FileStateStore second = new FileStateStore(path);
        AutoDeployException e = catchThrowableOfType(AutoDeployException.class, second::load);
        assertThat(e.code()).isEqualTo(ErrorCode.OWNER_IN_USE);
        assertThat(e)
            .hasMessageContaining(path.toString())
            .hasMessageContaining("in this process (" + ProcessHandle.current().pid() + ")");
        second.close();
      }
      Examples.save(first, Examples.state("a", 1));
    }

    try (FileStateStore third = new FileStateStore(link)) {
      assertThat(third.load()).isEqualTo(Examples.state("a", 1));
    }
  }

  @Test
  void load_thatFailed_leavesTheDirectoryToOthersAndCanBeTriedAgain() throws IOException {
    Path file = temp.resolve("deployments.json");
    Files.writeString(file, "?");
    FileStateStore damaged = new FileStateStore(temp);
    assertThatThrownBy(damaged::load).isInstanceOf(AutoDeployException.class);
    Files.delete(file);

    try (FileStateStore other = loaded()) {
      Examples.save(other, Examples.state("a", 1));
    }
    assertThat(damaged.load()).isEqualTo(Examples.state("a", 1));
    damaged.close();
  }

  @Test
  void use_outOfOrder_isRefused() {
    FileStateStore store = new FileStateStore(temp);
    assertThatIllegalStateException().isThrownBy(() -> store.save(Examples.deployment("a", 1)));
    assertThatIllegalStateException().isThrownBy(() -> store.remove("a"));
    assertThatIllegalStateException().isThrownBy(() -> store.saveOwner("a"));
    assertThatIllegalStateException().isThrownBy(store::ledger);
    assertThatIllegalStateException().isThrownBy(() -> store.append(Examples.started(1)));
    store.load();
    assertThatIllegalStateException().isThrownBy(store::load);
    store.close();
  }

  @Test
  void use_afterClose_isRefusedAndClosingTwiceIsNot() {
    FileStateStore store = loaded();
    store.close();
    store.close();

    Stream.<Runnable>of(
            store::load,
            store::ledger,
            () -> store.save(Examples.deployment("a", 1)),
            () -> store.saveAll(List.of(Examples.deployment("a", 1))),
            () -> store.remove("a"),
            () -> store.saveOwner("a"),
            () -> store.append(Examples.started(1)))
        .forEach(
            use ->
                assertThatThrownBy(use::run)
                    .isInstanceOf(AutoDeployException.class)
                    .hasMessageContaining("closed")
                    .hasMessageContaining(temp.toString()));
    loaded().close();
  }

  @Test
  void use_byAnInterruptedThread_isCompletedAndTheInterruptIsKept() {
    try {
      Thread.currentThread().interrupt();
      try (FileStateStore store = loaded()) {
        Examples.save(store, Examples.state("a", 1));
        store.append(Examples.started(1));
      }
      try (FileStateStore store = new FileStateStore(temp)) {
        assertThat(store.load()).isEqualTo(Examples.state("a", 1));
        assertThat(store.ledger()).containsExactly(Examples.started(1));
      }
      assertThat(Thread.currentThread().isInterrupted()).isTrue();
    } finally {
      Thread.interrupted();
    }
  }

  @Test
  void load_ofSomethingThatIsNoDirectory_saysSo() throws IOException {
    Path file = Files.writeString(temp.resolve("file"), "");

    assertFailed(() -> new FileStateStore(file).load(), "state directory", file.toString());
    assertFailed(() -> new FileStateStore(file.resolve("x")).load(), file.toString());
  }

  @Test
  void append_toAFileThatSomebodyElseChanged_isRefused() throws IOException {
    Path ledger = temp.resolve("ledger.jsonl");
    try (FileStateStore store = loaded()) {
      store.append(Examples.started(1));
      byte[] before = Files.readAllBytes(ledger);
      Files.delete(ledger);
      assertFailed(
          () -> store.append(Examples.used(1)),
          ledger.toString(),
          "changed by somebody else: it has 0 bytes, not " + before.length);

      Files.write(ledger, before);
      store.append(Examples.used(1));
      assertThat(store.ledger()).containsExactly(Examples.started(1), Examples.used(1));
    }
  }

  private FileStateStore loaded() {
    FileStateStore store = new FileStateStore(temp);
    store.load();
    return store;
  }

  private static void assertFailed(Runnable use, String... parts) {
    AutoDeployException e = catchThrowableOfType(AutoDeployException.class, use::run);
    assertThat(e).hasMessageContainingAll(parts);
    assertThat(e.code()).isEqualTo(ErrorCode.STATE_FAILED);
  }

  private static String permissions(Path path) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
  }

  private static List<String> names(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.map(file -> file.getFileName().toString()).toList();
    }
  }
}
