package dev.autodeploy.internal.wire;

import dev.autodeploy.internal.net.CallerNetwork;
import java.net.InetAddress;
import java.net.Socket;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The connections that have not shown that they have the secret. There are few of them at a time;
 * for one more the oldest goes, of the network that has the most, so that no number of them keeps
 * another replica out. Thread-safe.
 */
final class Strangers {
  static final int MOST = 32;

  private final Set<Socket> connections = new LinkedHashSet<>(); // guarded by itself

  /** Adds one; returns the one that goes for it, or null. */
  @Nullable Socket add(Socket connection) {
    synchronized (connections) {
      Socket goes = connections.size() < MOST ? null : oldestOfMost();
      if (goes != null) {
        connections.remove(goes);
      }
      connections.add(connection);
      return goes;
    }
  }

  private @Nullable Socket oldestOfMost() {
    Map<String, Integer> counts = new HashMap<>();
    connections.forEach(it -> counts.merge(network(it), 1, Integer::sum));
    Socket found = null;
    int most = 0;
    for (Socket connection : connections) { // in the order in which they came
      int count = counts.getOrDefault(network(connection), 0);
      if (count > most) {
        most = count;
        found = connection;
      }
    }
    return found;
  }

  private static String network(Socket connection) {
    InetAddress address = connection.getInetAddress();
    return address == null ? "" : CallerNetwork.of(address);
  }

  /** Removes one, as it is over or is a stranger no longer. */
  void remove(Socket connection) {
    synchronized (connections) {
      connections.remove(connection);
    }
  }
}
