package dev.autodeploy;

import static java.util.Objects.requireNonNull;

/**
 * A directory or volume of the instance's host that the instance sees. Immutable.
 *
 * @param source the host's absolute path, or a volume's name where the provider has volumes
 * @param target the absolute path inside the instance
 * @param readOnly whether the instance may only read it
 */
public record Mount(String source, String target, boolean readOnly) {

  /**
   * Checks the values.
   *
   * @param source the host's absolute path, or a volume's name where the provider has volumes
   * @param target the absolute path inside the instance
   * @param readOnly whether the instance may only read it
   */
  public Mount {
    requireNonNull(source, "source");
    requireNonNull(target, "target");
    if (source.isBlank()) {
      throw new IllegalArgumentException("mount source must not be blank");
    }
    if (!target.startsWith("/")) {
      throw new IllegalArgumentException(
          "mount target must be an absolute path, but was '" + target + "'");
    }
  }

  /**
   * Returns a mount that the instance may write to.
   *
   * @param source the host's absolute path, or a volume's name
   * @param target the absolute path inside the instance
   * @return the mount
   */
  public static Mount of(String source, String target) {
    return new Mount(source, target, false);
  }

  /**
   * Returns this mount, read only.
   *
   * @return the mount
   */
  public Mount asReadOnly() {
    return new Mount(source, target, true);
  }
}
