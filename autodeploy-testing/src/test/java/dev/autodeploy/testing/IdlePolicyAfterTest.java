package dev.autodeploy.testing;

import dev.autodeploy.spi.IdlePolicy;
import java.time.Duration;

class IdlePolicyAfterTest extends IdlePolicyContract {
  @Override
  protected IdlePolicy policy() {
    return IdlePolicy.after(Duration.ZERO);
  }
}
