package dev.autodeploy.internal.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.autodeploy.AutoDeployException;
import dev.autodeploy.ErrorCode;
import dev.autodeploy.internal.store.SimulatedDisk.Fault;
import dev.autodeploy.internal.store.SimulatedDisk.PowerLoss;
import dev.autodeploy.spi.LedgerEntry;
import dev.autodeploy.spi.StoredState;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every operation on a file fails, and the power goes at every one: nothing confirmed is lost. */
@SuppressWarnings("try") // a captured log is only kept from the screen
final class StoreFaultTest {
  private static final Path DIRECTORY = Path.of("state").toAbsolutePath();
  private static final int ALL_OPERATIONS = new Run(new SimulatedDisk(), 0).run().operations();

  @ParameterizedTest
  @EnumSource
  void anyOperations_fail_andAreTriedAgain_nothingIsLostOrThereTwice(Fault fault) {
    for (int count = 1; count <= 4; count++) {
      for (int first = 0; first < ALL_OPERATIONS; first++) {
        Run run = new Run(new SimulatedDisk().failing(first, count, fault), 10).run();

        String what = count + " failures from " + first + " " + run.disk.operations().get(first);
        assertThat(run.givenUp).as(what).isZero();
        Read read = Read.of(run.disk.restarted());
        assertThat(read.ledger).as(what).isEqualTo(Run.ENTRIES);
        assertThat(read.state).as(what).isEqualTo(Run.STATES.get(Run.STATES.size() - 1));
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void anyOperations_fail_andAreNotTriedAgain_whatWasConfirmedIsThere(Fault fault) {
    int failures = 0;
    for (int count = 1; count <= 4; count++) {
      for (int first = 0; first < ALL_OPERATIONS; first++) {
        Run run = new Run(new SimulatedDisk().failing(first, count, fault), 0).run();

        run.assertNothingConfirmedIsLost(
            run.disk.restarted(), count + " failures from " + first + ", restarted");
        failures += run.givenUp;
      }
    }
    assertThat(failures).isGreaterThan(ALL_OPERATIONS);
  }

  @ParameterizedTest
  @EnumSource
  void power_isLostAtAnyOperation_whatWasConfirmedIsThere(Fault when) {
    int disks = 0;
    for (int operation = 0; operation < ALL_OPERATIONS; operation++) {
      Run run = new Run(new SimulatedDisk().losingPowerAt(operation, when), 0).run();

      for (SimulatedDisk survivor : run.disk.survivors(3)) {
        run.assertNothingConfirmedIsLost(
            survivor, "power lost at " + operation + " " + run.disk.operations().get(operation));
        disks++;
      }
    }
    assertThat(disks).isGreaterThan(1000);
  }

  @ParameterizedTest
  @EnumSource
  void process_isKilledAtAnyOperation_whatTheNextOneReadsIsDurable(Fault when) {
    for (int operation = 0; operation < ALL_OPERATIONS; operation++) {
      Run run = new Run(new SimulatedDisk().losingPowerAt(operation, when), 0).run();
      Read read = Read.of(run.disk.healed());

      for (SimulatedDisk survivor : run.disk.survivors(11)) {
        assertThat(Read.of(survivor)).as("killed at " + operation).isEqualTo(read);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"HALFWAY", "AFTER"})
  void power_isLostSoonAfterAnyFailure_whatWasConfirmedIsThere(Fault fault) {
    for (int first = 0; first < ALL_OPERATIONS; first++) {
      for (int later = first + 1; later <= first + 12; later++) {
        SimulatedDisk disk = new SimulatedDisk().failing(first, 1, fault);
        Run run = new Run(disk.losingPowerAt(later, Fault.AFTER), 0).run();

        for (SimulatedDisk survivor : disk.survivors(29)) {
          run.assertNothingConfirmedIsLost(
              survivor, "failure at " + first + ", power lost at " + later);
        }
      }
    }
  }

  @Test
  void append_whoseRestCannotBeCutOff_isFollowedByAClearRefusal() {
    SimulatedDisk disk = new SimulatedDisk();
    FileStateStore store = new FileStateStore(DIRECTORY, disk);
    store.load();
    store.append(Examples.started(1));
    disk.failing(disk.operations().size() + 2, 6, Fault.HALFWAY); // the write and what follows

    assertThatThrownBy(() -> store.append(Examples.used(1)))
        .isInstanceOfSatisfying(
            AutoDeployException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.STATE_FAILED))
        .hasMessageContaining("cannot append to the ledger " + DIRECTORY.resolve("ledger.jsonl"))
        .hasMessageContaining("no write today")
        .hasMessageContaining("not recorded");
    assertThatThrownBy(() -> store.append(Examples.used(1)))
        .isInstanceOf(AutoDeployException.class)
        .hasMessageContaining("nothing is appended to the ledger while the rest of an earlier")
        .hasMessageContaining("ledger.jsonl");
    disk.healed();
    store.append(Examples.used(1));

    assertThat(Read.of(disk.restarted()).ledger)
        .containsExactly(Examples.started(1), Examples.used(1));
  }

  @Test
  void save_thatFails_saysWhatAndWhere() {
    SimulatedDisk disk = new SimulatedDisk();
    FileStateStore store = new FileStateStore(DIRECTORY, disk);
    store.load();
    disk.failing(disk.operations().size() + 2, 1, Fault.HALFWAY);

    assertThatThrownBy(() -> store.save(Examples.state("a", 1)))
        .isInstanceOfSatisfying(
            AutoDeployException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.STATE_FAILED))
        .hasMessageContaining("cannot write " + DIRECTORY.resolve("deployments.json"))
        .hasMessageContaining("no write today")
        .hasMessageContaining("space left");
    assertThat(disk.files()).isEmpty();
  }

  /** What a store reads from a disk. */
  private record Read(StoredState state, List<LedgerEntry> ledger) {
    static Read of(SimulatedDisk disk) {
      try (CapturedLog log = new CapturedLog();
          FileStateStore store = new FileStateStore(DIRECTORY, disk)) {
        return new Read(store.load(), store.ledger());
      }
    }
  }

  /** A life of a store: two engines, one after the other, that save and append. */
  private static final class Run {
    static final List<StoredState> STATES =
        List.of(
            StoredState.empty(),
            Examples.state("first", 1),
            Examples.state("second", 2),
            Examples.state("third", 0));
    static final List<LedgerEntry> ENTRIES =
        List.of(
            Examples.started(1),
            Examples.used(1),
            Examples.releasedUnready(1),
            Examples.started(2),
            Examples.released(2));

    final SimulatedDisk disk;
    private final int retries;
    private final List<LedgerEntry> confirmed = new ArrayList<>();
    private final List<LedgerEntry> attempted = new ArrayList<>();
    private final List<StoredState> possible = new ArrayList<>(List.of(StoredState.empty()));
    int givenUp;

    Run(SimulatedDisk disk, int retries) {
      this.disk = disk;
      this.retries = retries;
    }

    int operations() {
      return disk.operations().size();
    }

    Run run() {
      try (CapturedLog log = new CapturedLog()) {
        live(1, 2, 0, 2);
        live(2, 4, 2, 5);
      } catch (PowerLoss e) {
        // The end of this life.
      }
      return this;
    }

    private void live(int firstState, int endState, int firstEntry, int endEntry) {
      FileStateStore store = new FileStateStore(DIRECTORY, disk);
      if (!tried(store::load) || !tried(store::ledger)) {
        store.close();
        return;
      }
      int state = firstState;
      for (int entry = firstEntry; entry < endEntry; entry++) {
        if (state < endState) {
          save(store, STATES.get(state++));
        }
        append(store, ENTRIES.get(entry));
      }
      store.close();
    }

    private void save(FileStateStore store, StoredState state) {
      possible.add(state);
      if (tried(() -> store.save(state))) {
        possible.retainAll(List.of(state));
      }
    }

    private void append(FileStateStore store, LedgerEntry entry) {
      attempted.add(entry);
      if (tried(() -> store.append(entry))) {
        confirmed.add(entry);
      }
    }

    private boolean tried(Runnable step) {
      boolean done = false;
      for (int i = 0; i <= retries && !done; i++) {
        done = triedOnce(step);
      }
      givenUp += done ? 0 : 1;
      return done;
    }

    private boolean triedOnce(Runnable step) {
      try {
        step.run();
        return true;
      } catch (AutoDeployException e) {
        assertThat(e.code()).isEqualTo(ErrorCode.STATE_FAILED);
        assertThat(e).hasMessageContaining(DIRECTORY.toString()).hasMessageContaining(" today");
        return false;
      }
    }

    void assertNothingConfirmedIsLost(SimulatedDisk survivor, String what) {
      Read read = Read.of(survivor);
      assertThat(read.state).as(what).isIn(possible);
      assertThat(confirmed).as(what).matches(c -> isSubsequence(c, read.ledger), "all are there");
      assertThat(read.ledger)
          .as(what)
          .matches(l -> isSubsequence(l, attempted), "no others are there, and none twice");

      List<LedgerEntry> expected = new ArrayList<>(read.ledger);
      expected.add(Examples.started(99));
      try (FileStateStore store = new FileStateStore(DIRECTORY, survivor)) {
        store.load();
        store.append(Examples.started(99));
        assertThat(store.ledger()).as(what).isEqualTo(expected);
      }
    }

    private static boolean isSubsequence(
        List<? extends LedgerEntry> part, List<? extends LedgerEntry> whole) {
      int matched = 0;
      for (LedgerEntry entry : whole) {
        if (matched < part.size() && part.get(matched).equals(entry)) {
          matched++;
        }
      }
      return matched == part.size();
    }
  }
}
