package dev.autodeploy.spi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.autodeploy.Billing;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.GpuRequest;
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
  void usageThatEndsBeforeItBegins_isRefused() {
    UsageInterval.Builder usage =
        UsageInterval.builder("voice", "i", NOW).endedAt(NOW.minusSeconds(1));
    assertThatThrownBy(usage::build)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("must not be before startRequestedAt");
  }
}
