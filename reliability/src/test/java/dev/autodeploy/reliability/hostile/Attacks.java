package dev.autodeploy.reliability.hostile;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.opentest4j.TestAbortedException;

/** Every attack that was asked for, and the table of what came of it. */
final class Attacks {
  static final String HEAD =
      """
      | played by | attack | without defence | rounds | broke | held |
      | --- | --- | --- | ---: | ---: | ---: |
      """;

  private Attacks() {}

  static Map<String, Attack> all() {
    Map<String, Attack> attacks = new LinkedHashMap<>();
    Neighbours.addTo(attacks);
    Pages.addTo(attacks);
    EvilInstances.addTo(attacks);
    SlowCallers.addTo(attacks);
    Outsiders.addTo(attacks);
    return attacks;
  }

  /** Returns those that are named; all if none is. */
  static Map<String, Attack> chosen(Map<String, Attack> known, String only) {
    Map<String, Attack> chosen = new LinkedHashMap<>(known);
    if (!only.isEmpty()) {
      List<String> names = List.of(only.split(",", -1));
      if (!known.keySet().containsAll(names)) {
        throw new IllegalArgumentException(
            "hostile.only is '%s', but there are only %s"
                .formatted(only, String.join(", ", known.keySet())));
      }
      chosen.keySet().retainAll(names);
    }
    return chosen;
  }

  /** Runs them; returns what was not as it should be. */
  static List<String> run(Map<String, Attack> attacks, int rounds, Path directory, Path table)
      throws IOException {
    if (rounds < 1) {
      throw new IllegalArgumentException("hostile.rounds must be 1 or more, but was " + rounds);
    }
    List<String> failures = new ArrayList<>();
    StringBuilder lines = new StringBuilder(HEAD);
    for (Map.Entry<String, Attack> entry : attacks.entrySet()) {
      String name = entry.getKey();
      Attack attack = entry.getValue();
      long begun = System.nanoTime();
      String without;
      int broke = 0;
      try {
        without = play(attack.unprotected(), directory);
        if (without == null) {
          failures.add(name + " breaks nothing, not even what is unprotected");
        }
        for (int round = 0; round < rounds; round++) {
          String what = play(attack.ours(), directory);
          if (what != null) {
            broke++;
            failures.add(name + ": " + what);
          }
        }
      } catch (AssertionError e) {
        e.printStackTrace(System.out);
        failures.add(name + " was not played: " + e.getMessage());
        continue;
      }
      lines.append(
          "| %s | %s | %s | %d | %d | %d |%n"
              .formatted(
                  attack.role(),
                  attack.name(),
                  without == null ? "held" : "broke",
                  rounds,
                  broke,
                  rounds - broke));
      System.out.printf(
          "%s: without defence: %s; broke %d of %d, %.1f s%n",
          name, shown(without), broke, rounds, (System.nanoTime() - begun) / 1e9);
      Files.createDirectories(table.toAbsolutePath().getParent());
      Files.writeString(table, lines);
    }
    System.out.println("\n" + lines);
    failures.forEach(System.out::println);
    return failures;
  }

  /** In one line, and without what an attacker put into it. */
  private static String shown(@Nullable String what) {
    return what == null ? "held" : what.replaceAll("\\p{Cntrl}+", " ");
  }

  /** Plays an attack; what cannot be played did not hold. */
  private static @Nullable String play(Attack.Play play, Path directory) {
    try (Ground ground = new Ground(directory)) {
      return play.broke(ground);
    } catch (TestAbortedException e) {
      throw new AssertionError("cannot be played here: " + e.getMessage(), e);
    } catch (Exception e) {
      throw new AssertionError("could not be played: " + e, e);
    }
  }
}
