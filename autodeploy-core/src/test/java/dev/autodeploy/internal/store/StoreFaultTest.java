package dev.autodeploy.internal.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.autodeploy.AutoDeployException;
import dev.autodeploy.ErrorCode;
import dev.autodeploy.internal.store.SimulatedDisk.Fault;
import dev.autodeploy.internal.store.SimulatedDisk.PowerLoss;
import dev.autodeploy.spi.LedgerEntry;
import dev.autodeploy.spi.StoredState;
import dev.autodeploy.spi.StoredState.StoredDeployment;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every operation on a file fails, and the power goes at every one: nothing confirmed is lost. */
@SuppressWarnings("try") // a captured log is only kept from the screen
final class StoreFaultTest {
  private static final Path DIRECTORY = Path.of("state").toAbsolutePath();

  /** So few that the journal is written as a whole in the middle of a run. */
  private static final int SLACK = 0;

  /** The next lives that were tried, by the files that they found. */
  private static final Map<Map<Path, ByteBuffer>, NextLife> NEXT_LIVES = new HashMap<>();

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
        assertThat(read.state).as(what).isEqualTo(Run.LAST_STATE);
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
        assertThat(NextLife.on(survivor).read).as("killed at " + operation).isEqualTo(read);
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
    FileStateStore store = new FileStateStore(DIRECTORY, disk, SLACK);
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
    FileStateStore store = new FileStateStore(DIRECTORY, disk, SLACK);
    store.load();
    disk.failing(disk.operations().size() + 2, 1, Fault.HALFWAY);

    assertThatThrownBy(() -> store.save(Examples.deployment("a", 1)))
        .isInstanceOfSatisfying(
            AutoDeployException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.STATE_FAILED))
        .hasMessageContaining("cannot write " + DIRECTORY.resolve("deployments.jsonl"))
        .hasMessageContaining("no write today")
        .hasMessageContaining("space left");
    assertThat(disk.files()).containsExactlyInAnyOrder("deployments.json", "deployments.jsonl");
    assertThat(Read.of(disk.restarted()).state).isEqualTo(StoredState.empty());
  }

  @Test
  void journal_thatCannotBeWrittenAsAWhole_isGoneOnWith() {
    for (Fault fault : Fault.values()) {
      for (int operation = 0; operation < 12; operation++) {
        SimulatedDisk disk = new SimulatedDisk();
        try (CapturedLog log = new CapturedLog();
            FileStateStore store = new FileStateStore(DIRECTORY, disk, SLACK)) {
          store.load();
          store.save(Examples.deployment("a", 1));
          store.save(Examples.deployment("a", 2));
          disk.failing(disk.operations().size() + 5 + operation, 1, fault); // after its line
          store.save(Examples.deployment("a", 3));
          disk.healed();
          store.save(Examples.deployment("b", 4));
        }

        assertThat(Read.of(disk.restarted()).state.deployments())
            .as("%s at %d", fault, operation)
            .containsExactly(Examples.deployment("a", 3), Examples.deployment("b", 4));
      }
    }
  }

  /** A change of the deployments. */
  private sealed interface Change {
    void make(FileStateStore store);

    StoredState after(StoredState before);

    /** Another owner. */
    record Owner(String owner) implements Change {
      @Override
      public void make(FileStateStore store) {
        store.saveOwner(owner);
      }

      @Override
      public StoredState after(StoredState before) {
        return new StoredState(owner, before.deployments());
      }
    }

    /** A deployment that is saved. */
    record Save(StoredDeployment saved) implements Change {
      @Override
      public void make(FileStateStore store) {
        store.save(saved);
      }

      @Override
      public StoredState after(StoredState before) {
        return new SaveAll(List.of(saved)).after(before);
      }
    }

    /** Deployments that are saved at once. */
    record SaveAll(List<StoredDeployment> saved) implements Change {
      @Override
      public void make(FileStateStore store) {
        store.saveAll(saved);
      }

      @Override
      public StoredState after(StoredState before) {
        Map<String, StoredDeployment> all = new LinkedHashMap<>();
        before.deployments().forEach(it -> all.put(it.spec().name(), it));
        saved.forEach(it -> all.put(it.spec().name(), it));
        return new StoredState(before.owner(), List.copyOf(all.values()));
      }
    }

    /** A deployment that is removed. */
    record Remove(String name) implements Change {
      @Override
      public void make(FileStateStore store) {
        store.remove(name);
      }

      @Override
      public StoredState after(StoredState before) {
        return new StoredState(
            before.owner(),
            before.deployments().stream().filter(it -> !it.spec().name().equals(name)).toList());
      }
    }
  }

  /** The values that a store reads from a disk. */
  private record Read(StoredState state, List<LedgerEntry> ledger) {
    static Read of(SimulatedDisk disk) {
      try (CapturedLog log = new CapturedLog();
          FileStateStore store = new FileStateStore(DIRECTORY, disk, SLACK)) {
        return new Read(store.load(), store.ledger());
      }
    }
  }

  /** A life of a store on what a loss has left: what it reads, and that it can go on. */
  private record NextLife(Read read, List<LedgerEntry> ledgerAfterAppend) {

    /** Lives it, or returns what came of the same files before: nothing else decides on that. */
    static NextLife on(SimulatedDisk survivor) {
      return NEXT_LIVES.computeIfAbsent(survivor.contents(), files -> of(survivor));
    }

    private static NextLife of(SimulatedDisk disk) {
      Read read = Read.of(disk);
      try (FileStateStore store = new FileStateStore(DIRECTORY, disk, SLACK)) {
        store.load();
        store.append(Examples.started(99));
        return new NextLife(read, store.ledger());
      }
    }
  }

  /** A life of a store: two engines, one after the other, that save and append. */
  private static final class Run {
    static final List<Change> CHANGES =
        List.of(
            new Change.Owner("first"),
            new Change.Save(Examples.deployment("a", 1)),
            new Change.SaveAll(List.of(Examples.deployment("b", 2), Examples.deployment("c", 3))),
            new Change.Save(Examples.deployment("a", 4)),
            new Change.Remove("b"),
            new Change.SaveAll(List.of(Examples.deployment("c", 5), Examples.deployment("d", 6))),
            new Change.Save(Examples.deployment("a", 7)),
            new Change.Owner("second"),
            new Change.Remove("d"),
            new Change.Save(Examples.deployment("b", 8)));
    static final StoredState LAST_STATE =
        new StoredState(
            "second",
            List.of(
                Examples.deployment("a", 7),
                Examples.deployment("c", 5),
                Examples.deployment("b", 8)));
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
    private StoredState confirmedState = StoredState.empty();
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
        live(CHANGES.subList(0, 3), 0, 2);
        live(CHANGES.subList(3, 10), 2, 5);
      } catch (PowerLoss e) {
        // The end of this life.
      }
      return this;
    }

    private void live(List<Change> changes, int firstEntry, int endEntry) {
      FileStateStore store = new FileStateStore(DIRECTORY, disk, SLACK);
      if (!tried(store::load) || !tried(store::ledger)) {
        store.close();
        return;
      }
      int entry = firstEntry;
      for (Change change : changes) {
        make(store, change);
        if (entry < endEntry) {
          append(store, ENTRIES.get(entry++));
        }
      }
      store.close();
    }

    private void make(FileStateStore store, Change change) {
      StoredState after = change.after(confirmedState);
      possible.add(after);
      if (tried(() -> change.make(store))) {
        possible.retainAll(List.of(after));
        confirmedState = after;
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
      NextLife next = NextLife.on(survivor);
      Read read = next.read;
      assertThat(read.state).as(what).isIn(possible);
      assertThat(confirmed).as(what).matches(c -> isSubsequence(c, read.ledger), "all are there");
      assertThat(read.ledger)
          .as(what)
          .matches(l -> isSubsequence(l, attempted), "no others are there, and none twice");

      List<LedgerEntry> expected = new ArrayList<>(read.ledger);
      expected.add(Examples.started(99));
      assertThat(next.ledgerAfterAppend).as(what).isEqualTo(expected);
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
