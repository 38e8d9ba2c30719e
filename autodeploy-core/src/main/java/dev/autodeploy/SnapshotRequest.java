package dev.autodeploy;

import static java.util.Objects.requireNonNull;

/**
 * A request for a snapshot: its name, and how much of the instance is in it. Immutable.
 *
 * @param name the snapshot's name; what it may consist of is the provider's rule
 * @param includesVolumes whether the content of the instance's volumes is copied into it, as it is
 *     at that time; directories of the host that are mounted never are
 */
public record SnapshotRequest(String name, boolean includesVolumes) {

  /**
   * Checks the values.
   *
   * @param name the snapshot's name
   * @param includesVolumes whether the content of the instance's volumes is copied into it
   */
  public SnapshotRequest {
    requireNonNull(name, "name");
  }

  /**
   * Returns the request for a snapshot of the instance's own files, without its volumes.
   *
   * @param name the snapshot's name
   * @return the request
   */
  public static SnapshotRequest named(String name) {
    return new SnapshotRequest(name, false);
  }

  /**
   * Returns this request with what is in the instance's volumes.
   *
   * @return the request
   */
  public SnapshotRequest includingVolumes() {
    return new SnapshotRequest(name, true);
  }
}
