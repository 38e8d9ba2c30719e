package dev.autodeploy.reliability;

import dev.autodeploy.IdleDeadlineRace;
import java.time.Duration;

/** A request meets the idle deadline, again and again. */
final class IdleDeadline implements Fault {
  private final int rounds;

  IdleDeadline(int rounds) {
    this.rounds = rounds;
  }

  @Override
  public Row run(Scene scene) throws Exception {
    Tally tally = new Tally();
    try {
      IdleDeadlineRace.run(
          scene.directory(),
          rounds,
          took -> tally.add(new Outcome(Outcome.Kind.ANSWERED, took, "")));
    } catch (AssertionError e) {
      scene.fail(e.toString());
    }
    boolean gone = Pause.until(Duration.ofSeconds(15), () -> left() == 0);
    return Row.of("request at the idle deadline", rounds, tally, gone ? 0 : (int) left());
  }

  private static long left() {
    return ProcessHandle.current()
        .descendants()
        .filter(process -> process.info().command().orElse("").endsWith("/sleep"))
        .count();
  }
}
