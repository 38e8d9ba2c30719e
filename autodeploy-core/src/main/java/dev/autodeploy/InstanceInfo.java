package dev.autodeploy;

import dev.autodeploy.spi.StartProgress;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * One instance as it is at a moment. Immutable.
 *
 * @param id the instance's id
 * @param slot its number within the deployment, from 0; free numbers are used again
 * @param phase its phase
 * @param startReason why it was started
 * @param endpoint where it answers, or null while that is not known
 * @param inFlight how many leases are open
 * @param startRequestedAt when its start was requested
 * @param readyAt when it became ready, or null
 * @param idleSince since when it is ready or asleep without a lease, or null if it is not
 * @param releaseAt when the idle policy releases it if no request comes, or null if it would not
 * @param releaseReason why it is being released, or null if it is not
 * @param busy for how long at least one lease was open
 * @param preparing for how long its start was prepared, as by pulling its image
 * @param asleepSince since when it is asleep, or null if it is not
 * @param asleep for how long it has been asleep in all
 * @param progress how far its start is, or null if it does not start, or that is not known
 */
public record InstanceInfo(
    String id,
    int slot,
    InstancePhase phase,
    StartReason startReason,
    @Nullable URI endpoint,
    int inFlight,
    Instant startRequestedAt,
    @Nullable Instant readyAt,
    @Nullable Instant idleSince,
    @Nullable Instant releaseAt,
    @Nullable ReleaseReason releaseReason,
    Duration busy,
    Duration preparing,
    @Nullable Instant asleepSince,
    Duration asleep,
    @Nullable StartProgress progress) {}
