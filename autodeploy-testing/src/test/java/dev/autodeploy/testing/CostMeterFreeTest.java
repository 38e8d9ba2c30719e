package dev.autodeploy.testing;

import dev.autodeploy.spi.CostMeter;

class CostMeterFreeTest extends CostMeterContract {
  @Override
  protected CostMeter meter() {
    return CostMeter.free();
  }
}
