package dev.autodeploy.testing;

import dev.autodeploy.spi.IdlePolicy;

class IdlePolicyNeverTest extends IdlePolicyContract {
  @Override
  protected IdlePolicy policy() {
    return IdlePolicy.never();
  }
}
