package dev.autodeploy.proxy.gateway;

import dev.autodeploy.internal.net.CallerNetwork;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The choice of clients to disconnect where too many have not finished their requests. */
public final class MakingRoom {
  /** Nobody is disconnected sooner, as a busy machine may be slow to read what is there. */
  private static final long GRACE_NANOS = TimeUnit.MILLISECONDS.toNanos(250);

  /** The same where there are more than twice as many as there may be. */
  private static final long SHORT_GRACE_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  private MakingRoom() {}

  /** A client that is waited for. */
  public interface Waiting {

    /**
     * Returns since when it is waited for.
     *
     * @return as {@link System#nanoTime} tells it
     */
    long since();

    /**
     * Returns the client's address.
     *
     * @return the address, or null if it is unknown
     */
    @Nullable InetAddress address();
  }

  /**
   * Chooses who is disconnected: the oldest of the caller that has the most, then those of the next
   * one; but nobody who has been waited for only a moment.
   *
   * @param <W> the type of the clients
   * @param waiting all that are waited for
   * @param tooMany how many there are beyond the limit
   * @param max the limit
   * @return at most {@code tooMany} of them
   */
  public static <W extends Waiting> List<W> choose(Collection<W> waiting, int tooMany, int max) {
    long now = System.nanoTime();
    long grace = tooMany > max ? SHORT_GRACE_NANOS : GRACE_NANOS;
    List<W> all = new ArrayList<>(waiting);
    all.sort(Comparator.comparingLong(client -> client.since() - now));
    sortByShare(all);
    List<W> chosen = new ArrayList<>(all.subList(0, Math.min(tooMany, all.size())));
    // Whoever comes next in this order is not chosen in place of one that is spared for a moment:
    // the only client of its network would pay for a crowd that is a little younger.
    chosen.removeIf(client -> now - client.since() <= grace);
    return chosen;
  }

  /**
   * Sorts the clients with the most unfinished requests first; within one caller the oldest first.
   */
  static <W extends Waiting> void sortByShare(List<W> oldestFirst) {
    IdentityHashMap<W, String> callers = new IdentityHashMap<>(); // as some become known meanwhile
    Map<String, Integer> share = new HashMap<>();
    for (W client : oldestFirst) {
      InetAddress address = client.address();
      if (address != null) {
        String caller = CallerNetwork.of(address);
        callers.put(client, caller);
        share.merge(caller, 1, Integer::sum);
      }
    }
    if (share.size() > 1) {
      oldestFirst.sort( // stable
          Comparator.comparingInt(
              client -> {
                String caller = callers.get(client);
                return caller == null ? 0 : -share.getOrDefault(caller, 0);
              }));
    }
  }
}
