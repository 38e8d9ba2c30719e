package dev.autodeploy.internal.wire;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.type.TypeReference;
import dev.autodeploy.AcquireTimeoutException;
import dev.autodeploy.AutoDeployException;
import dev.autodeploy.Billing;
import dev.autodeploy.Budget;
import dev.autodeploy.BudgetExhaustedException;
import dev.autodeploy.BudgetStatus;
import dev.autodeploy.Charge;
import dev.autodeploy.DeploymentClosedException;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.DeploymentState;
import dev.autodeploy.DeploymentStatus;
import dev.autodeploy.ErrorCode;
import dev.autodeploy.GpuRequest;
import dev.autodeploy.InstanceInfo;
import dev.autodeploy.InstancePhase;
import dev.autodeploy.Money;
import dev.autodeploy.PlaceInLine;
import dev.autodeploy.QueueFullException;
import dev.autodeploy.Rate;
import dev.autodeploy.RouteRule;
import dev.autodeploy.SharedGpus;
import dev.autodeploy.StartEstimate;
import dev.autodeploy.StartFailedException;
import dev.autodeploy.StartFailure;
import dev.autodeploy.UsageInterval;
import dev.autodeploy.event.DeploymentEvent;
import dev.autodeploy.spi.IdlePolicy;
import dev.autodeploy.spi.InstanceExit;
import dev.autodeploy.spi.ReadinessProbe;
import dev.autodeploy.spi.StartProgress;
import java.math.BigDecimal;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;

/** What the API has comes out of JSON as it went in. */
final class WireJsonTest {
  private static final Instant NOW = Instant.parse("2026-11-26T04:50:00.123456789Z");
  private static final InstanceExit EXIT =
      new InstanceExit(137, true, List.of("one", "two"), "ended", NOW);
  private static final StartProgress PROGRESS =
      new StartProgress(
          "pulling",
          "image",
          1,
          3,
          StartProgress.Phase.PREPARING,
          List.of(new StartProgress.Part("layer", StartProgress.PartState.UNPACKING, 1, 2)));
  private static final StartFailure FAILURE =
      StartFailure.builder("i-1", StartFailure.Kind.EXITED, "it ended")
          .exit(EXIT)
          .elapsed(Duration.ofMillis(1500))
          .attempts(2)
          .build();
  private static final BudgetStatus BUDGET =
      new BudgetStatus(
          Budget.money("20", "USD").per(Budget.Period.MONTH, ZoneId.of("Europe/Berlin")).cut(),
          new BigDecimal("19.123456789"),
          NOW,
          true,
          false);

  @Test
  void status_staysWhatItIs() {
    DeploymentStatus status =
        DeploymentStatus.builder("voice")
            .state(DeploymentState.RUNNING)
            .instances(
                List.of(
                    InstanceInfo.builder("i-1", NOW)
                        .phase(InstancePhase.READY)
                        .endpoint(URI.create("http://127.0.0.1:1"))
                        .inFlight(2)
                        .readyAt(NOW)
                        .busy(Duration.ofSeconds(1))
                        .asleepSince(NOW)
                        .asleep(Duration.ofSeconds(9))
                        .progress(PROGRESS)
                        .build()))
            .inFlight(2)
            .pending(1)
            .lastFailure(FAILURE)
            .lastFailureAt(NOW)
            .waitsFor(
                new PlaceInLine(
                    "1 GPU",
                    2,
                    List.of(
                        new PlaceInLine.Holder(
                            "other", "i-2", InstancePhase.READY, 1, PlaceInLine.Next.STAYS, null)),
                    NOW,
                    null,
                    "note"))
            .requests(7)
            .coldStarts(1)
            .pendingTime(Duration.ofMillis(3))
            .starts(1)
            .degraded("no image")
            .startEstimate(new StartEstimate(Duration.ofSeconds(9), Duration.ofSeconds(20), 7))
            .build();
    assertThat(WireJson.read(again(status), DeploymentStatus.class)).isEqualTo(status);
  }

  @Test
  void usage_staysWhatItIs_toTheLastDigit() {
    UsageInterval usage =
        UsageInterval.builder("voice", "i-1", NOW)
            .gpu(GpuRequest.count(2).model("A100"))
            .readyAt(NOW.plusSeconds(1))
            .openUntil(NOW.plusSeconds(100))
            .busy(Duration.ofSeconds(40))
            .preparing(Duration.ofSeconds(2))
            .sleeps(List.of(new UsageInterval.Sleep(NOW.plusSeconds(3), NOW.plusSeconds(6))))
            .billing(
                new Billing(
                    "alice",
                    Map.of("alice", Duration.ofSeconds(30)),
                    "A100",
                    2,
                    List.of(
                        new Charge(
                            NOW,
                            rate(),
                            new Money(new BigDecimal("0.000000000000000000123"), usd()))),
                    true))
            .build();
    assertThat(WireJson.read(again(List.of(usage)), new TypeReference<List<UsageInterval>>() {}))
        .containsExactly(usage);
    assertThat(WireJson.read(again(Instant.MAX), Instant.class)).isEqualTo(Instant.MAX);
  }

  private static Rate rate() {
    return new Rate(
        Money.of("0.49", "USD"), Rate.Unit.INSTANCE, 1, Duration.ofSeconds(1), Duration.ZERO);
  }

  private static java.util.Currency usd() {
    return java.util.Currency.getInstance("USD");
  }

  @Test
  void gpus_stayWhatTheyAre() {
    SharedGpus gpus =
        new SharedGpus(
            List.of(
                new SharedGpus.Gpu(
                    "0",
                    "A100",
                    1L << 36,
                    List.of(
                        new SharedGpus.Holder("voice", "i-1", InstancePhase.READY, 1, 1L << 34)),
                    List.of(new SharedGpus.Stay("voice", NOW, null)),
                    3)),
            List.of(),
            new SharedGpus.Host(1, 4, 1L << 33, 1L << 36));
    assertThat(WireJson.read(again(gpus), SharedGpus.class)).isEqualTo(gpus);
  }

  @Test
  void routes_stayWhatTheyAre() {
    for (RouteRule rule :
        List.of(
            RouteRule.defaultRule(),
            RouteRule.scaleOut(),
            RouteRule.random(),
            RouteRule.roundRobin(),
            RouteRule.instance("i-1"),
            RouteRule.running(),
            RouteRule.preferred("i-1"))) {
      assertThat(WireJson.read(again(rule), RouteRule.class)).isEqualTo(rule);
    }
  }

  @Test
  void events_stayWhatTheyAre() {
    for (DeploymentEvent event :
        List.of(
            new DeploymentEvent.Created(NOW, "voice"),
            new DeploymentEvent.BudgetUsed(NOW, "voice", 80, BUDGET),
            new DeploymentEvent.InstanceProgress(NOW, "voice", "i-1", PROGRESS),
            new DeploymentEvent.InstanceStartFailed(
                NOW, "voice", "i-1", FAILURE, Duration.ofSeconds(3)),
            new DeploymentEvent.InstanceExited(NOW, "voice", "i-1", EXIT, 2))) {
      assertThat(WireJson.read(again(event), DeploymentEvent.class)).isEqualTo(event);
    }
  }

  @Test
  void specification_isPortable_unlessItHasPartsOfTheApplication() {
    DeploymentSpec spec =
        DeploymentSpec.builder("voice")
            .image("breezyvoice:1")
            .gpu(GpuRequest.ids("0", "1"))
            .port(8080)
            .environment("TOKEN", "secret")
            .readiness(ReadinessProbe.http("/ready"))
            .idleTimeout(Duration.ofMinutes(3))
            .budget(Budget.gpuTime(Duration.ofHours(3)))
            .build();
    assertThat(WireJson.read(again(spec), DeploymentSpec.class)).isEqualTo(spec);
    assertThat(WireJson.isPortable(spec)).isTrue();
    assertThat(WireJson.isPortable(spec.toBuilder().readiness(target -> true).build())).isFalse();
    IdlePolicy own = history -> Optional.of(Duration.ofSeconds(7));
    assertThat(WireJson.isPortable(spec.toBuilder().idlePolicy(own).build())).isFalse();
  }

  @Test
  void errors_keepTheirTypeTheirWordsAndTheirData() {
    for (AutoDeployException error :
        List.of(
            new StartFailedException("voice", FAILURE, Duration.ofSeconds(3)),
            new QueueFullException("voice", 7),
            new AcquireTimeoutException("voice", Duration.ofMillis(8), "it starts", PROGRESS),
            new BudgetExhaustedException("voice", NOW.minusSeconds(60), BUDGET, true),
            new DeploymentClosedException("voice", NOW.minusSeconds(5), NOW),
            new DeploymentClosedException("voice", NOW, null),
            new AutoDeployException(ErrorCode.RELEASED, "voice", "it was released"),
            new AutoDeployException(ErrorCode.STATE_FAILED, null, "cannot write"))) {
      RuntimeException read = WireErrors.read(again(WireErrors.write(error)));
      assertThat(read).hasSameClassAs(error).hasMessage(error.getMessage());
      assertThat(read).usingRecursiveComparison().ignoringFields("stackTrace").isEqualTo(error);
    }
    assertThat(WireErrors.read(WireErrors.write(new IllegalArgumentException("no"))))
        .isExactlyInstanceOf(IllegalArgumentException.class)
        .hasMessage("no");
    assertThat(WireErrors.read(WireErrors.write(new UnsupportedOperationException("never"))))
        .isExactlyInstanceOf(UnsupportedOperationException.class);
    assertThat(WireErrors.read(WireErrors.write(new CancellationException())))
        .isInstanceOf(AutoDeployException.class);
  }

  private static com.fasterxml.jackson.databind.JsonNode again(Object value) {
    return WireJson.parse(WireJson.bytes(WireJson.write(value)));
  }
}
