package dev.autodeploy.proxy.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.LongToDoubleFunction;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Clients that read the response slowly, by the clock of the test. */
final class StallWatchTest {
  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);
  private static final Duration LIMIT = Duration.ofMinutes(1);
  private static final long SENT = 100_000_000;

  /** A client whose write never ends, as its system makes so little room. */
  private static final class Reader implements Client {
    private boolean stalled;

    @Override
    public RequestHead request() {
      throw new UnsupportedOperationException("the connection is not looked up");
    }

    @Override
    public long transferringSince() {
      return SECOND;
    }

    @Override
    public void stalled() {
      stalled = true;
    }
  }

  /** Returns after how many seconds a reader counts as stalled, or -1 if not within an hour. */
  private static long stalledAfter(double bytesPerSecond, long minRate) {
    return stalledAfter(second -> bytesPerSecond, minRate);
  }

  private static long stalledAfter(LongToDoubleFunction rate, long minRate) {
    long[] now = {SECOND};
    double[] taken = {0};
    ClientPresence presence =
        new ClientPresence(List.of()) {
          @Override
          Map<Client, Long> unsent(List<? extends Client> clients) {
            return clients.stream()
                .collect(Collectors.toMap(client -> client, client -> SENT - (long) taken[0]));
          }
        };
    StallWatch watch = new StallWatch(LIMIT.toNanos(), minRate, presence);
    Reader reader = new Reader();
    for (int second = 1; second <= 3600; second++) {
      now[0] += SECOND;
      taken[0] += rate.applyAsDouble(second);
      watch.look(List.of(reader), now[0]);
      if (reader.stalled) {
        return second;
      }
    }
    return -1;
  }

  @Test
  void readerOfAByteInTenSeconds_isStalledAfterTheLimit() {
    assertThat(stalledAfter(0.1, 500)).isBetween(60L, 62L);
  }

  @Test
  void readerThatTakesNothing_isStalled_whateverTheRate() {
    assertThat(stalledAfter(0, 500)).isBetween(60L, 62L);
    assertThat(stalledAfter(0, 0)).isBetween(60L, 62L);
  }

  @Test
  void readerJustBelowTheRate_isStalled_andJustAboveItNot() {
    assertThat(stalledAfter(499, 500)).isBetween(60L, 62L);
    assertThat(stalledAfter(260, 500)).isBetween(60L, 62L); // half of it was once enough
    assertThat(stalledAfter(502, 500)).isEqualTo(-1);
  }

  @Test
  void readerThatBecomesSlow_isStalled() {
    assertThat(stalledAfter(second -> second < 65 ? 600 : 300, 500)).isBetween(120L, 126L);
  }

  @Test
  void readerOfASlowLine_isNotStalled() {
    assertThat(stalledAfter(1_000, 500)).isEqualTo(-1);
    assertThat(stalledAfter(0.1, 0)).as("any rate is allowed").isEqualTo(-1);
  }
}
