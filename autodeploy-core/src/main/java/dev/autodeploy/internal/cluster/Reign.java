package dev.autodeploy.internal.cluster;

import dev.autodeploy.internal.engine.Leadership;
import dev.autodeploy.spi.Ticker;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;

/** The leadership of one replica in one epoch, as its engine asks for it. Thread-safe. */
final class Reign implements Leadership {
  private final Candidacy candidacy;
  private final ReentrantLock lock;
  private final Ticker ticker;
  private final long epoch;

  /**
   * Makes it.
   *
   * @param candidacy decides
   * @param lock guards the candidacy
   * @param epoch the epoch in which the engine leads
   */
  Reign(Candidacy candidacy, ReentrantLock lock, Ticker ticker, long epoch) {
    this.candidacy = candidacy;
    this.lock = lock;
    this.ticker = ticker;
    this.epoch = epoch;
  }

  @Override
  public boolean mayAct() {
    return locked(() -> candidacy.mayAct(ticker.read(), epoch));
  }

  @Override
  public boolean mayLend() {
    return locked(() -> candidacy.mayLend(ticker.read(), epoch));
  }

  private boolean locked(BooleanSupplier reading) {
    lock.lock();
    try {
      return reading.getAsBoolean();
    } finally {
      lock.unlock();
    }
  }
}
