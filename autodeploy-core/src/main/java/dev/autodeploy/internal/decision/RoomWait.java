package dev.autodeploy.internal.decision;

import dev.autodeploy.InstancePhase;
import dev.autodeploy.PlaceInLine.Next;
import java.util.List;

/**
 * The wait of a deployment that finds no room. Times are nanoseconds of the engine's ticker.
 *
 * @param needs what it needs, such as {@code GPU 0}
 * @param holders who has that
 * @param since since when it waits
 * @param place its place in the line, from 1
 * @param expectedAt when its start is expected, or {@link Instance#NEVER} if that cannot be told
 * @param note what the provider said, or an empty text
 * @param forGood whether one of them keeps it for good, as far as can be told
 */
public record RoomWait(
    String needs,
    List<Holder> holders,
    long since,
    int place,
    long expectedAt,
    String note,
    boolean forGood) {

  /**
   * An instance that has what is needed.
   *
   * @param deployment its deployment
   * @param instanceId the instance, or an empty text while it is not made yet
   * @param phase its phase
   * @param inFlight how many leases of it are open
   * @param next what happens to it
   * @param at when, or {@link Instance#NEVER}
   */
  public record Holder(
      String deployment,
      String instanceId,
      InstancePhase phase,
      int inFlight,
      Next next,
      long at) {}

  /** Returns what is waited for and who has it, in words; the provider knows of others as well. */
  String describe() {
    String said = note.isEmpty() ? "" : "; the provider says: " + note;
    return holders.stream()
        .map(
            holder ->
                ": '"
                    + holder.deployment()
                    + "' has "
                    + (holder.inFlight() == 0 ? "an idle instance" : "a busy instance")
                    + " there")
        .reduce(needs, String::concat)
        .concat(said);
  }

  /** Copies the values. */
  public RoomWait {
    holders = List.copyOf(holders);
  }
}
