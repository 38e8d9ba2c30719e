package dev.autodeploy;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(600)
class IdleDeadlineRaceTest {
  private static final int ROUNDS = Integer.getInteger("autodeploy.race.rounds", 500);

  @Test
  void requests_exactlyAtTheIdleDeadline_areNeitherLostNorGivenADyingInstance(
      @TempDir Path directory) throws Exception {
    IdleDeadlineRace.run(directory, "race", ROUNDS, took -> {});
  }
}
