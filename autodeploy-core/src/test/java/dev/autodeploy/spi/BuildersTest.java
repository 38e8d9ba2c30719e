package dev.autodeploy.spi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.autodeploy.Billing;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.DeploymentState;
import dev.autodeploy.DeploymentStatus;
import dev.autodeploy.FailureCause;
import dev.autodeploy.GpuRequest;
import dev.autodeploy.InstanceInfo;
import dev.autodeploy.InstancePhase;
import dev.autodeploy.Money;
import dev.autodeploy.StartFailure;
import dev.autodeploy.StartReason;
import dev.autodeploy.UsageInterval;
import dev.autodeploy.internal.spec.SpecFingerprint;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class BuildersTest {
  private static final Instant NOW = Instant.parse("2026-10-01T12:00:00Z");
  private static final DeploymentSpec VOICE = DeploymentSpec.builder("voice").port(80).build();

  @Test
  void startRequest_hasTheFingerprintOfItsSpecification_unlessAnotherIsGiven() {
    StartRequest plain = StartRequest.builder("me", "voice-1", VOICE).build();
    assertThat(plain)
        .isEqualTo(
            new StartRequest("me", "voice-1", 0, SpecFingerprint.of(VOICE), VOICE, List.of(), 0));

    StartRequest full =
        StartRequest.builder("me", "voice-1", VOICE)
            .slot(3)
            .fingerprint("f")
            .gpus(List.of("0", "1"))
            .epoch(7)
            .build();
    assertThat(full)
        .isEqualTo(new StartRequest("me", "voice-1", 3, "f", VOICE, List.of("0", "1"), 7));
    assertThat(full.toBuilder().build()).isEqualTo(full);
  }

  @Test
  void instance_hasWhatItsRequestSays() {
    StartRequest request =
        StartRequest.builder("me", "voice-1", VOICE)
            .slot(3)
            .fingerprint("f")
            .gpus(List.of("0"))
            .epoch(7)
            .build();
    URI endpoint = URI.create("http://127.0.0.1:80");
    ProviderInstance expected =
        new ProviderInstance(
            "voice-1", "voice", 3, "f", endpoint, NOW, null, List.of("0"), null, 7);

    assertThat(ProviderInstance.of(request, endpoint, NOW)).isEqualTo(expected);
    assertThat(ProviderInstance.builder(request, NOW).endpoint(endpoint).build())
        .isEqualTo(expected);
  }

  @Test
  void instanceOfAList_hasWhatIsGiven_andNothingElse() {
    assertThat(ProviderInstance.builder("i", "voice", NOW).build())
        .isEqualTo(new ProviderInstance("i", "voice", 0, "", null, NOW, null, List.of(), null, 0));

    ProviderInstance full =
        new ProviderInstance(
            "i",
            "voice",
            2,
            "f",
            URI.create("http://127.0.0.1:80"),
            NOW,
            InstanceExit.ofProcess(3, List.of()),
            List.of("0"),
            "L4",
            7);
    assertThat(full.toBuilder().build()).isEqualTo(full);
  }

  @Test
  void usage_hasWhatIsGiven_andNothingElse() {
    assertThat(UsageInterval.builder("voice", "i", NOW).build())
        .isEqualTo(
            new UsageInterval(
                "voice",
                "i",
                GpuRequest.none(),
                NOW,
                null,
                null,
                NOW,
                true,
                Duration.ZERO,
                Duration.ZERO,
                List.of(),
                Billing.NONE));

    UsageInterval full =
        new UsageInterval(
            "voice",
            "i",
            GpuRequest.count(2),
            NOW,
            NOW.plusSeconds(1),
            NOW.plusSeconds(8),
            NOW.plusSeconds(9),
            false,
            Duration.ofSeconds(2),
            Duration.ofMillis(3),
            List.of(new UsageInterval.Sleep(NOW.plusSeconds(2), NOW.plusSeconds(6))),
            new Billing("mei", Map.of(), "L4", 2, List.of(), false));
    assertThat(full.toBuilder().build()).isEqualTo(full);
    UsageInterval open = full.toBuilder().openUntil(NOW.plusSeconds(10)).build();
    assertThat(open.open()).isTrue();
    assertThat(open.toBuilder().build()).isEqualTo(open);
  }

  @Test
  void failure_hasTheLinesOfItsEnd_unlessOthersAreGiven() {
    assertThat(StartFailure.builder("i", StartFailure.Kind.TIMEOUT, "late").build())
        .isEqualTo(
            new StartFailure(
                "i",
                StartFailure.Kind.TIMEOUT,
                "late",
                null,
                Duration.ZERO,
                1,
                null,
                null,
                List.of()));

    InstanceExit exit = InstanceExit.ofProcess(3, List.of("last words"));
    StartFailure.Builder failure =
        StartFailure.builder("i", StartFailure.Kind.EXITED, "gone")
            .exit(exit)
            .elapsed(Duration.ofSeconds(2))
            .attempts(4)
            .cause(FailureCause.DISK_FULL)
            .lastProbe("GET / answered 404");
    assertThat(failure.build())
        .isEqualTo(
            new StartFailure(
                "i",
                StartFailure.Kind.EXITED,
                "gone",
                exit,
                Duration.ofSeconds(2),
                4,
                FailureCause.DISK_FULL,
                "GET / answered 404",
                List.of("last words")));
    assertThat(failure.logTail(List.of("others")).build().logTail()).containsExactly("others");
  }

  @Test
  void sumOfCosts_isNothing_butForWhatIsGiven() {
    Money none = Money.of("0", "EUR");
    assertThat(LedgerEntry.Carried.builder("voice", NOW, none.currency()).build())
        .isEqualTo(
            new LedgerEntry.Carried("voice", NOW, none, none, none, none, none, Duration.ZERO));
    assertThat(
            LedgerEntry.Carried.builder("voice", NOW, none.currency())
                .starting(Money.of("1", "EUR"))
                .busy(Money.of("2", "EUR"))
                .idle(Money.of("3", "EUR"))
                .asleep(Money.of("4", "EUR"))
                .releasing(Money.of("5", "EUR"))
                .gpuTime(Duration.ofHours(6))
                .build())
        .isEqualTo(
            new LedgerEntry.Carried(
                "voice",
                NOW,
                Money.of("1", "EUR"),
                Money.of("2", "EUR"),
                Money.of("3", "EUR"),
                Money.of("4", "EUR"),
                Money.of("5", "EUR"),
                Duration.ofHours(6)));
  }

  @Test
  void statusOfATest_isThatOfADeploymentOnStandby_butForWhatIsGiven() {
    InstanceInfo instance = InstanceInfo.builder("i", NOW).slot(2).releaseAt(NOW).build();
    assertThat(instance)
        .isEqualTo(
            new InstanceInfo(
                "i",
                2,
                InstancePhase.STARTING,
                StartReason.DEMAND,
                null,
                0,
                NOW,
                null,
                null,
                NOW,
                null,
                Duration.ZERO,
                Duration.ZERO,
                null,
                Duration.ZERO,
                null));
    DeploymentStatus status =
        DeploymentStatus.builder("voice").instances(List.of(instance)).startFailures(2).build();
    assertThat(status)
        .isEqualTo(
            new DeploymentStatus(
                "voice",
                DeploymentState.STANDBY,
                List.of(instance),
                0,
                0,
                null,
                null,
                null,
                null,
                null,
                0,
                0,
                Duration.ZERO,
                0,
                2,
                null,
                null,
                null));
    assertThat(status.explain()).isEqualTo("No request waits");
  }

  @Test
  void usageThatEndsBeforeItBegins_isRefused() {
    UsageInterval.Builder usage =
        UsageInterval.builder("voice", "i", NOW).endedAt(NOW.minusSeconds(1));
    assertThatThrownBy(usage::build)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("must not be before startRequestedAt");
  }
}
