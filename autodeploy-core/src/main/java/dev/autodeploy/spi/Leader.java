package dev.autodeploy.spi;

import static java.util.Objects.requireNonNull;

/**
 * The replica that leads. Immutable.
 *
 * @param epoch the number of its leadership: higher than that of every earlier leader
 * @param replica its id, or an empty text if nobody leads
 * @param address where the other replicas reach it, or an empty text
 */
public record Leader(long epoch, String replica, String address) {

  /**
   * Checks the values.
   *
   * @param epoch the number of its leadership: higher than that of every earlier leader
   * @param replica its id, or an empty text if nobody leads
   * @param address where the other replicas reach it, or an empty text
   */
  public Leader {
    requireNonNull(replica, "replica");
    requireNonNull(address, "address");
  }
}
