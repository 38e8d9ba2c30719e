package dev.autodeploy.internal.decision;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.autodeploy.spi.WeightedGap;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The gaps of a deployment, as an idle policy is shown them. */
final class GapHistogramTest {
  private final GapHistogram histogram = new GapHistogram();

  private void add(double seconds) {
    histogram.add((long) (seconds * 1e9));
  }

  private List<WeightedGap> gaps() {
    return histogram.toList();
  }

  @Test
  void gapsOfOneBucket_areOneGapOfTheirMean() {
    add(0.25);
    add(0.75);
    assertThat(gaps())
        .singleElement()
        .isEqualTo(new WeightedGap(Duration.ofMillis(500), Duration.ofSeconds(1), 2));
  }

  @Test
  void buckets_areAnEighthOfAnOctave() {
    add(1);
    add(1.08);
    assertThat(gaps()).as("below 2^(1/8)").hasSize(1);
    add(1.1);
    assertThat(gaps()).hasSize(2);
    add(16);
    WeightedGap sixteen = gaps().get(2);
    assertThat(sixteen.mean()).isEqualTo(Duration.ofSeconds(16));
    assertThat(sixteen.atMost().toMillis()).isEqualTo(Math.round(16_000 * Math.pow(2, 0.125)));
  }

  @Test
  void bucketOfTheLongest_hasNoEndButItsMean() {
    add((double) Duration.ofDays(30).toSeconds());
    WeightedGap longest = gaps().get(0);
    assertThat(longest.mean()).isEqualTo(Duration.ofDays(30));
    assertThat(longest.atMost()).isEqualTo(Duration.ofDays(30));
  }

  @Test
  void gap_countsHalfAfterTwentyFourLongOnes_andIsForgottenInTheEnd() {
    add(5);
    for (int i = 0; i < 24; i++) {
      add(30);
    }
    assertThat(gaps().get(0).weight()).isCloseTo(0.5, within(0.001));
    assertThat(gaps().get(0).mean()).as("its length stays").isEqualTo(Duration.ofSeconds(5));
    for (int i = 0; i < 24 * 6; i++) {
      add(30);
    }
    assertThat(gaps()).as("less than a hundredth").hasSize(1);
  }

  @Test
  void shortGaps_pushNothingOut() {
    add(3600);
    for (int i = 0; i < 1000; i++) {
      add(29.9);
    }
    assertThat(gaps().get(1).weight()).isEqualTo(1);
  }
}
