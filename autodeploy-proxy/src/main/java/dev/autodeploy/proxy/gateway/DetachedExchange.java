package dev.autodeploy.proxy.gateway;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * An exchange that does not hang on its client's connection: the request is there as a whole, and
 * the response goes where the client finds it.
 */
abstract class DetachedExchange implements BlockingExchange {
  private final Gateway gateway;
  private final RequestHead head;
  private final InputStream body;
  private final Executor workers;
  private volatile @Nullable Runnable whenGone;
  private volatile boolean gone;

  DetachedExchange(Gateway gateway, RequestHead head, byte[] body, Executor workers) {
    this.gateway = gateway;
    this.head = head;
    this.body = new ByteArrayInputStream(body);
    this.workers = workers;
  }

  @Override
  public RequestHead request() {
    return head;
  }

  @Override
  public Relay relay() {
    return gateway.blockingRelay(this);
  }

  @Override
  public InputStream requestBody() {
    return body;
  }

  @Override
  public void whenDone(CompletableFuture<?> future, Runnable next) {
    future.whenComplete((value, error) -> workers.execute(next));
  }

  @Override
  public boolean noticesGone() {
    return true;
  }

  @Override
  public void onClientGone(Runnable then) {
    whenGone = then;
    if (gone) {
      then.run();
    }
  }

  /** Nobody wants the response any longer. Called by any thread; idempotent. */
  void gone() {
    gone = true;
    Runnable then = whenGone;
    if (then != null) {
      then.run();
    }
  }
}
