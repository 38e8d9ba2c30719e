package dev.autodeploy.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.spi.ProviderInstance;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Instances in a provider's list that bear our owner's mark, and nothing that we have written. */
class HostileListTest {
  private final EngineHarness h = new EngineHarness();

  @ParameterizedTest
  @CsvSource({
    "No Such Name!,        2026-01-31T12:00:00Z, 0",
    "voice,                -1000000000-01-01T00:00:00Z, 0",
    "voice,                +1000000000-12-31T23:59:59Z, 0",
    "gone,                 -1000000000-01-01T00:00:00Z, 0",
    "gone,                 +1000000000-12-31T23:59:59Z, 0",
    "voice,                2026-01-31T12:00:00Z, -1",
    "voice,                2026-01-31T12:00:00Z, 2147483647",
  })
  void instance_thatNobodyHasWrittenSo_stopsNeitherTheEngineNorOthers(
      String deployment, Instant startedAt, int slot) {
    List<String> fingerprint = List.of("", "f1");
    for (int i = 0; i < 2; i++) {
      h.provider.put(
          ProviderInstance.builder("x-" + i, deployment, startedAt)
              .slot(slot)
              .fingerprint(fingerprint.get(i))
              .build());
    }
    h.provider.put(
        ProviderInstance.builder("orphan", "removed", Instant.parse("2026-01-31T12:00:00Z"))
            .build());

    h.start();
    var voice = h.deploy();

    assertThat(h.acquire(voice).instanceId()).isNotEmpty();
    h.time.pass(Duration.ofMinutes(5));
    assertThat(h.provider.running()).doesNotContain("orphan");
    assertThat(h.costs(Instant.EPOCH, h.time.instant())).isNotNull();
    h.time.pass(Duration.ofMinutes(30));
    h.close();
  }
}
