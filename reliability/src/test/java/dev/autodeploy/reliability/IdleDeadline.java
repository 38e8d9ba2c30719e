package dev.autodeploy.reliability;

import dev.autodeploy.IdleDeadlineRace;

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
          "/tmp/" + scene.mark(),
          rounds,
          took -> {
            if (tally.requests() == 0) {
              scene.expectProcess();
            }
            tally.add(new Outcome(Outcome.Kind.ANSWERED, took, ""));
          });
    } catch (AssertionError e) {
      scene.fail(e.toString());
    }
    return Row.of("request at the idle deadline", rounds, tally, scene.leakedProcesses());
  }
}
