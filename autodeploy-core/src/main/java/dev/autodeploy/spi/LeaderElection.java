package dev.autodeploy.spi;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

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

  /**
   * Takes note of where the other replicas reach this one, for {@link Leader#address()} while it
   * leads. Called before the first {@link #campaign}, if they can reach it at all.
   *
   * @param address the address
   */
  default void advertise(String address) {}

  /**
   * Returns the secret by which the replicas know each other: the same for all, made by the first
   * one, and kept where nobody reads it who may not read the state.
   *
   * @return the secret, 16 characters or more; null if this place keeps none
   * @throws dev.autodeploy.AutoDeployException if the place cannot be asked
   */
  default @Nullable String secret() {
    return null;
  }

  /** Ends the use. Idempotent. */
  @Override
  default void close() {}
}
