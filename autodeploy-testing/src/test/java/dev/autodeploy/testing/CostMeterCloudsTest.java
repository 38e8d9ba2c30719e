package dev.autodeploy.testing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.HourlyCostMeterBuilder;
import dev.autodeploy.UsageInterval;
import dev.autodeploy.spi.CostMeter;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** The billing rules of clouds, at 3.60 an hour: a second is 0.001. */
class CostMeterCloudsTest {
  private static final Instant START = Instant.parse("2026-10-25T00:59:30Z");

  private static HourlyCostMeterBuilder builder() {
    return CostMeter.hourly("USD").defaultPrice("3.60");
  }

  private static void assertCosts(CostMeter meter, Duration existing, String amount) {
    UsageInterval usage =
        UsageInterval.builder("voice", "voice-1", START)
            .readyAt(START)
            .endedAt(START.plus(existing))
            .build();
    assertThat(meter.cost(usage).amount()).as(existing.toString()).isEqualByComparingTo(amount);
  }

  @Nested
  class PerSecond extends CostMeterContract {
    @Override
    protected CostMeter meter() {
      return builder().perStarted(Duration.ofSeconds(1)).build();
    }

    @Test
    void startedSeconds_areChargedInFull() {
      assertCosts(meter(), Duration.ofNanos(1), "0.001");
      assertCosts(meter(), Duration.ofSeconds(61), "0.061");
      assertCosts(meter(), Duration.ofSeconds(61).plusNanos(1), "0.062");
    }
  }

  @Nested
  class PerStartedMinute extends CostMeterContract {
    @Override
    protected CostMeter meter() {
      return builder().perStarted(Duration.ofMinutes(1)).build();
    }

    @Test
    void startedMinutes_areChargedInFull() {
      assertCosts(meter(), Duration.ofSeconds(1), "0.06");
      assertCosts(meter(), Duration.ofSeconds(60), "0.06");
      assertCosts(meter(), Duration.ofSeconds(61), "0.12");
    }
  }

  @Nested
  class PerStartedHour extends CostMeterContract {
    @Override
    protected CostMeter meter() {
      return builder().perStarted(Duration.ofHours(1)).build();
    }

    @Test
    void startedHours_areThoseOfTheInstance_whereverTheClockIsSet() {
      assertCosts(meter(), Duration.ofSeconds(1), "3.6");
      assertCosts(meter(), Duration.ofMinutes(61), "7.2");
    }
  }

  @Nested
  class PerSecondWithAMinimum extends CostMeterContract {
    @Override
    protected CostMeter meter() {
      return builder().perStarted(Duration.ofSeconds(1)).minimum(Duration.ofMinutes(10)).build();
    }

    @Test
    void minimum_isChargedOfWhatExistedAtAll() {
      assertCosts(meter(), Duration.ZERO, "0");
      assertCosts(meter(), Duration.ofSeconds(1), "0.6");
      assertCosts(meter(), Duration.ofMinutes(10), "0.6");
      assertCosts(meter(), Duration.ofMinutes(11), "0.66");
    }
  }
}
