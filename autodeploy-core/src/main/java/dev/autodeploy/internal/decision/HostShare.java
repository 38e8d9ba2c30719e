package dev.autodeploy.internal.decision;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.Schedule;
import dev.autodeploy.internal.text.ByteSize;
import org.jspecify.annotations.Nullable;

/**
 * A share of what all instances of an engine have together, whatever their GPUs; or all of that.
 *
 * @param instances a number of instances
 * @param memoryBytes an amount of the host's memory
 */
public record HostShare(long instances, long memoryBytes) {
  /** The number that stands for as many as anybody wants; sums of it and others do not overflow. */
  private static final long ANY = Long.MAX_VALUE / 4;

  private static final long MOST_MEMORY = 1L << 50;

  static final HostShare NONE = new HostShare(0, 0);

  /** The limits of an engine that has none. */
  public static final HostShare UNLIMITED = new HostShare(ANY, ANY);

  /**
   * Returns the limits of an engine.
   *
   * @param instances the most instances, or 0 for any number
   * @param memoryBytes the memory of the host, or 0 for any amount
   */
  public static HostShare limits(int instances, long memoryBytes) {
    return new HostShare(
        instances == 0 ? ANY : instances, memoryBytes == 0 ? ANY : Math.min(ANY, memoryBytes));
  }

  /** Returns the share of one instance of a deployment: one that does not say has no memory. */
  static HostShare of(DeploymentSpec spec) {
    return new HostShare(1, memoryOf(spec));
  }

  /** Returns the memory that counts for each instance of a deployment. */
  public static long memoryOf(DeploymentSpec spec) {
    Long limit = spec.memoryBytes();
    return limit == null ? 0 : Math.min(MOST_MEMORY, limit);
  }

  /** Returns whether anything is limited. */
  public boolean isLimited() {
    return !equals(UNLIMITED);
  }

  /** Returns the most instances, or 0 for any number. */
  public int maxInstances() {
    return instances == ANY ? 0 : (int) instances;
  }

  /** Returns the memory of the host, or 0 for any amount. */
  public long hostMemoryBytes() {
    return memoryBytes == ANY ? 0 : memoryBytes;
  }

  HostShare plus(HostShare other) {
    return new HostShare(instances + other.instances, memoryBytes + other.memoryBytes);
  }

  HostShare minus(HostShare other) {
    return new HostShare(instances - other.instances, memoryBytes - other.memoryBytes);
  }

  HostShare times(int count) {
    return new HostShare(instances * count, memoryBytes * count);
  }

  /** Returns this without what is negative. */
  HostShare atLeastNone() {
    return new HostShare(Math.max(0, instances), Math.max(0, memoryBytes));
  }

  /** Returns whether nothing of it is negative. */
  boolean isEnough() {
    return instances >= 0 && memoryBytes >= 0;
  }

  /**
   * Refuses a specification whose instances can never all be there at once.
   *
   * @param spec the specification
   * @throws IllegalArgumentException with what there is
   */
  public void check(DeploymentSpec spec) {
    HostShare one = of(spec);
    if (minus(one).memoryBytes < 0) {
      throw new IllegalArgumentException(
          "there can never be room for an instance that may use "
              + ByteSize.format(one.memoryBytes)
              + " of memory: the host has "
              + ByteSize.format(memoryBytes)
              + " (hostMemoryBytes); lower memoryBytes of the deployment, or raise that");
    }
    int least = Math.max(spec.minInstances(), mostWarm(spec.schedule()));
    if (!minus(one.times(least)).isEnough()) {
      throw new IllegalArgumentException(
          "there can never be room for the "
              + least
              + " instances that are to be kept ready (minInstances): the engine has "
              + describe()
              + "; keep fewer, or raise that");
    }
  }

  private static int mostWarm(@Nullable Schedule schedule) {
    return schedule == null ? 0 : schedule.mostWarm();
  }

  private String describe() {
    String most = instances == ANY ? "" : "at most " + instances + " instances (maxInstances)";
    String memory =
        memoryBytes == ANY ? "" : ByteSize.format(memoryBytes) + " of memory (hostMemoryBytes)";
    return most + (most.isEmpty() || memory.isEmpty() ? "" : " and ") + memory;
  }

  /** Returns which of these limits a share that is left does not keep, in words. */
  String missing(HostShare left, HostShare need) {
    boolean places = left.instances < 0 || left.memoryBytes >= 0;
    String place = places && instances != ANY ? "a place among " + instances + " instances" : "";
    String memory =
        memoryBytes != ANY && (left.memoryBytes < 0 || place.isEmpty())
            ? ByteSize.format(need.memoryBytes)
                + " of "
                + ByteSize.format(memoryBytes)
                + " of the host's memory"
            : "";
    return place + (place.isEmpty() || memory.isEmpty() ? "" : " and ") + memory;
  }
}
