package dev.autodeploy.proxy.netty;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.RecvByteBufAllocator;
import io.netty.channel.embedded.EmbeddedChannel;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class ReadSizesTest {
  private static final int MAX = 128 * 1024;

  private final EmbeddedChannel channel = new EmbeddedChannel();
  private final RecvByteBufAllocator.ExtendedHandle sizes = new ReadSizes(MAX, 4).newHandle();

  @BeforeEach
  void grow() {
    read(4096);
    read(64 * 1024);
    assertThat(sizes.guess()).isEqualTo(MAX);
  }

  /** Reads what there is, as a loop does; returns the number of reads. */
  private int read(int... available) {
    sizes.reset(channel.config());
    int reads = 0;
    do {
      sizes.attemptedBytesRead(sizes.guess());
      sizes.lastBytesRead(available[reads]);
      sizes.incMessagesRead(1);
      reads++;
    } while (reads < available.length && sizes.continueReading());
    sizes.readComplete();
    return reads;
  }

  @Test
  void muchIsReadAFewTimes_beforeOthersHaveTheirTurn() {
    assertThat(read(MAX, MAX, MAX, MAX, MAX, MAX)).isEqualTo(4);
    assertThat(read(MAX, 100, MAX)).isEqualTo(2);
  }

  @Test
  void littleIsReadOnce() {
    assertThat(read(MAX - 1, MAX)).isEqualTo(1);
    assertThat(read(100, 100)).isEqualTo(1);
  }

  @Test
  void whatNobodyWantsAnyMore_isNotReadOn() {
    channel.config().setAutoRead(false);
    assertThat(read(MAX, MAX)).isEqualTo(1);
  }

  @Test
  void sizeFollowsTheMostOfATurn() {
    read(MAX, 100);
    read(100);
    assertThat(sizes.guess()).isEqualTo(MAX);
    read(100);
    assertThat(sizes.guess()).isEqualTo(MAX / 2);
  }
}
