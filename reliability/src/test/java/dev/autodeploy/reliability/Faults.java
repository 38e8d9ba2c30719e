package dev.autodeploy.reliability;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Every fault that was asked for, and the table of what came of it. */
final class Faults {
  private static final String ONLY = System.getProperty("faults.only", "");
  private static final Path TABLE = Path.of(System.getProperty("faults.table", "target/faults.md"));

  private Faults() {}

  /** Runs them; returns what was not as it should be. */
  static List<String> run(Path directory) throws Exception {
    List<String> failures = new ArrayList<>();
    StringBuilder table = new StringBuilder(Row.HEAD);
    for (Map.Entry<String, Fault> fault : faults().entrySet()) {
      if (!ONLY.isEmpty() && !List.of(ONLY.split(",")).contains(fault.getKey())) {
        continue;
      }
      Scene scene = new Scene(directory);
      Files.createDirectories(scene.directory());
      scene.say("%n== %s", fault.getKey());
      long begun = System.nanoTime();
      Row row = fault.getValue().run(scene);
      scene.say("%s    %s", row.line(), Duration.ofNanos(System.nanoTime() - begun));
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

  private static Map<String, Fault> faults() {
    Map<String, Fault> faults = new LinkedHashMap<>();
    Duration soak = Duration.ofSeconds(Long.getLong("faults.soak.seconds", 0));
    if (!soak.isZero()) {
      faults.put("soak", new Soak(soak, System.getProperty("faults.leak", "")));
    }
    return faults;
  }

  private static void write(String table) throws IOException {
    Files.createDirectories(TABLE.toAbsolutePath().getParent());
    Files.writeString(TABLE, table);
  }
}
