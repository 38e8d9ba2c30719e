package dev.autodeploy.proxy.netty;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.util.concurrent.FastThreadLocal;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class SpareBufferTest {
  private final List<ByteBuf> kept = new ArrayList<>();

  private static ByteBuf take(int size) {
    return SpareBuffer.take(PooledByteBufAllocator.DEFAULT, size);
  }

  private ByteBuf keep(int size) {
    ByteBuf taken = take(size);
    kept.add(taken);
    return taken;
  }

  /** Takes one and gives it back. */
  private static ByteBuf borrow(int size) {
    ByteBuf taken = take(size);
    taken.release();
    return taken;
  }

  @AfterEach
  void release() {
    kept.forEach(ByteBuf::release);
    FastThreadLocal.removeAll();
  }

  @Test
  void bufferThatWasReleased_isUsedAgain_empty() {
    for (int size : new int[] {100, 100_000}) {
      ByteBuf first = take(size).writeLong(1);
      first.release();

      assertThat(keep(size)).isSameAs(first);
      assertThat(first.isReadable()).isFalse();
    }
  }

  @Test
  void headIsWritten_whileWhatItComesFromIsThere() {
    ByteBuf read = keep(100);
    ByteBuf head = borrow(100);

    assertThat(head).isNotSameAs(read);
    assertThat(keep(100)).isSameAs(head);
    assertThat(keep(100)).isNotSameAs(read).isNotSameAs(head);
  }

  @Test
  void littleNeverKeepsTheLargeOne() {
    ByteBuf large = borrow(100_000);
    for (int i = 0; i < 10; i++) {
      assertThat(keep(100)).isNotSameAs(large);
    }
    assertThat(borrow(100_000)).isSameAs(large);
  }

  @Test
  void bufferThatIsKeptForLong_isReplaced() {
    ByteBuf large = keep(100_000);
    for (int i = 0; i < 64; i++) {
      assertThat(borrow(100_000)).isNotSameAs(large);
    }
    assertThat(large.refCnt()).isOne();
    assertThat(borrow(100_000)).isSameAs(borrow(100_000));
  }
}
