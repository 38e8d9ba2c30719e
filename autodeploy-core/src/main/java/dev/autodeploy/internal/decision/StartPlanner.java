package dev.autodeploy.internal.decision;

import dev.autodeploy.StartReason;

/**
 * The plan of starts: how many instances are started at a moment, and why. The decision tree, in
 * order:
 *
 * <ol>
 *   <li>The deployment is removed or closed, or its budget covers no start: none.
 *   <li>The minimum lacks {@code minInstances} less what is ready or starting; nothing while it is
 *       held back after an instance ended by itself.
 *   <li>A request that is expected needs one, if none is ready or starting.
 *   <li>The callers that wait for any instance need
 *       <ol type="a">
 *         <li>none, if nobody waits;
 *         <li>exactly one, if none is ready or starting, however many wait: how much one instance
 *             takes is known only when it is there;
 *         <li>none, if none is ready and one is starting;
 *         <li>enough for those whom the room of the starting ones does not cover, if one is ready.
 *       </ol>
 *   <li>The largest of the three is started, as far as {@code maxInstances} leaves room; what
 *       drains or is being released takes up room until it is gone. One that sleeps is there
 *       already: to be woken it needs no more than that those who take requests leave room.
 *   <li>If a start failed lately, none is started before its backoff is over.
 *   <li>The first ones are for the callers, the next for the minimum, and what is left is for the
 *       request that is expected.
 * </ol>
 */
final class StartPlanner {
  private static final Plan NOTHING = new Plan(0, 0, 0, StartReason.REQUEST, false);

  /**
   * The starts of a moment.
   *
   * @param count how many instances are wanted
   * @param forCallers how many of them waiting callers need
   * @param forMinimum how many of them the minimum needs; these may be the same
   * @param callersReason the reason of those for callers
   * @param heldBack whether they have to wait for the end of the backoff
   */
  record Plan(
      int count, int forCallers, int forMinimum, StartReason callersReason, boolean heldBack) {

    StartReason reason(int index) {
      if (index < forCallers) {
        return callersReason;
      }
      return index < forMinimum ? StartReason.MINIMUM : StartReason.EXPECTED;
    }
  }

  /**
   * The state of a deployment as far as starts depend on it.
   *
   * @param open whether it takes requests, and its budget covers a start
   * @param ready how many instances are ready
   * @param starting how many are starting
   * @param asleep how many sleep, or are about to: these are woken before others are started
   * @param existing how many there are in any other phase
   * @param waitingForAny how many callers wait for any instance
   * @param requestsToCome how many callers the starting instances have room for
   * @param minimum how many are kept, none while the minimum is held back
   * @param expected whether an instance is to be started ahead of a request now
   * @param maximum how many there may be
   * @param concurrency how many callers one instance takes
   * @param backingOff whether a start failed lately
   */
  record Situation(
      boolean open,
      int ready,
      int starting,
      int asleep,
      int existing,
      int waitingForAny,
      long requestsToCome,
      int minimum,
      boolean expected,
      int maximum,
      int concurrency,
      boolean backingOff) {}

  private StartPlanner() {}

  static Plan plan(Situation s) {
    if (!s.open()) { // (1)
      return NOTHING;
    }
    int forMinimum = s.minimum() - s.ready() - s.starting(); // (2)
    int forExpected = s.expected() && s.ready() + s.starting() == 0 ? 1 : 0; // (3)
    int forCallers = demand(s); // (4)
    int toWake = Math.min(s.asleep(), s.maximum() - s.ready() - s.starting());
    int room = Math.max(s.maximum() - s.existing(), toWake);
    int needed = Math.max(Math.max(forMinimum, forExpected), forCallers);
    int wanted = Math.min(room, needed); // (5)
    if (wanted <= 0) {
      return NOTHING;
    }
    StartReason callersReason = s.ready() == 0 ? StartReason.REQUEST : StartReason.DEMAND;
    return new Plan(wanted, forCallers, forMinimum, callersReason, s.backingOff()); // (6), (7)
  }

  private static int demand(Situation s) {
    if (s.waitingForAny() == 0) { // (4a)
      return 0;
    }
    if (s.ready() == 0) { // (4b), (4c)
      return s.starting() == 0 ? 1 : 0;
    }
    long uncovered = s.waitingForAny() - s.requestsToCome(); // (4d)
    return (int) Math.max(0, (uncovered + s.concurrency() - 1) / s.concurrency());
  }
}
