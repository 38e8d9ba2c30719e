package dev.autodeploy.console;

import dev.autodeploy.internal.document.ProblemType;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * The places for questions that take long, such as those that read a whole ledger or ask a provider
 * for logs, of which few are answered at a time: they would take all threads of the page, and the
 * processors from the links. Thread-safe.
 */
final class Places {
  private static final long PATIENCE_MILLIS = 500;

  private final Semaphore places;

  Places(int most) {
    places = new Semaphore(most);
  }

  /**
   * Answers a question, or refuses it with a {@link ProblemException} if none of the others ends
   * soon.
   */
  <T> T answer(Supplier<T> question) {
    boolean taken = false;
    try {
      taken = places.tryAcquire(PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
      if (!taken) {
        throw new ProblemException(
            ProblemType.RATE_LIMITED, "others wait for this already: try again in some seconds");
      }
      return question.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ProblemException(ProblemType.SHUTTING_DOWN, "the console is being closed");
    } finally {
      if (taken) {
        places.release();
      }
    }
  }
}
