package dev.autodeploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.autodeploy.spi.IdlePolicy;
import dev.autodeploy.spi.ReadinessProbe;
import java.time.Duration;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DeploymentSpecTest {
  private static final Duration ENDLESS = Duration.ofSeconds(Long.MAX_VALUE);

  @Test
  void defaults_areThoseOfTheDocumentation() {
    DeploymentSpec spec = DeploymentSpec.builder("voice").port(8080).build();

    assertThat(spec.description()).isEmpty();
    assertThat(spec.image()).isNull();
    assertThat(spec.snapshot()).isNull();
    assertThat(spec.gpu()).isEqualTo(GpuRequest.none());
    assertThat(spec.startCommand()).isNull();
    assertThat(spec.environment()).isEmpty();
    assertThat(spec.mounts()).isEmpty();
    assertThat(spec.sharedMemoryBytes()).isNull();
    assertThat(spec.readiness()).isEqualTo(ReadinessProbe.tcp());
    assertThat(spec.startTimeout()).isEqualTo(Duration.ofMinutes(10));
    assertThat(spec.idlePolicy()).isNull();
    assertThat(IdlePolicy.DEFAULT_TIMEOUT).isEqualTo(Duration.ofMinutes(5));
    assertThat(spec.minInstances()).isZero();
    assertThat(spec.maxInstances()).isEqualTo(1);
    assertThat(spec.concurrency()).isEqualTo(DeploymentSpec.UNLIMITED);
    assertThat(spec.maxPending()).isEqualTo(1000);
    assertThat(spec.releaseGrace()).isEqualTo(Duration.ofSeconds(10));
    assertThat(spec.startBackoff()).isEqualTo(Duration.ofSeconds(1));
    assertThat(spec.maxStartBackoff()).isEqualTo(Duration.ofMinutes(1));
    assertThat(spec.pricePerHour()).isNull();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"a", "a-1", "abcdefghijklmnopqrstuvwxyz-abcdefghijklmnopqrstuvwxyz-123456789"})
  void name_thatIsADnsLabel_isTaken(String name) {
    assertThat(DeploymentSpec.builder(name).port(1).build().name()).isEqualTo(name);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "-a",
        "a-",
        "1a",
        "A",
        "a.b",
        "a_b",
        "a/b",
        "a\n",
        "abcdefghijklmnopqrstuvwxyz-abcdefghijklmnopqrstuvwxyz-1234567890"
      })
  void name_thatIsNoDnsLabel_isRefused(String name) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> DeploymentSpec.builder(name))
        .withMessageStartingWith("name must be a DNS label (1 to 63 of ")
        .withMessageEndingWith("but was '" + name + "'");
  }

  @Test
  void badNumber_isRefusedWithParameterRangeUnitAndValue() {
    assertRefused(b -> b.port(65_536), "port must be 0 to 65535, but was 65536");
    assertRefused(b -> b.port(-1), "port must be 0 to 65535, but was -1");
    assertRefused(
        b -> b.minInstances(-1), "minInstances must be 0 to 1000 instances, but was -1 instances");
    assertRefused(
        b -> b.maxInstances(0), "maxInstances must be 1 to 1000 instances, but was 0 instances");
    assertRefused(
        b -> b.concurrency(0), "concurrency must be 1 to unlimited requests, but was 0 requests");
    assertRefused(
        b -> b.maxPending(1_000_001),
        "maxPending must be 0 to 1000000 requests, but was 1000001 requests");
    assertRefused(
        b -> b.sharedMemoryBytes(1024),
        "sharedMemoryBytes must be 1048576 bytes or more, but was 1024 bytes");
    assertRefused(
        b -> b.description("x".repeat(1001)),
        "description must be 0 to 1000 characters, but was 1001 characters");
    assertRefused(
        b -> b.pricePerHour(Money.of("-0.01", "USD")),
        "pricePerHour must be 0 or more, but was -0.01 USD");
  }

  @Test
  void badDuration_isRefusedWithParameterRangeUnitAndValue() {
    assertRefused(
        b -> b.startTimeout(Duration.ofNanos(1)),
        "startTimeout must be 1 ms to 86400 s, but was 0.000001 ms");
    assertRefused(
        b -> b.startTimeout(Duration.ofMillis(-1500)),
        "startTimeout must be 1 ms to 86400 s, but was -1500 ms");
    assertRefused(
        b -> b.releaseGrace(Duration.ofMinutes(61)),
        "releaseGrace must be 0 s to 3600 s, but was 3660 s");
    assertRefused(
        b -> b.startBackoff(Duration.ZERO, Duration.ofSeconds(1)),
        "startBackoff (first) must be 1 ms to 3600 s, but was 0 s");
    assertRefused(
        b -> b.startBackoff(Duration.ofSeconds(2), Duration.ofSeconds(1)),
        "startBackoff (max) must be 2 s to 86400 s, but was 1 s");
    assertRefused(
        b -> b.idleTimeout(Duration.ofSeconds(-1)),
        "idle timeout must be 0 or longer, but was -1 s");
  }

  @Test
  void durationWithoutEnd_isRefusedLikeAnyOther() {
    assertRefused(
        b -> b.releaseGrace(ENDLESS),
        "releaseGrace must be 0 s to 3600 s, but was 9223372036854775807 s");
    assertRefused(
        b -> b.startTimeout(ENDLESS.negated()),
        "startTimeout must be 1 ms to 86400 s, but was -9223372036854775807 s");
    assertRefused(
        b -> b.idleTimeout(ENDLESS.negated()),
        "idle timeout must be 0 or longer, but was -9223372036854775807 s");
  }

  @Test
  void refusedBackOff_leavesTheBuilderAsItWas() {
    DeploymentSpec.Builder builder = DeploymentSpec.builder("voice").port(1);

    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.startBackoff(Duration.ofSeconds(2), Duration.ofSeconds(1)));

    assertThat(builder.build()).isEqualTo(DeploymentSpec.builder("voice").port(1).build());
  }

  @Test
  void badText_isRefused() {
    assertRefused(b -> b.image(" "), "image must not be blank or contain NUL");
    assertRefused(b -> b.snapshot(""), "snapshot must not be blank or contain NUL");
    assertRefused(b -> b.startCommand("a\0b"), "startCommand must not be blank or contain NUL");
    assertRefused(
        b -> b.environment("1A", "x"),
        "environment variable names are letters, digits and '_', not beginning with a digit; this"
            + " one is not: '1A'");
    assertRefused(
        b -> b.environment("TOKEN", "secret\0"),
        "the value of environment variable TOKEN must not contain NUL");
  }

  @Test
  void settingsThatDoNotGoTogether_areRefusedByBuild() {
    assertRefused(
        b -> b.minInstances(2),
        "minInstances must be at most maxInstances (1), but was 2 instances");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> DeploymentSpec.builder("voice").build())
        .withMessage("deployment 'voice' needs a port: the one that its service listens on");
  }

  @Test
  void snapshot_afterAnImage_takesItsPlace() {
    DeploymentSpec ofImage = DeploymentSpec.builder("voice").port(1).image("a").build();

    DeploymentSpec spec = ofImage.toBuilder().snapshot("b").build();

    assertThat(spec.snapshot()).isEqualTo("b");
    assertThat(spec.image()).isNull();
  }

  @Test
  void image_afterASnapshot_takesItsPlace() {
    DeploymentSpec ofSnapshot = DeploymentSpec.builder("voice").port(1).snapshot("b").build();

    DeploymentSpec spec = ofSnapshot.toBuilder().image("a").build();

    assertThat(spec.image()).isEqualTo("a");
    assertThat(spec.snapshot()).isNull();
  }

  @Test
  void toString_showsNoEnvironmentValue() {
    DeploymentSpec spec =
        DeploymentSpec.builder("voice").port(1).environment("TOKEN", "hunter2").build();

    assertThat(spec.toString()).contains("TOKEN").doesNotContain("hunter2");
  }

  private static void assertRefused(UnaryOperator<DeploymentSpec.Builder> setting, String message) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> setting.apply(DeploymentSpec.builder("voice").port(1)).build())
        .withMessage(message);
  }
}
