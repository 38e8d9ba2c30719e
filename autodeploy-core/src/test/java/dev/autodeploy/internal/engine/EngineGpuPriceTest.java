package dev.autodeploy.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.CostKey;
import dev.autodeploy.CostLine;
import dev.autodeploy.Deployment;
import dev.autodeploy.GpuRequest;
import dev.autodeploy.Money;
import dev.autodeploy.Rate;
import dev.autodeploy.UsageInterval;
import dev.autodeploy.spi.CostMeter;
import dev.autodeploy.spi.LedgerEntry;
import dev.autodeploy.spi.ProviderCapacity;
import dev.autodeploy.spi.ProviderInstance;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Prices by the GPU that an instance really got, and deployments to which no price applies. */
@Timeout(60)
final class EngineGpuPriceTest {
  private static final CostMeter BY_MODEL =
      CostMeter.hourly("USD").gpuModel("L4", "3.60").gpuModel("H100", "36").build();

  private final EngineHarness h = new EngineHarness();

  private static ProviderCapacity.Gpu gpu(String id, String model) {
    return new ProviderCapacity.Gpu(id, List.of(id), model, 0);
  }

  private void gpus(ProviderCapacity.Gpu... gpus) {
    h.provider.capacity = ProviderCapacity.of(List.of(gpus));
    h.meter = BY_MODEL;
    h.start();
  }

  private static Rate perGpu(String amount, int gpus) {
    return new Rate(Money.of(amount, "USD"), Rate.Unit.GPU, gpus, Duration.ZERO, Duration.ZERO);
  }

  @Test
  void requestThatNamesNoModel_isChargedByTheModelOfEachGpuThatItGot() {
    gpus(gpu("0", "L4"), gpu("1", "L4"));

    Deployment voice = h.deploy(b -> b.gpu(GpuRequest.count(2)));
    h.acquire(voice).close();
    h.time.passSeconds(100);
    voice.releaseNow();
    h.time.run();

    assertThat(h.store.lines(LedgerEntry.Started.class).get(0).rate()).isEqualTo(perGpu("3.60", 2));
    UsageInterval closed = h.store.lines(LedgerEntry.Released.class).get(0).usage();
    assertThat(closed.billing().gpuModel()).isEqualTo("L4");
    assertThat(closed.billing().gpus()).isEqualTo(2);
    assertThat(closed.billing().charges())
        .singleElement()
        .satisfies(charge -> assertThat(charge.rate()).isEqualTo(perGpu("3.60", 2)));
    assertThat(h.costs(Instant.EPOCH, h.time.instant()).by(CostKey.GPU_MODEL))
        .extracting(CostLine::gpuModel)
        .containsExactly("L4");
    assertThat(voice.cost().alwaysOn().amount()).isPositive();
    assertThat(voice.status().unpriced()).isNull();
  }

  @Test
  void modelThatTheProviderTells_countsFromTheStartRequestOn_alsoAfterARestart() {
    h.meter = BY_MODEL; // what there is, is not known
    h.provider.startAnswer = new CompletableFuture<>();
    h.start();
    Deployment voice = h.deploy(b -> b.gpu(GpuRequest.count(1)));
    voice.acquireAsync();
    h.time.passSeconds(100);
    h.provider.startAnswer.complete(h.provider.put(withModel("H100")));
    h.time.run();
    assertThat(voice.cost().total()).isEqualTo(Money.of("1", "USD"));

    EngineHarness next = new EngineHarness(h); // the first was killed
    next.meter = BY_MODEL;
    next.start();

    assertThat(next.engine.deployment("voice").cost().total()).isEqualTo(Money.of("1", "USD"));
    next.engine.deployment("voice").releaseNow();
    next.time.run();
    UsageInterval closed = next.store.lines(LedgerEntry.Released.class).get(0).usage();
    assertThat(closed.billing().gpuModel()).isEqualTo("H100");
    assertThat(closed.billing().charges()).hasSize(1);
  }

  private ProviderInstance withModel(String model) {
    var request = h.provider.requests.get(0);
    return ProviderInstance.builder(request, h.time.instant())
        .endpoint(URI.create("http://127.0.0.1:40000"))
        .gpuModel(model)
        .build();
  }

  @Test
  void deploymentWithoutGpu_toWhichNoPriceApplies_saysSo() {
    gpus(gpu("0", "L4"));

    assertThat(h.deploy().status().unpriced()).contains("no price applies to its instances;");
  }

  @Test
  void deploymentThatMayGetAGpuWithoutAPrice_saysWhich_untilItGotOneWithAPrice() {
    gpus(gpu("0", "L4"), gpu("1", "T4"), gpu("2", ""));

    Deployment voice = h.deploy(b -> b.gpu(GpuRequest.count(1)));
    assertThat(voice.status().unpriced()).contains("T4 or GPU 2, whose model is not known");

    h.acquire(voice).close();
    assertThat(voice.status().unpriced()).isNull();
  }

  @Test
  void deploymentThatGotAGpuWithoutAPrice_saysSo() {
    gpus(gpu("0", "T4"));

    Deployment voice = h.deploy(b -> b.gpu(GpuRequest.count(1)));
    h.acquire(voice).close();

    assertThat(voice.status().unpriced()).contains("GPUs of model T4");
  }

  @Test
  void deploymentOfWhichNobodyKnowsTheGpus_saysSo_andAPriceOfItsOwnEndsThat() {
    h.meter = BY_MODEL;
    h.start();

    Deployment voice = h.deploy(b -> b.gpu(GpuRequest.count(1)));
    assertThat(voice.status().unpriced()).contains("not known before the first start");

    h.deploy(b -> b.gpu(GpuRequest.count(1)).pricePerHour(Money.of("1", "USD")));
    assertThat(voice.status().unpriced()).isNull();
  }
}
