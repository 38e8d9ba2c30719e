package dev.autodeploy.proxy.gateway;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Finds clients that stall. A write that blocks is not proof enough: Linux wakes the writer when a
 * third of the send buffer is free, so a client that reads slowly but steadily can keep one write
 * waiting for minutes. So a client counts as stalled only if, in all that time, its system has not
 * taken a byte of what was sent either. Used by one thread.
 */
final class StallWatch {
  private final long limitNanos;
  private final ClientPresence presence;
  private Map<Peer, Quiet> known = new HashMap<>();

  /** A transfer that takes long: since when nothing has moved, and what was unsent then. */
  private record Quiet(long transfer, long since, long unsent) {}

  StallWatch(long limitNanos, ClientPresence presence) {
    this.limitNanos = limitNanos;
    this.presence = presence;
  }

  /** Looks at all clients there are, and tells those that have stalled. */
  void look(Iterable<? extends Peer> peers, long now) {
    Map<Peer, Quiet> next = new HashMap<>();
    List<Peer> first = new ArrayList<>();
    List<Peer> overdue = new ArrayList<>();
    for (Peer peer : peers) {
      long transfer = peer.transferringSince();
      Quiet before = known.get(peer);
      if (transfer == 0) {
        continue;
      }
      if (before == null || before.transfer != transfer) {
        if (now - transfer > limitNanos / 2) {
          next.put(peer, new Quiet(transfer, transfer, ClientPresence.UNKNOWN));
          first.add(peer);
        }
      } else {
        next.put(peer, before);
        if (now - before.since > limitNanos) {
          overdue.add(peer);
        }
      }
    }
    if (!first.isEmpty() || !overdue.isEmpty()) {
      compare(first, overdue, next, now);
    }
    known = next;
  }

  private void compare(List<Peer> first, List<Peer> overdue, Map<Peer, Quiet> next, long now) {
    List<Peer> asked = new ArrayList<>(first);
    asked.addAll(overdue);
    Map<Peer, Long> unsent = presence.unsent(asked);
    for (Peer peer : first) {
      next.computeIfPresent(
          peer, (same, quiet) -> new Quiet(quiet.transfer, quiet.since, unsentOf(peer, unsent)));
    }
    for (Peer peer : overdue) {
      long left = unsentOf(peer, unsent);
      Quiet moved =
          next.computeIfPresent(
              peer,
              (same, quiet) ->
                  left != ClientPresence.UNKNOWN && left < quiet.unsent
                      ? new Quiet(quiet.transfer, now, left)
                      : null);
      if (moved == null) {
        peer.stalled();
      }
    }
  }

  private static long unsentOf(Peer peer, Map<Peer, Long> unsent) {
    return unsent.getOrDefault(peer, ClientPresence.UNKNOWN);
  }
}
