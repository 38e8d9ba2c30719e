package dev.autodeploy.testing;

import dev.autodeploy.spi.IdlePolicy;

class IdlePolicyAdaptiveTest extends IdlePolicyContract {
  @Override
  protected IdlePolicy policy() {
    return IdlePolicy.adaptive();
  }
}
