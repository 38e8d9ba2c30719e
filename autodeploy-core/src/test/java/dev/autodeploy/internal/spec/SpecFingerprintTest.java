package dev.autodeploy.internal.spec;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.Budget;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.GpuRequest;
import dev.autodeploy.Money;
import dev.autodeploy.Mount;
import dev.autodeploy.Schedule;
import dev.autodeploy.SleepMode;
import dev.autodeploy.spi.IdlePolicy;
import dev.autodeploy.spi.ReadinessProbe;
import java.lang.reflect.Method;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

final class SpecFingerprintTest {

  private static final boolean REPLACES = true;
  private static final boolean KEEPS = false;

  /** Every setting, and whether a running instance no longer fits when it is changed. */
  static Stream<Setting> settings() {
    return Stream.of(
        new Setting("description", KEEPS, b -> b.description("another")),
        new Setting("image", REPLACES, b -> b.image("another:latest")),
        new Setting("snapshot", REPLACES, b -> b.snapshot("warm")),
        new Setting("gpu", REPLACES, b -> b.gpu(GpuRequest.count(2))),
        new Setting("gpu", REPLACES, b -> b.gpu(GpuRequest.all())),
        new Setting("gpu", REPLACES, b -> b.gpu(GpuRequest.ids("1"))),
        new Setting("gpu", REPLACES, b -> b.gpu(GpuRequest.count(1).model("L4"))),
        new Setting("port", REPLACES, b -> b.port(8081)),
        new Setting("arguments", REPLACES, b -> b.arguments("--port", "8080")),
        new Setting("startCommand", REPLACES, b -> b.startCommand("serve --fast")),
        new Setting("environment", REPLACES, b -> b.environment("TOKEN", "another")),
        new Setting("environment", REPLACES, b -> b.environment("MORE", "")),
        new Setting("environment", REPLACES, b -> b.environment(Map.of("LANG", "C"))),
        new Setting("mount", REPLACES, b -> b.mount(Mount.of("/a", "/b"))),
        new Setting("sharedMemoryBytes", REPLACES, b -> b.sharedMemoryBytes(1L << 30)),
        new Setting("memoryBytes", REPLACES, b -> b.memoryBytes(1L << 30)),
        new Setting("cpus", REPLACES, b -> b.cpus(1.5)),
        new Setting("maxProcesses", REPLACES, b -> b.maxProcesses(100)),
        new Setting("workingDirectory", REPLACES, b -> b.workingDirectory("/srv")),
        new Setting("readiness", KEEPS, b -> b.readiness(ReadinessProbe.http("/ready"))),
        new Setting("probeInterval", KEEPS, b -> b.probeInterval(Duration.ofSeconds(1))),
        new Setting("liveness", KEEPS, b -> b.liveness(ReadinessProbe.http("/live"))),
        new Setting("livenessInterval", KEEPS, b -> b.livenessInterval(Duration.ofSeconds(9))),
        new Setting("livenessThreshold", KEEPS, b -> b.livenessThreshold(7)),
        new Setting("maxRequestTime", KEEPS, b -> b.maxRequestTime(Duration.ofMinutes(9))),
        new Setting("sleepMode", KEEPS, b -> b.sleepMode(SleepMode.vllm())),
        new Setting(
            "sleepAfter",
            KEEPS,
            b -> b.sleepMode(SleepMode.vllm()).sleepAfter(Duration.ofSeconds(7))),
        new Setting("maxLifetime", KEEPS, b -> b.maxLifetime(Duration.ofHours(9))),
        new Setting("probeThreshold", KEEPS, b -> b.probeThreshold(2)),
        new Setting("prepareAhead", KEEPS, b -> b.prepareAhead(true)),
        new Setting("priority", KEEPS, b -> b.priority(1)),
        new Setting("pinned", KEEPS, b -> b.pinned(true)),
        new Setting("startTimeout", KEEPS, b -> b.startTimeout(Duration.ofSeconds(7))),
        new Setting("startTimeoutFactor", KEEPS, b -> b.startTimeoutFactor(7)),
        new Setting("idleTimeout", KEEPS, b -> b.idleTimeout(Duration.ofSeconds(7))),
        new Setting("idlePolicy", KEEPS, b -> b.idlePolicy(IdlePolicy.never())),
        new Setting("minInstances", KEEPS, b -> b.minInstances(1)),
        new Setting("maxInstances", KEEPS, b -> b.maxInstances(7)),
        new Setting("concurrency", KEEPS, b -> b.concurrency(7)),
        new Setting("maxPending", KEEPS, b -> b.maxPending(7)),
        new Setting("releaseGrace", KEEPS, b -> b.releaseGrace(Duration.ofSeconds(7))),
        new Setting(
            "startBackoff",
            KEEPS,
            b -> b.startBackoff(Duration.ofSeconds(7), Duration.ofSeconds(9))),
        new Setting("priority", KEEPS, b -> b.priority(7)),
        new Setting("pinned", KEEPS, b -> b.pinned(true)),
        new Setting("pricePerHour", KEEPS, b -> b.pricePerHour(Money.of("7", "EUR"))),
        new Setting("preserveHost", KEEPS, b -> b.preserveHost(false)),
        new Setting(
            "schedule",
            KEEPS,
            b -> b.schedule(Schedule.weekly(ZoneOffset.UTC).closed("MON", "00:00", "06:00"))),
        new Setting("budget", KEEPS, b -> b.budget(Budget.money("20", "USD").cut())),
        new Setting("linkPort", KEEPS, b -> b.linkPort(20_007)));
  }

  @ParameterizedTest
  @MethodSource("settings")
  void of_changesWithWhatAnInstanceDependsOnAndNothingElse(Setting setting) {
    DeploymentSpec before = base().build();
    DeploymentSpec after = setting.change.apply(before.toBuilder()).build();

    assertThat(after).isNotEqualTo(before);
    if (setting.replaces) {
      assertThat(SpecFingerprint.of(after)).isNotEqualTo(SpecFingerprint.of(before));
    } else {
      assertThat(SpecFingerprint.of(after)).isEqualTo(SpecFingerprint.of(before));
    }
  }

  @Test
  void settings_coverEverySetterOfTheBuilder() {
    List<String> setters =
        Arrays.stream(DeploymentSpec.Builder.class.getMethods())
            .filter(m -> m.getReturnType().isAssignableFrom(DeploymentSpec.Builder.class))
            .filter(m -> m.getReturnType() != Object.class)
            .map(Method::getName)
            .distinct()
            .collect(Collectors.toCollection(ArrayList::new));

    assertThat(settings().map(s -> s.name).distinct()).containsExactlyInAnyOrderElementsOf(setters);
  }

  @Test
  void of_tellsASnapshotFromAnImageOfTheSameNameAndFromNone() {
    DeploymentSpec.Builder bare = DeploymentSpec.builder("voice").port(8080);
    String none = SpecFingerprint.of(bare.build());
    String image = SpecFingerprint.of(bare.build().toBuilder().image("voice").build());
    String snapshot = SpecFingerprint.of(bare.build().toBuilder().snapshot("voice").build());
    String other = SpecFingerprint.of(bare.build().toBuilder().snapshot("voice2").build());

    assertThat(List.of(none, image, snapshot, other)).doesNotHaveDuplicates();
  }

  @Test
  void of_doesNotDependOnTheOrderOfVariables() {
    Map<String, String> forwards = new LinkedHashMap<>();
    forwards.put("A", "1");
    forwards.put("B", "2");
    Map<String, String> backwards = new LinkedHashMap<>();
    backwards.put("B", "2");
    backwards.put("A", "1");

    assertThat(SpecFingerprint.of(base().environment(forwards).build()))
        .isEqualTo(SpecFingerprint.of(base().environment(backwards).build()));
  }

  @Test
  void of_dependsOnTheOrderOfDevicesAndMounts() {
    Mount first = Mount.of("/a", "/data");
    Mount second = Mount.of("/b", "/data/b");

    assertThat(SpecFingerprint.of(base().gpu(GpuRequest.ids("0", "1")).build()))
        .isNotEqualTo(SpecFingerprint.of(base().gpu(GpuRequest.ids("1", "0")).build()));
    assertThat(SpecFingerprint.of(base().mount(first).mount(second).build()))
        .isNotEqualTo(SpecFingerprint.of(base().mount(second).mount(first).build()));
    assertThat(SpecFingerprint.of(base().mount(first).build()))
        .isNotEqualTo(SpecFingerprint.of(base().mount(first.asReadOnly()).build()));
  }

  @Test
  void of_tellsApartTextsThatJoinToTheSame() {
    assertThat(
            Stream.of(
                    base().environment("AB", "C"),
                    base().environment("A", "BC"),
                    base().environment("A", "B").environment("C", ""),
                    base().environment("A", "").environment("B", "C"),
                    base().environment("A", "B=C"),
                    base().environment("A", "\ud800"),
                    base().environment("A", "?"),
                    base().mount(Mount.of("/a/b", "/c")),
                    base().mount(Mount.of("/a", "/b/c")),
                    base().gpu(GpuRequest.ids("1", "2")),
                    base().gpu(GpuRequest.ids("12")),
                    base().gpu(GpuRequest.ids("1").model("2")))
                .map(b -> SpecFingerprint.of(b.build())))
        .doesNotHaveDuplicates();
  }

  @Test
  void of_differsBetweenDeployments() {
    assertThat(SpecFingerprint.of(DeploymentSpec.builder("a").port(1).build()))
        .isNotEqualTo(SpecFingerprint.of(DeploymentSpec.builder("b").port(1).build()));
  }

  @Test
  void of_isTheSameInEveryVersion_orRunningInstancesAreReplacedByAnUpgrade() {
    DeploymentSpec spec =
        DeploymentSpec.builder("voice")
            .image("breezyvoice:latest")
            .gpu(GpuRequest.ids("0", "1").model("NVIDIA L4"))
            .port(8080)
            .startCommand("python api.py")
            .environment("TOKEN", "s3cret")
            .environment("LANG", "zh_TW.UTF-8")
            .mount(Mount.of("/models", "/models").asReadOnly())
            .sharedMemoryBytes(1L << 30)
            .build();

    assertThat(SpecFingerprint.of(spec)).isEqualTo("1d5a3cd7de685980");
  }

  private static DeploymentSpec.Builder base() {
    return DeploymentSpec.builder("voice")
        .image("voice:latest")
        .gpu(GpuRequest.count(1))
        .port(8080)
        .startCommand("serve")
        .environment("TOKEN", "s3cret");
  }

  record Setting(String name, boolean replaces, UnaryOperator<DeploymentSpec.Builder> change) {
    @Override
    public String toString() {
      return name + (replaces ? " replaces" : " keeps") + " the instance";
    }
  }
}
