package dev.autodeploy.internal.decision;

import org.jspecify.annotations.Nullable;

/** A consequence of a decision about shared room. Carried out outside of all locks, in order. */
public sealed interface ArbiterEffect {

  /** Returns the deployment that it is about. */
  long party();

  /** Give a deployment room for one instance. */
  record Give(long party, Room room) implements ArbiterEffect {}

  /**
   * Ask an instance to go, so that another deployment gets its room.
   *
   * @param room the room of the instance
   * @param busyToo whether it is to go although it is busy, after what is in flight: its turn is
   *     over; otherwise it goes only if it is idle at that moment
   * @param forWhom the deployment that gets the room
   */
  record MakeRoom(long party, long room, boolean busyToo, String forWhom)
      implements ArbiterEffect {}

  /** Tell a deployment what it waits for; null for nothing any longer. */
  record Waits(long party, @Nullable RoomWait what) implements ArbiterEffect {}
}
