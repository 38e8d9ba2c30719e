package dev.autodeploy.testing;

import dev.autodeploy.spi.CostMeter;

class CostMeterPerHourTest extends CostMeterContract {
  @Override
  protected CostMeter meter() {
    return CostMeter.perHour("0.49", "USD");
  }
}
