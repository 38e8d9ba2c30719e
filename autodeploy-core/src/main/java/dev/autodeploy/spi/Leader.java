package dev.autodeploy.spi;

import static java.util.Objects.requireNonNull;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * The replica that leads. Immutable.
 *
 * @param epoch the number of its leadership: higher than that of every earlier leader
 * @param replica its id, or an empty text if nobody leads
 * @param address where the other replicas reach it, or an empty text
 * @param now the time at the place of the election, by its own clock, at some moment between the
 *     question and the answer; all replicas keep their records by it. Null if the place has no
 *     clock: each leader's records are then by its own
 */
public record Leader(long epoch, String replica, String address, @Nullable Instant now) {

  /**
   * Checks the values.
   *
   * @param epoch the number of its leadership: higher than that of every earlier leader
   * @param replica its id, or an empty text if nobody leads
   * @param address where the other replicas reach it, or an empty text
   * @param now the time at the place of the election, or null if that has no clock
   */
  public Leader {
    requireNonNull(replica, "replica");
    requireNonNull(address, "address");
  }

  /**
   * Makes the answer of a place that has no clock.
   *
   * @param epoch the number of its leadership: higher than that of every earlier leader
   * @param replica its id, or an empty text if nobody leads
   * @param address where the other replicas reach it, or an empty text
   */
  public Leader(long epoch, String replica, String address) {
    this(epoch, replica, address, null);
  }
}
