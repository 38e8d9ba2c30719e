package dev.autodeploy.internal.decision;

import dev.autodeploy.InstancePhase;
import java.util.List;

/**
 * A deployment that has room or waits for some, as the arbiter sees it at a moment. Times are
 * nanoseconds of the engine's ticker.
 *
 * @param number which deployment
 * @param name its name
 * @param mayGo how many of its ready instances may go: those above its minimum, none if it is
 *     pinned
 * @param priority the user's word: of several that could go, the lowest does
 * @param expects whether it wants room for a request that is only expected
 * @param waiting how many of its callers wait for an instance
 * @param earliestDeadline when the first of them gives up, or {@link Instance#NEVER}
 * @param startNanos how long its starts take, as far as was learned, else a guess
 * @param wakeNanos how long it takes to wake its instances, as far as was learned, else a guess
 * @param gaps the lengths of its recent times without demand, in nanoseconds
 * @param price what an hour of it costs, or 1
 * @param occupants its instances that take up room
 */
public record Party(
    long number,
    String name,
    int mayGo,
    int priority,
    boolean expects,
    int waiting,
    long earliestDeadline,
    long startNanos,
    long wakeNanos,
    List<Long> gaps,
    double price,
    List<Occupant> occupants) {

  /**
   * An instance that takes up room.
   *
   * @param room its room
   * @param instanceId the instance
   * @param phase its phase
   * @param inFlight how many leases of it are open
   * @param wanted whether it serves, is reserved or has callers of its own
   * @param keptBytes the memory that it would keep if it slept, or keeps as it does; -1 if it
   *     cannot sleep
   * @param readyAt since when it is ready, or {@link Instance#NEVER}
   * @param idleSince since when it serves nobody, or {@link Instance#NEVER}
   * @param startedAt when its start was requested
   */
  public record Occupant(
      long room,
      String instanceId,
      InstancePhase phase,
      int inFlight,
      boolean wanted,
      long keptBytes,
      long readyAt,
      long idleSince,
      long startedAt) {

    /** Makes one that cannot sleep. */
    Occupant(
        long room,
        String instanceId,
        InstancePhase phase,
        int inFlight,
        boolean wanted,
        long readyAt,
        long idleSince,
        long startedAt) {
      this(room, instanceId, phase, inFlight, wanted, -1, readyAt, idleSince, startedAt);
    }
  }

  /** Makes one whose instances do not sleep. */
  Party(
      long number,
      String name,
      int mayGo,
      int priority,
      boolean expects,
      int waiting,
      long earliestDeadline,
      long startNanos,
      List<Long> gaps,
      double price,
      List<Occupant> occupants) {
    this(
        number,
        name,
        mayGo,
        priority,
        expects,
        waiting,
        earliestDeadline,
        startNanos,
        startNanos,
        gaps,
        price,
        occupants);
  }

  /** Copies the values. */
  public Party {
    gaps = List.copyOf(gaps);
    occupants = List.copyOf(occupants);
  }
}
