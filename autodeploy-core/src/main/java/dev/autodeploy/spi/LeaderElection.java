package dev.autodeploy.spi;

import java.time.Duration;

/**
 * The place where the replicas of one application agree who leads, and where the leader keeps the
 * state. Thread-safe; methods may block.
 *
 * <p>Time is the place's own: of two replicas that ask at once one leads, and nobody else does
 * before the term of the last {@link #campaign} is over, unless it {@linkplain #resign resigned}.
 */
public interface LeaderElection extends AutoCloseable {

  /**
   * Asks to lead, or to go on leading.
   *
   * @param replica the id of the replica that asks, another one for each process
   * @param held the epoch in which it leads, or 0; it keeps that epoch if nobody else has led
   *     since, and does not lead otherwise
   * @param term the time for which it leads from now on, if it does; zero to ask only who leads
   * @return who leads now, with an empty id if nobody does
   * @throws dev.autodeploy.AutoDeployException if the place cannot be asked; the replica may lead
   *     all the same
   */
  Leader campaign(String replica, long held, Duration term);

  /**
   * Gives leadership up, so that another replica can lead at once. Nothing if somebody else leads.
   *
   * @param epoch the epoch in which it was held
   */
  void resign(long epoch);

  /**
   * Returns the state as the leader of an epoch reads and writes it. Every change is refused with
   * {@code OWNER_IN_USE} once there is a later epoch.
   *
   * @param epoch the epoch
   * @return a new store
   */
  StateStore store(long epoch);

  /** Ends the use. Idempotent. */
  @Override
  default void close() {}
}
