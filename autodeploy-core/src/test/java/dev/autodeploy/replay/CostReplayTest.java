package dev.autodeploy.replay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.Budget;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.GpuRequest;
import dev.autodeploy.Schedule;
import dev.autodeploy.spi.CostMeter;
import dev.autodeploy.spi.IdlePolicy;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import org.junit.jupiter.api.Test;

/** What requests of the past would have cost. */
class CostReplayTest {
  private static final Instant START = Instant.parse("2026-01-05T08:00:00Z");
  private static final CostMeter ONE_CENT_A_SECOND = CostMeter.perHour("36", "USD");

  private static Traffic twoRequests() {
    return Traffic.builder()
        .add(START.plusSeconds(600), Duration.ofSeconds(10))
        .add(START, Duration.ofSeconds(10))
        .until(START.plusSeconds(3600))
        .build();
  }

  private static CostReplay replay(Traffic traffic) {
    return CostReplay.of(traffic)
        .costMeter(ONE_CENT_A_SECOND)
        .startDuration(Duration.ofSeconds(60));
  }

  @Test
  void fixed_startsBusyAndIdleArePaidFor() {
    ReplayResult result = replay(twoRequests()).releaseDuration(Duration.ofSeconds(2)).run();

    // Each: a start of 60 s, a request of 10, an idle time of 300, a release of 2.
    assertThat(result.cost().amount()).isEqualByComparingTo("7.44");
    assertThat(result.instanceTime()).isEqualTo(Duration.ofSeconds(744));
    assertThat(result.starts()).isEqualTo(2);
    assertThat(result.coldStarts()).isEqualTo(2);
    assertThat(result.coldRequests()).isEqualTo(2);
    assertThat(result.requests()).isEqualTo(2);
    assertThat(result.waitP50()).isEqualTo(Duration.ofSeconds(60));
    assertThat(result.until()).isEqualTo(START.plusSeconds(3600));
  }

  @Test
  void startsLongerThanTheStartTimeout_serve() {
    ReplayResult result = replay(twoRequests()).startDuration(Duration.ofMinutes(15)).run();

    assertThat(result.starts()).isEqualTo(1);
    assertThat(result.requests()).isEqualTo(2);
    assertThat(result.refused()).isZero();
    assertThat(result.waitP95()).isEqualTo(Duration.ofMinutes(15));
  }

  @Test
  void longerTimeout_oneStartServesBoth() {
    ReplayResult result =
        replay(twoRequests()).idlePolicy(IdlePolicy.after(Duration.ofMinutes(10))).run();

    assertThat(result.coldStarts()).isEqualTo(1);
    assertThat(result.instanceTime()).isEqualTo(Duration.ofSeconds(610 + 600));
    assertThat(result.waitP50()).isZero();
    assertThat(result.waitP95()).isEqualTo(Duration.ofSeconds(60));
  }

  @Test
  void instanceThatStillExists_countsUpToTheEnd() {
    ReplayResult result = replay(twoRequests()).idlePolicy(IdlePolicy.never()).run();

    assertThat(result.instanceTime()).isEqualTo(Duration.ofHours(1));
  }

  @Test
  void alwaysOn_nobodyWaits() {
    ReplayResult result = replay(twoRequests()).alwaysOn().run();

    assertThat(result.cost().amount()).isEqualByComparingTo("36.00");
    assertThat(result.coldStarts()).isZero();
    assertThat(result.waitP95()).isZero();
  }

  @Test
  void severalCallersOfOneStart_areOneColdStart() {
    Traffic traffic =
        Traffic.builder()
            .add(START, Duration.ofSeconds(1))
            .add(START.plusSeconds(30), Duration.ofSeconds(1))
            .until(START.plusSeconds(90))
            .build();

    ReplayResult result = replay(traffic).run();

    assertThat(result.coldStarts()).isEqualTo(1);
    assertThat(result.coldRequests()).isEqualTo(2);
    assertThat(result.waitP50()).isEqualTo(Duration.ofSeconds(30));
  }

  @Test
  void gpus_getRoomAndCountEach() {
    DeploymentSpec spec =
        DeploymentSpec.builder("voice")
            .image("voice")
            .port(8080)
            .gpu(GpuRequest.count(2))
            .concurrency(1)
            .maxInstances(2)
            .idleTimeout(Duration.ofSeconds(20))
            .build();
    Traffic traffic =
        Traffic.builder()
            .add(START, Duration.ofSeconds(100))
            .add(START, Duration.ofSeconds(100))
            .until(START.plusSeconds(1000))
            .build();

    ReplayResult result = replay(traffic).spec(spec).run();

    assertThat(result.starts()).isEqualTo(2);
    assertThat(result.instanceTime()).isEqualTo(Duration.ofMinutes(6));
    assertThat(result.gpuTime()).isEqualTo(Duration.ofMinutes(12));
  }

  @Test
  void budget_refusesWhatItDoesNotCover() {
    Budget threeDollars = Budget.money("4", "USD");
    ReplayResult result = replay(twoRequests()).budget(threeDollars).run();

    assertThat(result.requests()).isEqualTo(1);
    assertThat(result.refused()).isEqualTo(1);
    assertThat(result.cost().amount()).isLessThanOrEqualTo(threeDollars.limit());
  }

  @Test
  void schedule_isObeyed() {
    Schedule schedule =
        Schedule.weekly(ZoneOffset.UTC)
            .warm("daily", "08:05", "08:20", 1)
            .closed("daily", "00:00", "08:05");

    ReplayResult result = replay(twoRequests()).schedule(schedule).run();

    assertThat(result.refused()).isEqualTo(1);
    assertThat(result.requests()).isEqualTo(1);
    assertThat(result.coldStarts()).isZero();
    // Warm from 08:05 to 08:20, by when its last request is 590 s ago: longer than the timeout.
    assertThat(result.instanceTime()).isEqualTo(Duration.ofMinutes(15));
  }

  @Test
  void requestThatGaveUp_stillStartsAnInstance() {
    Traffic traffic =
        Traffic.builder()
            .addGivenUp(START, Duration.ofSeconds(5))
            .until(START.plusSeconds(1000))
            .build();

    ReplayResult result = replay(traffic).run();

    assertThat(result.requests()).isZero();
    assertThat(result.starts()).isEqualTo(1);
    assertThat(result.instanceTime()).isEqualTo(Duration.ofMinutes(6));
  }

  @Test
  void measuredFrom_countsOnlyWhatComesAfter() {
    ReplayResult result = replay(twoRequests()).measuredFrom(START.plusSeconds(300)).run();

    // The first instance is left from 300 to 370, the second exists for 370 s.
    assertThat(result.instanceTime()).isEqualTo(Duration.ofSeconds(440));
    assertThat(result.cost().amount()).isEqualByComparingTo("4.40");
    assertThat(result.requests()).isEqualTo(1);
    assertThat(result.coldStarts()).isEqualTo(1);
  }

  @Test
  void adaptive_learnsOnTheWay() {
    Traffic.Builder hourly = Traffic.builder().until(START.plus(Duration.ofDays(2)));
    for (int hour = 0; hour < 48; hour++) {
      hourly.add(START.plus(Duration.ofHours(hour)), Duration.ofSeconds(1));
    }

    ReplayResult fixed = replay(hourly.build()).run();
    ReplayResult adaptive = replay(hourly.build()).idlePolicy(IdlePolicy.adaptive()).run();

    assertThat(fixed.coldStarts()).isEqualTo(48);
    assertThat(adaptive.coldStarts()).isLessThan(25);
    assertThat(adaptive.instanceTime()).isLessThan(fixed.instanceTime());
  }

  @Test
  void noRequests_costNothing() {
    ReplayResult result = replay(Traffic.builder().build()).run();

    assertThat(result.cost().amount()).isEqualByComparingTo("0.00");
    assertThat(result.waitP95()).isZero();
  }
}
