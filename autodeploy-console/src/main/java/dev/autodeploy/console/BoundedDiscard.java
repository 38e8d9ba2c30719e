package dev.autodeploy.console;

import java.net.http.HttpResponse.BodySubscriber;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import org.jspecify.annotations.Nullable;

/**
 * The end of an answer's body, which is thrown away; one of more than 64 KiB is cut off, with its
 * connection.
 */
final class BoundedDiscard implements BodySubscriber<Boolean> {
  private static final long MAX_BYTES = 64 * 1024;

  private final CompletableFuture<Boolean> over = new CompletableFuture<>();
  private Flow.@Nullable Subscription subscription;
  private long bytes;

  @Override
  public CompletionStage<Boolean> getBody() {
    return over;
  }

  @Override
  public void onSubscribe(Flow.Subscription to) {
    subscription = to;
    to.request(1);
  }

  @Override
  public void onNext(List<ByteBuffer> buffers) {
    for (ByteBuffer buffer : buffers) {
      bytes += buffer.remaining();
    }
    Flow.Subscription from = subscription;
    if (from == null) {
      return;
    }
    if (bytes > MAX_BYTES) {
      from.cancel();
      over.complete(true);
    } else {
      from.request(1);
    }
  }

  @Override
  public void onError(Throwable error) {
    over.completeExceptionally(error);
  }

  @Override
  public void onComplete() {
    over.complete(true);
  }
}
