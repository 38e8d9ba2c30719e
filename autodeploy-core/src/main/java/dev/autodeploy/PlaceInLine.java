package dev.autodeploy;

import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The place of a deployment in the line for room that others have: GPUs, or a part of what all
 * instances of an engine may have together. Immutable.
 *
 * @param needs what it needs, such as {@code GPU 0}
 * @param place its place, from 1
 * @param holders who has what it needs
 * @param since since when it waits
 * @param expectedAt when its instance is expected to be ready, or null if that cannot be told
 * @param note what the provider said, or an empty text
 */
public record PlaceInLine(
    String needs,
    int place,
    List<Holder> holders,
    Instant since,
    @Nullable Instant expectedAt,
    String note) {

  /**
   * An instance that has what is needed.
   *
   * @param deployment its deployment
   * @param instanceId its id, or an empty text while it is not made yet
   * @param phase its phase
   * @param inFlight how many leases of it are open
   * @param next what happens to it
   * @param at when that is, or null if it cannot be told
   */
  public record Holder(
      String deployment,
      String instanceId,
      InstancePhase phase,
      int inFlight,
      Next next,
      @Nullable Instant at) {

    private String describe() {
      String requests = inFlight == 1 ? "1 request" : inFlight + " requests";
      String when = at == null ? "" : " at " + at.truncatedTo(ChronoUnit.SECONDS);
      String what =
          switch (next) {
            case GOES -> "goes already";
            case GOES_IF_IDLE -> "goes" + when + " if it stays idle";
            case TURN_ENDS -> "takes no further request" + when + ", when its turn ends";
            case WAITED_FOR -> "is being started";
            case STAYS -> "stays (pinned, or a minimum)";
          };
      return deployment + ", " + requests + " in flight, " + what;
    }
  }

  /** The next thing that happens to an instance that has what others wait for. */
  public enum Next {
    /** The instance goes already, once what is in flight on it is done. */
    GOES,
    /** The instance goes at a certain moment, if it is not used until then. */
    GOES_IF_IDLE,
    /**
     * The turn ends at a certain moment: then the instance finishes what is in flight, and goes.
     */
    TURN_ENDS,
    /** The instance is being started; its turn has not begun. */
    WAITED_FOR,
    /** The instance stays: it is pinned, or belongs to its deployment's minimum. */
    STAYS
  }

  /**
   * Copies the values.
   *
   * @param needs what it needs, such as {@code GPU 0}
   * @param place its place, from 1
   * @param holders who has what it needs
   * @param since since when it waits
   * @param expectedAt when its instance is expected to be ready, or null if that cannot be told
   * @param note what the provider said, or an empty text
   */
  public PlaceInLine {
    holders = List.copyOf(holders);
  }

  /**
   * Says for what it waits, what happens next, and when its instance is expected.
   *
   * @return such as {@code waits for GPU 0: breezyvoice, 2 requests in flight, goes already}
   */
  public String describe() {
    String who = holders.stream().map(Holder::describe).collect(Collectors.joining("; "));
    String before = place == 1 ? "" : ", " + (place - 1) + " before it in line";
    String expected =
        expectedAt == null
            ? ""
            : "; an instance is expected at " + expectedAt.truncatedTo(ChronoUnit.SECONDS);
    return "waits for "
        + needs
        + before
        + (who.isEmpty() ? "" : ": " + who)
        + (note.isEmpty() ? "" : "; the provider says: " + note)
        + expected;
  }

  /**
   * Returns for how long it has waited.
   *
   * @param now the moment
   * @return the time
   */
  public Duration waited(Instant now) {
    return Duration.between(since, now);
  }
}
