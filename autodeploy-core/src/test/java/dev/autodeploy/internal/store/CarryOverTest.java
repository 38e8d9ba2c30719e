package dev.autodeploy.internal.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.autodeploy.AutoDeployException;
import dev.autodeploy.internal.store.SimulatedDisk.Fault;
import dev.autodeploy.internal.store.SimulatedDisk.PowerLoss;
import dev.autodeploy.spi.LedgerEntry;
import dev.autodeploy.spi.StoredState;
import dev.autodeploy.spi.StoredState.StoredDeployment;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A state directory of format version 1, which had no journal, is taken over. */
@SuppressWarnings("try") // a captured log is only kept from the screen
final class CarryOverTest {
  private static final Path DIRECTORY = Path.of("state").toAbsolutePath();
  private static final StoredState STATE = state();
  private static final List<LedgerEntry> LEDGER =
      List.of(Examples.started(1), Examples.used(1), Examples.released(1), Examples.started(2));
  private static final int ALL_OPERATIONS = operations();

  @TempDir private Path temp;

  @Test
  void load_ofTheEarlierFormat_takesOverStateAndLedger() throws IOException {
    for (String name : List.of("deployments.json", "ledger.jsonl")) {
      Files.write(temp.resolve(name), fixture(name));
    }

    for (int life = 0; life < 2; life++) {
      try (FileStateStore store = new FileStateStore(temp)) {
        assertThat(store.load()).isEqualTo(STATE);
        assertThat(store.ledger()).isEqualTo(LEDGER);
      }
      assertThat(temp.resolve("deployments.json"))
          .content(StandardCharsets.UTF_8)
          .contains("\"version\" : 2", "\"journal\" : \"deployments.jsonl\"")
          .doesNotContain("s3cret");
      assertThat(Files.readAllLines(temp.resolve("deployments.jsonl"))).hasSize(4);
      assertThat(temp.resolve("ledger.jsonl")).hasBinaryContent(fixture("ledger.jsonl"));
    }
  }

  @Test
  void change_afterTheCarryOver_isInTheJournalOnly() {
    SimulatedDisk disk = earlier();
    try (FileStateStore store = new FileStateStore(DIRECTORY, disk)) {
      store.load();
      store.remove("voice");
    }

    assertThat(load(disk.restarted()).deployments())
        .isEqualTo(STATE.deployments().subList(1, STATE.deployments().size()));
  }

  @Test
  void load_ofTheEarlierFormatBesideAJournal_takesThatForARestOfAnUnfinishedCarryOver() {
    SimulatedDisk other = new SimulatedDisk();
    try (FileStateStore store = new FileStateStore(DIRECTORY, other)) {
      store.load();
      store.save(Examples.deployment("unfinished", 1));
    }
    SimulatedDisk disk = earlier();
    Path journal = DIRECTORY.resolve("deployments.jsonl");
    disk.holding(journal, other.content(journal));

    assertThat(load(disk)).isEqualTo(STATE);
    assertThat(load(disk.restarted())).isEqualTo(STATE);
  }

  @ParameterizedTest
  @EnumSource
  void anyOperation_fails_andTheNextLoadHasEverything(Fault fault) {
    for (int operation = 0; operation < ALL_OPERATIONS; operation++) {
      SimulatedDisk disk = earlier().failing(operation, 1, fault);
      FileStateStore store = new FileStateStore(DIRECTORY, disk);
      try (CapturedLog log = new CapturedLog()) {
        store.load();
      } catch (AutoDeployException e) {
        assertThat(e).hasMessageContaining(" today");
      } finally {
        store.close();
      }

      assertThat(load(disk.healed())).as("%s at %d", fault, operation).isEqualTo(STATE);
    }
  }

  @ParameterizedTest
  @EnumSource
  void power_isLostAtAnyOperation_andTheNextLoadHasEverything(Fault when) {
    int disks = 0;
    for (int operation = 0; operation < ALL_OPERATIONS; operation++) {
      SimulatedDisk disk = earlier().losingPowerAt(operation, when);
      FileStateStore store = new FileStateStore(DIRECTORY, disk);
      assertThatThrownBy(store::load).isInstanceOf(PowerLoss.class);

      for (SimulatedDisk survivor : disk.survivors(7)) {
        assertThat(load(survivor)).as("%s at %d", when, operation).isEqualTo(STATE);
        disks++;
      }
    }
    assertThat(disks).isGreaterThan(1000);
  }

  private static StoredState state() {
    List<StoredDeployment> deployments = new ArrayList<>();
    deployments.add(new StoredDeployment(Examples.earlierSettings(), Examples.NOON));
    deployments.addAll(Examples.state("small-", 2).deployments());
    return new StoredState("ad-k3v9x2m1q8zt", deployments);
  }

  private static int operations() {
    SimulatedDisk disk = earlier();
    load(disk);
    return disk.operations().size();
  }

  private static SimulatedDisk earlier() {
    return new SimulatedDisk()
        .holding(DIRECTORY.resolve("deployments.json"), fixture("deployments.json"));
  }

  private static StoredState load(SimulatedDisk disk) {
    try (CapturedLog log = new CapturedLog();
        FileStateStore store = new FileStateStore(DIRECTORY, disk)) {
      return store.load();
    }
  }

  /** A file that format version 1 has left. */
  private static byte[] fixture(String name) {
    try (InputStream in = CarryOverTest.class.getResourceAsStream("format-1/" + name)) {
      return in.readAllBytes();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }
}
