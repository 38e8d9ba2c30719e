package dev.autodeploy.spi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.autodeploy.AutoDeployException;
import dev.autodeploy.ErrorCode;
import dev.autodeploy.StartFailedException;
import dev.autodeploy.StartFailure;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The tests of what providers of others are helped with. */
final class ProviderHelpersTest {

  @Test
  void ownerLock_isForOneEngineAtATime() {
    String owner = "test-" + UUID.randomUUID().toString().substring(0, 8);
    try (OwnerLock first = OwnerLock.acquire("helpers-test", owner)) {
      assertThat(first).isNotNull();
      assertThatThrownBy(() -> OwnerLock.acquire("helpers-test", owner))
          .isInstanceOf(AutoDeployException.class)
          .hasMessageContaining(owner)
          .extracting(it -> ((AutoDeployException) it).code())
          .isEqualTo(ErrorCode.OWNER_IN_USE);
      assertThatCode(() -> OwnerLock.acquire("helpers-test-2", owner).close())
          .doesNotThrowAnyException();
    }
    assertThatCode(() -> OwnerLock.acquire("helpers-test", owner).close())
        .doesNotThrowAnyException();
    assertThatThrownBy(() -> OwnerLock.acquire("../x", owner))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void releasedInstance_isRefused_afterItsStartIsUndone() {
    ReleasedInstances released = new ReleasedInstances();
    List<String> undone = new ArrayList<>();
    released.refuse("a", () -> undone.add("a"));
    assertThat(undone).isEmpty();

    released.add("a");

    assertThatThrownBy(() -> released.refuse("a", () -> undone.add("a")))
        .isInstanceOf(InstanceStartException.class);
    assertThat(undone).containsExactly("a");
  }

  @Test
  void releasedInstances_areForgottenWithTime_theLatestLast() {
    ReleasedInstances released = new ReleasedInstances();
    released.add("first");
    released.add("again");
    IntStream.range(0, 9_999).forEach(i -> released.add("other-" + i));
    assertThat(released.contains("first")).isFalse();
    assertThat(released.contains("again")).isTrue();

    released.add("again");
    released.add("one more");

    assertThat(released.contains("again")).isTrue();
    assertThat(released.contains("other-0")).isFalse();
  }

  @Test
  void failedStart_hasTheLastLinesInItsMessage_andNotInItsSummary() {
    List<String> lines = IntStream.rangeClosed(1, 9).mapToObj(i -> "line " + i).toList();
    StartFailure failure =
        StartFailure.builder("voice-1", StartFailure.Kind.EXITED, "the service exited with code 1")
            .exit(InstanceExit.ofProcess(1, lines))
            .elapsed(Duration.ofSeconds(2))
            .build();

    StartFailedException error = new StartFailedException("voice", failure, Duration.ofSeconds(1));

    assertThat(error)
        .hasMessageContaining("deployment 'voice' could not start")
        .hasMessageEndingWith("\n  | line 5\n  | line 6\n  | line 7\n  | line 8\n  | line 9");
    assertThat(error.getMessage()).doesNotContain("line 4");
    assertThat(error.summary()).doesNotContain("line 9").doesNotContain("\n");
    StartFailure silent =
        StartFailure.builder("voice-1", StartFailure.Kind.EXITED, "gone")
            .exit(InstanceExit.unknown("gone"))
            .build();
    assertThat(new StartFailedException("voice", silent, Duration.ZERO).getMessage())
        .isEqualTo(new StartFailedException("voice", silent, Duration.ZERO).summary());
    assertThat(InstanceExit.outOfMemory(lines).describe()).isEqualTo("out of memory");
  }
}
