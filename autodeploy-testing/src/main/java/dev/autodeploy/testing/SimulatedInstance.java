package dev.autodeploy.testing;

import dev.autodeploy.spi.InstanceExit;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The truth about one instance of a {@link SimulatedProvider}, whatever the engine was told. All
 * times are those of {@link ManualTime#now()}. Immutable.
 *
 * @param instanceId its id
 * @param owner its owner
 * @param deployment its deployment
 * @param slot its slot within the deployment
 * @param startedAt when its start was asked for: it exists from here on
 * @param upAt when it came up, or null if it did not (yet)
 * @param releaseAskedAt when its release was asked for first, or null
 * @param exit how it ended by itself, or null if it did not
 * @param exitedAt when it ended by itself, or null
 * @param goneAt when it ceased to exist, or null if it exists
 * @param releaseConfirmedAt when the engine was told so for the first time and it was true, or null
 * @param releases how many releases were asked for
 */
public record SimulatedInstance(
    String instanceId,
    String owner,
    String deployment,
    int slot,
    Duration startedAt,
    @Nullable Duration upAt,
    @Nullable Duration releaseAskedAt,
    @Nullable InstanceExit exit,
    @Nullable Duration exitedAt,
    @Nullable Duration goneAt,
    @Nullable Duration releaseConfirmedAt,
    int releases) {

  /**
   * Returns whether it exists: being started, running, or ended and not yet removed.
   *
   * @return true until it is gone
   */
  public boolean exists() {
    return goneAt == null;
  }

  /**
   * Returns for how long it existed.
   *
   * @return the time, or null if it still exists
   */
  public @Nullable Duration lifetime() {
    return goneAt == null ? null : goneAt.minus(startedAt);
  }
}
