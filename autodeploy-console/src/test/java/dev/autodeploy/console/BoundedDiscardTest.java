package dev.autodeploy.console;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.Flow;
import org.junit.jupiter.api.Test;

final class BoundedDiscardTest {
  private static final int CAP = 64 * 1024;

  /** A connection that would go on for ever. */
  private static final class Source implements Flow.Subscription {
    private long asked;
    private boolean cancelled;

    @Override
    public void request(long number) {
      asked += number;
    }

    @Override
    public void cancel() {
      cancelled = true;
    }
  }

  private final Source source = new Source();
  private final BoundedDiscard discard = new BoundedDiscard();

  private void receive(int bytes) {
    discard.onNext(List.of(ByteBuffer.allocate(bytes / 2), ByteBuffer.allocate(bytes - bytes / 2)));
  }

  private boolean isOver() {
    return discard.getBody().toCompletableFuture().isDone();
  }

  @Test
  void body_isReadToItsCap_andNoByteFurther() {
    discard.onSubscribe(source);
    for (int i = 0; i < 64; i++) {
      receive(CAP / 64);
    }

    assertThat(source.cancelled).as("at the cap").isFalse();
    assertThat(source.asked).isEqualTo(65);
    assertThat(isOver()).isFalse();

    receive(1);

    assertThat(source.cancelled).as("beyond it").isTrue();
    assertThat(source.asked).as("nothing more is asked for").isEqualTo(65);
    assertThat(discard.getBody().toCompletableFuture().join()).isTrue();
  }

  @Test
  void bodyThatEnds_isReadToItsEnd() {
    discard.onSubscribe(source);
    receive(100);
    discard.onComplete();

    assertThat(source.cancelled).isFalse();
    assertThat(discard.getBody().toCompletableFuture().join()).isTrue();
  }

  @Test
  void bodyThatBreaksOff_isAFailure() {
    discard.onSubscribe(source);
    discard.onError(new IOException("reset"));

    assertThat(discard.getBody().toCompletableFuture()).isCompletedExceptionally();
  }
}
