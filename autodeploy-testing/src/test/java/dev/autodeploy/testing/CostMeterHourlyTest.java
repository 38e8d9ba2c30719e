package dev.autodeploy.testing;

import dev.autodeploy.GpuRequest;
import dev.autodeploy.spi.CostMeter;
import java.util.List;

class CostMeterHourlyTest extends CostMeterContract {
  @Override
  protected CostMeter meter() {
    return CostMeter.hourly("EUR")
        .deployment("voice", "1.25")
        .gpuModel("RTX 4090", "0.49")
        .defaultPrice("0.01")
        .build();
  }

  @Override
  protected List<String> deployments() {
    return List.of("voice", "other");
  }

  @Override
  protected List<GpuRequest> gpus() {
    return List.of(
        GpuRequest.none(),
        GpuRequest.count(3).model("RTX 4090"),
        GpuRequest.ids("0", "7").model("RTX 4090"),
        GpuRequest.all().model("unknown"));
  }
}
