package dev.autodeploy.internal.decision;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.autodeploy.DeploymentSpec;
import org.junit.jupiter.api.Test;

/** The tests of what an engine's instances may have together. */
final class HostShareTest {
  private static final long GIB = 1L << 30;

  @Test
  void limits_areToldAsTheyWereSet() {
    HostShare both = HostShare.limits(3, 8 * GIB);
    assertThat(both.maxInstances()).isEqualTo(3);
    assertThat(both.hostMemoryBytes()).isEqualTo(8 * GIB);
    assertThat(both.isLimited()).isTrue();
    assertThat(HostShare.limits(0, 8 * GIB).maxInstances()).isZero();
    assertThat(HostShare.limits(3, 0).hostMemoryBytes()).isZero();
    assertThat(HostShare.limits(0, 0).isLimited()).isFalse();
  }

  @Test
  void instanceThatFitsExactly_isAccepted() {
    HostShare limits = HostShare.limits(2, 8 * GIB);
    assertThatCode(() -> limits.check(spec(8 * GIB, 1))).doesNotThrowAnyException();
    assertThatCode(() -> limits.check(spec(4 * GIB, 2))).doesNotThrowAnyException();
    assertThatThrownBy(() -> limits.check(spec(8 * GIB + 1, 1)))
        .hasMessageContaining("there can never be room for an instance");
    assertThatThrownBy(() -> limits.check(spec(5 * GIB, 2)))
        .hasMessageContaining("the 2 instances")
        .hasMessageContaining(
            "at most 2 instances (maxInstances) and 8GiB of memory (hostMemoryBytes)");
    assertThatThrownBy(() -> HostShare.limits(0, 8 * GIB).check(spec(5 * GIB, 2)))
        .hasMessageContaining("the engine has 8GiB of memory (hostMemoryBytes)");
    assertThatThrownBy(() -> HostShare.limits(1, 0).check(spec(5 * GIB, 2)))
        .hasMessageContaining("the engine has at most 1 instances (maxInstances);");
  }

  @Test
  void missing_isWhatIsLackingAlone() {
    HostShare limits = HostShare.limits(2, 8 * GIB);
    HostShare need = new HostShare(1, 3 * GIB);
    String place = "a place among 2 instances";
    String memory = "3GiB of 8GiB of the host's memory";

    assertThat(limits.missing(new HostShare(-1, 0), need)).isEqualTo(place);
    assertThat(limits.missing(new HostShare(0, -1), need)).isEqualTo(memory);
    assertThat(limits.missing(new HostShare(-1, -1), need)).isEqualTo(place + " and " + memory);
    // Those before in line need it all.
    assertThat(limits.missing(new HostShare(0, 0), need)).isEqualTo(place);
    assertThat(HostShare.limits(0, 8 * GIB).missing(new HostShare(0, 0), need)).isEqualTo(memory);
    assertThat(HostShare.limits(2, 0).missing(new HostShare(-1, -1), need)).isEqualTo(place);
  }

  private static DeploymentSpec spec(long memory, int minInstances) {
    return DeploymentSpec.builder("voice")
        .port(80)
        .memoryBytes(memory)
        .minInstances(minInstances)
        .maxInstances(4)
        .build();
  }
}
