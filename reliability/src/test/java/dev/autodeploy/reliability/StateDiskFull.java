package dev.autodeploy.reliability;

import dev.autodeploy.LocalProcessProvider;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/** The disk of the state directory is full under load, and has space again. */
final class StateDiskFull implements Fault {
  private final int rounds;

  StateDiskFull(int rounds) {
    this.rounds = rounds;
  }

  @Override
  @SuppressWarnings("try") // a load works by itself
  public Row run(Scene scene) throws Exception {
    Tally tally = new Tally();
    try (SmallDisk disk = SmallDisk.mount(scene.directory().resolve("disk"))) {
      Path state = disk.directory().resolve("state");
      try (Host host = host(scene, state)) {
        Recovery.await(scene, host.link(), tally);
        long entries = 0;
        boolean noticed = false;
        try (Load load = Load.sparse(host::link, tally)) {
          for (int round = 0; round < rounds; round++) {
            Pause.millis(300 + scene.random().nextInt(1500));
            SmallDisk.fill(disk.directory());
            // The page in which the ledger ends still has space: go on until that is used up.
            int told = tally.count(Outcome.Kind.TOLD);
            Pause.until(Duration.ofSeconds(20), () -> tally.count(Outcome.Kind.TOLD) > told);
            Pause.millis(scene.random().nextInt(2000));
            noticed |= tally.count(Outcome.Kind.TOLD) > told;
            SmallDisk.empty(disk.directory());
            Recovery.await(scene, host.link(), tally);
            entries = grown(scene, state, entries);
          }
          scene.expectProcess();
          if (!noticed) {
            scene.fail("no request was refused while the disk was full");
          }
        }
      }
      int leaked = scene.leakedProcesses();
      try (Host again = host(scene, state)) {
        Recovery.await(scene, again.link(), tally);
      }
      leaked += scene.leakedProcesses();
      scene.explain(tally);
      return Row.of("disk of the state directory full", rounds, tally, leaked);
    }
  }

  private static Host host(Scene scene, Path state) {
    return Host.start(
        LocalProcessProvider.create(),
        scene.owner("local"),
        state,
        // Short, so that instances are started and released while the disk is full.
        Service.local(scene.mark()).idleTimeout(Duration.ofMillis(100)).build());
  }

  private static long grown(Scene scene, Path state, long before) throws IOException {
    long now = Files.size(state.resolve("ledger.jsonl"));
    if (now < before) {
      scene.fail("the ledger shrank from " + before + " to " + now + " bytes");
    }
    return now;
  }
}
