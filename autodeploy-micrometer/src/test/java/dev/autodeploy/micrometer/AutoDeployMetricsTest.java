package dev.autodeploy.micrometer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.Lease;
import dev.autodeploy.SleepMode;
import dev.autodeploy.spi.CostMeter;
import dev.autodeploy.spi.InstanceProvider;
import dev.autodeploy.spi.InstanceStartException;
import dev.autodeploy.spi.ProviderInstance;
import dev.autodeploy.spi.StartRequest;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class AutoDeployMetricsTest {

  /** Instances that are nothing but a record. */
  private static final class NoProvider implements InstanceProvider {
    @Override
    public CompletionStage<ProviderInstance> start(StartRequest request) {
      if (request.deployment().equals("broken")) {
        throw new InstanceStartException("no", null, null);
      }
      return CompletableFuture.completedFuture(
          ProviderInstance.of(request, URI.create("http://127.0.0.1:1"), Instant.now()));
    }

    @Override
    public CompletionStage<Void> release(String instanceId, Duration grace) {
      return CompletableFuture.completedFuture(null);
    }

    @Override
    public CompletionStage<List<ProviderInstance>> list(String owner) {
      return CompletableFuture.completedFuture(List.of());
    }

    @Override
    public CompletionStage<String> call(ProviderInstance instance, SleepMode.Request request) {
      return CompletableFuture.completedFuture("");
    }

    @Override
    public CompletionStage<List<String>> logs(String instanceId, int lines) {
      return CompletableFuture.completedFuture(List.of());
    }
  }

  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  private AutoDeploy autoDeploy;
  private AutoDeployMetrics metrics;

  @BeforeEach
  void start() {
    autoDeploy =
        AutoDeploy.builder()
            .provider(new NoProvider())
            .callbackExecutor(Runnable::run)
            .costMeter(CostMeter.perHour("3600", "USD"))
            .releaseOnShutdown(false)
            .build();
    metrics = AutoDeployMetrics.of(autoDeploy);
    metrics.bindTo(registry);
  }

  @AfterEach
  void stop() {
    metrics.close();
    autoDeploy.close();
  }

  private Deployment deploy(String name) {
    return autoDeploy.deploy(
        DeploymentSpec.builder(name).port(80).readiness(target -> true).build());
  }

  private double value(String name, String... tags) {
    Meter meter = registry.get(name).tags(tags).meter();
    return meter.measure().iterator().next().getValue();
  }

  @Test
  void sleepAndWake_areCounted() throws Exception {
    SleepMode mode =
        SleepMode.of(
            List.of(SleepMode.Request.post("/sleep")), List.of(SleepMode.Request.post("/wake")));
    Deployment voice =
        autoDeploy.deploy(
            DeploymentSpec.builder("voice")
                .port(80)
                .readiness(target -> true)
                .sleepMode(mode)
                .sleepAfter(Duration.ofMillis(1))
                .build());
    voice.acquire(Duration.ofSeconds(10)).close();
    while (value("autodeploy.instances.asleep") == 0) {
      Thread.sleep(5);
    }
    voice.acquire(Duration.ofSeconds(10)).close();

    assertThat(registry.get("autodeploy.wake.duration").timer().count()).isEqualTo(1);
    assertThat(registry.get("autodeploy.sleep.duration").timer().count()).isPositive();
    assertThat(value("autodeploy.sleep.failures")).isZero();
    assertThat(value("autodeploy.cold.starts")).isEqualTo(1);
  }

  @Test
  void aDeploymentsLife_isCounted() throws Exception {
    Deployment voice = deploy("voice");
    assertThat(value("autodeploy.deployments", "status", "standby")).isEqualTo(1);
    assertThat(value("autodeploy.instances", "deployment", "voice")).isZero();

    try (Lease lease = voice.acquire(Duration.ofSeconds(5))) {
      assertThat(lease.coldStart()).isTrue();
      assertThat(value("autodeploy.requests.in.flight", "deployment", "voice")).isEqualTo(1);
      assertThat(value("autodeploy.deployments", "status", "running")).isEqualTo(1);
      assertThat(value("autodeploy.instances", "deployment", "voice")).isEqualTo(1);
      Thread.sleep(20);
    }
    voice.acquire(Duration.ofSeconds(5)).close();
    assertThat(value("autodeploy.requests", "deployment", "voice")).isEqualTo(2);
    assertThat(value("autodeploy.cold.starts", "deployment", "voice")).isEqualTo(1);
    assertThat(value("autodeploy.requests.held.time", "deployment", "voice")).isPositive();
    assertThat(value("autodeploy.starts", "deployment", "voice", "reason", "request")).isEqualTo(1);
    assertThat(value("autodeploy.start.duration", "deployment", "voice")).isEqualTo(1);
    assertThat(value("autodeploy.cost", "deployment", "voice", "currency", "USD"))
        .isGreaterThan(0.01);

    voice.release().get();
    until(() -> registry.find("autodeploy.releases").tag("reason", "requested").meter() != null);
    assertThat(value("autodeploy.instance.lifetime", "deployment", "voice")).isEqualTo(1);
    assertThat(value("autodeploy.requests.pending", "deployment", "voice")).isZero();
  }

  @Test
  void limitsOfTheEngine_areMeasuredByTheirParts() throws Exception {
    assertThat(value("autodeploy.engine.instances.used")).isZero();
    assertThat(value("autodeploy.engine.memory.used")).isZero();
    SimpleMeterRegistry limited = new SimpleMeterRegistry();
    try (AutoDeploy engine =
        AutoDeploy.builder()
            .provider(new NoProvider())
            .maxInstances(4)
            .hostMemoryBytes(16L << 30)
            .releaseOnShutdown(false)
            .build()) {
      AutoDeployMetrics.of(engine).bindTo(limited);
      DeploymentSpec spec =
          DeploymentSpec.builder("voice")
              .port(80)
              .readiness(target -> true)
              .memoryBytes(2L << 30)
              .build();
      try (Lease lease = engine.deploy(spec).acquire(Duration.ofSeconds(5))) {
        assertThat(lease.coldStart()).isTrue();
        assertThat(limited.get("autodeploy.engine.instances.used").gauge().value()).isEqualTo(0.25);
        assertThat(limited.get("autodeploy.engine.memory.used").gauge().value()).isEqualTo(0.125);
      }
    }
  }

  @Test
  void failures_areCountedByKind() throws Exception {
    Deployment broken = deploy("broken");
    assertThat(value("autodeploy.start.failures", "kind", "provider"))
        .as("there before the first one, or who watches its growth would miss that")
        .isZero();
    assertThat(value("autodeploy.release.failures", "deployment", "broken")).isZero();

    broken.warmUp().exceptionally(e -> null).get();

    until(() -> value("autodeploy.start.failures", "kind", "provider") == 1);
  }

  @Test
  void deploymentsThatExistedBefore_haveMetersToo() {
    deploy("early");
    SimpleMeterRegistry second = new SimpleMeterRegistry();
    metrics.bindTo(second);
    assertThat(second.get("autodeploy.instances").tag("deployment", "early").gauge().value())
        .isZero();
  }

  @Test
  void aDeploymentThatIsRemoved_leavesNoMeters() throws Exception {
    Deployment voice = deploy("voice");
    voice.warmUp().get();
    autoDeploy.remove("voice").get();
    until(() -> registry.find("autodeploy.instances").meter() == null);
    until(
        () -> registry.getMeters().stream().noneMatch(m -> m.getId().getTag("deployment") != null));
    deploy("voice");
    until(() -> registry.find("autodeploy.instances").meter() != null);
  }

  private static void until(java.util.concurrent.Callable<Boolean> condition) throws Exception {
    for (int i = 0; i < 500 && !condition.call(); i++) {
      Thread.sleep(10);
    }
    assertThat(condition.call()).isTrue();
  }
}
