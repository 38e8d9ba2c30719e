package dev.autodeploy.testing;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class RandomWalkTest {

  @Test
  void walk_overAHundredThousandLifecycles_breaksNoInvariant() {
    int lifecycles = 0;
    for (long seed = 0; lifecycles < 100_000; seed++) {
      lifecycles += RandomWalk.seed(seed).lifecycles(500).run().lifecycles();
    }
    assertThat(lifecycles).isGreaterThanOrEqualTo(100_000);
  }
}
