package dev.autodeploy.benchmarks.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.benchmarks.proxy.Sample.Load;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ReportTest {
  private final List<Sample> samples = new ArrayList<>();

  private void sample(int round, String candidate, double rate, double cpu) {
    samples.add(new Sample(round, new Load("100", 32), candidate, rate, 1, 2, cpu, 1024, 0));
  }

  @Test
  void ratios_areTakenRoundByRound() {
    sample(1, "direct", 1000, 1);
    sample(1, "jetty", 100, 20);
    sample(1, "ours-25", 200, 10);
    sample(2, "direct", 10_000, 1);
    sample(2, "jetty", 1000, 20);
    sample(2, "ours-25", 1000, 10);
    sample(3, "direct", 100, 1);
    sample(3, "jetty", 10, 20);
    sample(3, "ours-25", 15, 10);

    String text = new Report(samples).markdown();

    assertThat(text).contains("| Jetty | 1.50 (0.50) |");
    assertThat(text).contains("| ours, JDK 25 | 200 | 0.15 |");
    assertThat(text)
        .contains("| ours, JDK 25 against Jetty, 100 B, 32 connections | 1.0 | 1.50 | reached |");
  }

  @Test
  void goal_thatIsMissed_isToldSo() {
    sample(1, "direct", 1000, 1);
    sample(1, "jetty", 500, 20);
    sample(1, "ours-25", 499, 20);

    assertThat(new Report(samples).markdown()).contains("**missed**");
  }

  @Test
  void median_ofAnEvenNumber_isTheMeanOfTheMiddle() {
    assertThat(Report.median(List.of(9.0, 1.0, 2.0, 4.0))).isEqualTo(3.0);
  }
}
