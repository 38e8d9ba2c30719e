package dev.autodeploy.console;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.management.OperatingSystemMXBean;
import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentSpec;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.net.HttpURLConnection;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/**
 * The tests of how the console bears many deployments and many pages. What depends on the machine's
 * speed is measured with {@code -Dconsole.measure=true} only; the rest holds everywhere.
 */
@Timeout(120)
class ConsolePerformanceTest {
  private static final int DEPLOYMENTS = 200;
  private static final int INTERVALS = 20_000;

  private static ConsoleFixture large() throws Exception {
    PastStore store = new PastStore();
    Instant now = Instant.now();
    for (int d = 0; d < DEPLOYMENTS; d++) {
      DeploymentSpec spec =
          DeploymentSpec.builder("service-" + d)
              .description("Service number " + d)
              .port(80)
              .build();
      store.deployment(spec, now.minus(Duration.ofDays(60)));
      int each = INTERVALS / DEPLOYMENTS;
      for (int i = 0; i < each; i++) {
        store.instance(
            spec,
            "%08x".formatted(i),
            now.minus(Duration.ofDays(50))
                .plus(Duration.ofDays(50).multipliedBy(i).dividedBy(each)),
            Duration.ofSeconds(40),
            Duration.ofMinutes(6),
            Duration.ofMinutes(12));
      }
    }
    return new ConsoleFixture(b -> b.actions(true), store);
  }

  @Test
  void aLongPast_isCountedOnce() throws Exception {
    try (ConsoleFixture f = large()) {
      JsonNode list = f.json("-/api/deployments");
      assertThat(list.path("deployments")).hasSize(DEPLOYMENTS);
      Deployment first = f.autoDeploy.deployments().get(0);
      assertThat(first.usage(Instant.EPOCH, Instant.now())).hasSize(INTERVALS / DEPLOYMENTS);
      assertThat(list.at("/deployments/0/cost/total").asDouble()).isGreaterThan(700);
      assertThat(list.at("/deployments/0/cost/month").asDouble())
          .isBetween(0.0, list.at("/deployments/0/cost/total").asDouble() / 1.5);
      assertThat(list.at("/deployments/0/typicalStartSeconds").asDouble()).isEqualTo(40.0);
    }
  }

  @Test
  @EnabledIfSystemProperty(named = "console.measure", matches = "true")
  void theList_answersInUnder100ms() throws Exception {
    try (ConsoleFixture f = large()) {
      long[] millis = new long[41];
      for (int i = 0; i < millis.length; i++) {
        long begin = System.nanoTime();
        assertThat(f.get("-/api/deployments").statusCode()).isEqualTo(200);
        millis[i] = (System.nanoTime() - begin) / 1_000_000;
      }
      long first = millis[0];
      Arrays.sort(millis);
      System.out.printf(
          "MEASURED: list of %d deployments with %d intervals: first %d ms, median %d ms, worst %d"
              + " ms%n",
          DEPLOYMENTS, INTERVALS, first, millis[20], millis[40]);
      assertThat(millis[20]).isLessThan(100);
    }
  }

  @Test
  @EnabledIfSystemProperty(named = "console.measure", matches = "true")
  void fiftyOpenPages_costAlmostNothingWhileNothingChanges() throws Exception {
    try (ConsoleFixture f = large()) {
      f.get("-/api/deployments");
      double alone = load();
      List<InputStream> pages = new ArrayList<>();
      for (int i = 0; i < 50; i++) {
        HttpURLConnection page =
            (HttpURLConnection) f.at("-/api/events/stream").toURL().openConnection();
        pages.add(page.getInputStream());
      }
      int threads = Thread.activeCount();
      load();
      double open = load();
      System.out.printf(
          "MEASURED: CPU of this JVM without pages %.2f %%, with 50 pages %.2f %%; %d threads%n",
          alone, open, threads);
      assertThat(open - alone).isLessThan(5);
      for (InputStream page : pages) {
        page.close();
      }
    }
  }

  /** Returns the share of one core that this process used in the last 20 seconds, in percent. */
  private static double load() throws InterruptedException {
    OperatingSystemMXBean system =
        (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    long cpu = system.getProcessCpuTime();
    long begin = System.nanoTime();
    Thread.sleep(20_000);
    return 100.0 * (system.getProcessCpuTime() - cpu) / (System.nanoTime() - begin);
  }
}
