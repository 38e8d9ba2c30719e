package dev.autodeploy.internal.replay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.autodeploy.replay.Traffic;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

/** Requests on their way from one replica to another. */
final class RequestsOfAReplicaTest {
  private static final Instant FROM = Instant.parse("2026-10-01T12:00:00Z");

  @Test
  void requests_areTheSame_howeverMany() {
    Traffic.Builder builder = Traffic.builder().from(FROM).until(FROM.plusSeconds(900_000));
    for (int i = 0; i < 200_000; i++) {
      Instant at = FROM.plusMillis(4321L * i);
      if (i % 7 == 0) {
        builder.addGivenUp(at, Duration.ofMillis(i));
      } else {
        builder.add(at, Duration.ofMillis(3L * i));
      }
    }
    Traffic traffic = builder.build();
    byte[] document = RequestRecord.document(traffic);
    assertThat(document.length).as("some bytes for each").isLessThan(1_400_000);

    Traffic read = RequestRecord.read(document, traffic.from(), traffic.until());
    assertThat(read.size()).isEqualTo(traffic.size());
    for (int i = 0; i < read.size(); i++) {
      assertThat(read.at(i)).isEqualTo(traffic.at(i));
      assertThat(read.busy(i)).isEqualTo(traffic.busy(i));
      assertThat(read.gaveUp(i)).isEqualTo(traffic.gaveUp(i));
    }
    assertThat(read).hasToString(traffic.toString());
  }

  @Test
  void noRequests_areNone() {
    byte[] none = RequestRecord.document(Traffic.builder().build());
    assertThat(RequestRecord.read(none, FROM, FROM.plusSeconds(1)))
        .hasToString("Traffic[0 requests from " + FROM + " until " + FROM.plusSeconds(1) + "]");
  }

  @Test
  void damagedDocument_isRefused() {
    byte[] document = RequestRecord.document(Traffic.builder().build());
    document[3]++;
    assertThatThrownBy(() -> RequestRecord.read(document, FROM, FROM))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
