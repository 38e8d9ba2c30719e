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
  private final double minPerNano;
  private final ClientPresence presence;
  private Map<Client, Quiet> known = new HashMap<>();

  /** A transfer that takes long: when it was looked at last, and what was unsent when. */
  private record Quiet(long transfer, long since, long unsent, long asOf) {}

  /**
   * Creates a watch.
   *
   * @param limitNanos how long a client may not move
   * @param minRate the bytes that it has to take in a second, on average from one look to the next,
   *     for it to count as moving; 0 for a single byte
   * @param presence tells how much is unsent
   */
  StallWatch(long limitNanos, long minRate, ClientPresence presence) {
    this.limitNanos = limitNanos;
    minPerNano = minRate / 1e9;
    this.presence = presence;
  }

  /** Looks at all clients there are, and tells those that have stalled. */
  void look(Iterable<? extends Client> clients, long now) {
    Map<Client, Quiet> next = new HashMap<>();
    List<Client> first = new ArrayList<>();
    List<Client> overdue = new ArrayList<>();
    for (Client client : clients) {
      long transfer = client.transferringSince();
      Quiet before = known.get(client);
      if (transfer == 0) {
        continue;
      }
      if (before == null || before.transfer != transfer) {
        if (now - transfer > limitNanos / 2) {
          next.put(client, new Quiet(transfer, transfer, ClientPresence.UNKNOWN, now));
          first.add(client);
        }
      } else {
        next.put(client, before);
        if (now - before.since > limitNanos) {
          overdue.add(client);
        }
      }
    }
    if (!first.isEmpty() || !overdue.isEmpty()) {
      compare(first, overdue, next, now);
    }
    known = next;
  }

  private void compare(
      List<Client> first, List<Client> overdue, Map<Client, Quiet> next, long now) {
    List<Client> asked = new ArrayList<>(first);
    asked.addAll(overdue);
    Map<Client, Long> unsent = presence.unsent(asked);
    for (Client client : first) {
      next.computeIfPresent(
          client,
          (same, quiet) -> new Quiet(quiet.transfer, quiet.since, unsentOf(client, unsent), now));
    }
    for (Client client : overdue) {
      long left = unsentOf(client, unsent);
      Quiet moved =
          next.computeIfPresent(
              client,
              (same, quiet) ->
                  left != ClientPresence.UNKNOWN && left <= quiet.unsent - least(now - quiet.asOf)
                      ? new Quiet(quiet.transfer, now, left, now)
                      : null);
      if (moved == null) {
        client.stalled();
      }
    }
  }

  private long least(long nanos) {
    return Math.max(1, (long) (minPerNano * nanos));
  }

  private static long unsentOf(Client client, Map<Client, Long> unsent) {
    return unsent.getOrDefault(client, ClientPresence.UNKNOWN);
  }
}
