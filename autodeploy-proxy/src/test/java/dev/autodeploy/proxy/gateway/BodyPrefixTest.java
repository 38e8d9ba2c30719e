package dev.autodeploy.proxy.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** Looks at the beginning of a body. */
final class BodyPrefixTest {

  @Test
  void add_byteByByte_isLookedAtSoonAndSeldom() {
    AtomicInteger looks = new AtomicInteger();
    AtomicLong bytes = new AtomicLong();
    BodyPrefix prefix =
        new BodyPrefix(
            1 << 20,
            (found, length, last) -> {
              looks.incrementAndGet();
              bytes.addAndGet(length);
              return false;
            });

    for (int i = 0; i < 100_000; i++) {
      prefix.add(new byte[1], 0, 1);
      assertThat(looks).hasValueGreaterThan(i == 0 ? 0 : 1 + i / 20_000);
    }

    assertThat(looks).hasValueLessThan(150);
    assertThat(bytes).hasValueLessThan(400_000);
  }

  @Test
  void add_tenBytes_areLookedAtAsEachComes() {
    AtomicInteger looks = new AtomicInteger();
    BodyPrefix prefix =
        new BodyPrefix(1 << 20, (found, length, last) -> looks.incrementAndGet() == 8);

    for (int i = 0; i < 8; i++) {
      assertThat(prefix.isDone()).isFalse();
      prefix.add(new byte[1], 0, 1);
    }
    assertThat(prefix.isDone()).isTrue();
  }
}
