package dev.autodeploy.reliability;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.opentest4j.TestAbortedException;

/** Every fault that was asked for, and the table of what came of it. */
final class Faults {
  private static final String ONLY = System.getProperty("faults.only", "");
  private static final Path TABLE = Path.of(System.getProperty("faults.table", "target/faults.md"));

  private Faults() {}

  /** Runs them; returns what was not as it should be. */
  static List<String> run(Path directory) throws Exception {
    return run(chosen(faults(), ONLY), directory);
  }

  static List<String> run(Map<String, Fault> faults, Path directory) throws Exception {
    List<String> failures = new ArrayList<>();
    StringBuilder table = new StringBuilder(Row.HEAD);
    for (Map.Entry<String, Fault> fault : faults.entrySet()) {
      Scene scene = new Scene(directory);
      Files.createDirectories(scene.directory());
      scene.say("\n== " + fault.getKey());
      long begun = System.nanoTime();
      Row row;
      try {
        row = fault.getValue().run(scene);
      } catch (TestAbortedException e) {
        // Thrown on, it would be a skipped test, which no build fails for.
        failures.add(fault.getKey() + " was not done: " + e.getMessage());
        continue;
      }
      scene.say(row.line() + "    " + Duration.ofNanos(System.nanoTime() - begun));
      table.append(row.line());
      write(table.toString());
      scene.failures().forEach(failure -> failures.add(fault.getKey() + ": " + failure));
      if (!row.good()) {
        failures.add(row.line());
      }
    }
    System.out.println("\n" + table);
    return failures;
  }

  /** Returns those that are named; all if none is. */
  static Map<String, Fault> chosen(Map<String, Fault> known, String only) {
    Map<String, Fault> chosen = new LinkedHashMap<>(known);
    if (!only.isEmpty()) {
      List<String> names = List.of(only.split(",", -1));
      for (String name : names) {
        if (!known.containsKey(name)) {
          throw new IllegalArgumentException(
              "faults.only has '%s', but there are only %s, and soak if faults.soak.seconds is above 0"
                  .formatted(name, String.join(", ", known.keySet())));
        }
      }
      chosen.keySet().retainAll(names);
    }
    return chosen;
  }

  private static Map<String, Fault> faults() {
    Map<String, Fault> faults = new LinkedHashMap<>();
    faults.put("host-local", new HostKilled(false, false, rounds(20)));
    faults.put("host-local-again", new HostKilled(false, true, rounds(30)));
    faults.put("host-docker", new HostKilled(true, false, rounds(15)));
    faults.put("host-docker-again", new HostKilled(true, true, rounds(20)));
    faults.put("daemon-stopped", DaemonFault.stopped(rounds(6)));
    faults.put("daemon-killed", DaemonFault.killed(rounds(6)));
    faults.put("daemon-frozen", DaemonFault.frozen(rounds(10)));
    faults.put("daemon-disk", DaemonFault.diskFull(rounds(10)));
    faults.put("state-disk", new StateDiskFull(rounds(20)));
    faults.put("network-reset", new NetworkCut(Relay.Mode.RESET, rounds(30)));
    faults.put("network-close", new NetworkCut(Relay.Mode.CLOSE, rounds(30)));
    faults.put("network-stall", new NetworkCut(Relay.Mode.STALL, rounds(10)));
    faults.put("crash", InstanceFault.crashing(rounds(40)));
    faults.put("memory", InstanceFault.outOfMemory(rounds(15)));
    faults.put("turns-local", new TurnsOnOneGpu(false, rounds(200)));
    faults.put("turns-docker", new TurnsOnOneGpu(true, rounds(100)));
    faults.put("idle-deadline", new IdleDeadline(rounds(10_000)));
    Duration soak = Duration.ofSeconds(number("faults.soak.seconds", "0"));
    if (!soak.isZero()) {
      faults.put("soak", new Soak(soak, System.getProperty("faults.leak", "")));
    }
    return faults;
  }

  /** So many in a full pass; fewer in a quick one. */
  private static int rounds(int full) {
    return Math.max(1, full * number("faults.scale", "100") / 100);
  }

  /** Returns a number; what is none is refused, not taken for the default. */
  private static int number(String option, String otherwise) {
    return Integer.parseInt(System.getProperty(option, otherwise));
  }

  private static void write(String table) throws IOException {
    Files.createDirectories(TABLE.toAbsolutePath().getParent());
    Files.writeString(TABLE, table);
  }
}
