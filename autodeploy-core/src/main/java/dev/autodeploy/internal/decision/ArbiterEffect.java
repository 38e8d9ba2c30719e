package dev.autodeploy.internal.decision;

import org.jspecify.annotations.Nullable;

/** A consequence of a decision about shared room. Carried out outside of all locks, in order. */
public sealed interface ArbiterEffect {

  /** Returns the deployment that it is about. */
  long party();

  /**
   * Give a deployment room for one instance.
   *
   * @param wake whether it is that of an instance that is to be woken in it
   */
  record Give(long party, Room room, boolean wake) implements ArbiterEffect {}

  /**
   * Ask an instance to go, so that another deployment gets its room.
   *
   * @param room the room of the instance
   * @param busyToo whether it is to go although it is busy, after what is in flight: its turn is
   *     over; otherwise it goes only if it is idle at that moment
   * @param forWhom the deployment that gets the room
   * @param sleep whether it is enough that it sleeps
   */
  record MakeRoom(long party, long room, boolean busyToo, String forWhom, boolean sleep)
      implements ArbiterEffect {

    /** Asks for all of its room. */
    MakeRoom(long party, long room, boolean busyToo, String forWhom) {
      this(party, room, busyToo, forWhom, false);
    }
  }

  /** Tell a deployment what it waits for; null for nothing any longer. */
  record Waits(long party, @Nullable RoomWait what) implements ArbiterEffect {}
}
