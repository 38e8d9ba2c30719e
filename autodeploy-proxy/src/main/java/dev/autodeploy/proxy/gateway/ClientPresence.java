package dev.autodeploy.proxy.gateway;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds clients that have left while their request is held or served, and tells how much of an
 * response they have yet to take.
 *
 * <p>A server that does not read from a connection learns nothing about its end. Linux tells: a
 * connection that the client has closed is no longer ESTABLISHED in {@code /proc/self/net/tcp}.
 * Where there is no such file, nobody is ever found gone, and the deadlines have to do. A client
 * that closed only its sending half counts as gone, as with most proxies.
 */
class ClientPresence {
  private static final Logger LOG = LoggerFactory.getLogger(ClientPresence.class);
  private static final String ESTABLISHED = "01";

  /** The answer of {@link #unsent} where the system does not tell. */
  static final long UNKNOWN = -1;

  private final List<Path> tables;

  /** The requests whose connection was missing last time: the tables are not read atomically. */
  private Set<ProxiedRequest> suspects = Set.of();

  private boolean failed;

  ClientPresence(List<Path> tables) {
    this.tables = tables;
  }

  static ClientPresence ofSystem() {
    return new ClientPresence(
        List.of(Path.of("/proc/self/net/tcp"), Path.of("/proc/self/net/tcp6")));
  }

  /** Returns the requests whose client has left. Called by one thread. */
  List<ProxiedRequest> gone(List<ProxiedRequest> requests) {
    if (requests.isEmpty() || failed) {
      suspects = Set.of();
      return List.of();
    }
    Map<Connection, Row> rows = rows(requests);
    if (failed) {
      return List.of();
    }
    List<ProxiedRequest> gone = new ArrayList<>();
    Set<ProxiedRequest> missing = new HashSet<>();
    for (ProxiedRequest request : requests) {
      Row row = rows.get(Connection.of(request.request()));
      if (row != null) {
        request.connectionSeen();
      } else if (request.mayBeElsewhere()) {
        continue; // it cannot be missed
      }
      if (row == null && !suspects.contains(request)) {
        missing.add(request);
      } else if (row == null || !row.established) {
        gone.add(request);
      }
    }
    suspects = missing;
    return gone;
  }

  /** Notes whose connections there are. */
  void see(List<ProxiedRequest> requests) {
    if (failed) {
      return;
    }
    Map<Connection, Row> rows = rows(requests);
    for (ProxiedRequest request : requests) {
      if (rows.containsKey(Connection.of(request.request()))) {
        request.connectionSeen();
      }
    }
  }

  /**
   * Returns how many bytes were written to clients and not taken by their systems. Called by the
   * same thread.
   *
   * @param clients the clients
   * @return the number for each of which it is known
   */
  Map<Client, Long> unsent(List<? extends Client> clients) {
    Map<Client, Long> unsent = new HashMap<>();
    if (!failed) {
      Map<Connection, Row> rows = rows(clients);
      for (Client client : clients) {
        Row row = rows.get(Connection.of(client.request()));
        if (row != null) {
          unsent.put(client, row.unsent);
        }
      }
    }
    return unsent;
  }

  private Map<Connection, Row> rows(List<? extends Client> clients) {
    Map<Connection, Row> rows = new HashMap<>();
    try {
      Set<Integer> ports = new HashSet<>();
      clients.forEach(client -> ports.add(client.request().local().getPort()));
      boolean any = false;
      for (Path table : tables) {
        if (Files.isReadable(table)) {
          read(table, ports, rows::put);
          any = true;
        }
      }
      if (!any) {
        failed = true;
        LOG.debug("This system does not tell which clients have left");
      }
    } catch (IOException | RuntimeException e) {
      failed = true;
      LOG.warn("The table of connections cannot be read: clients that leave are not noticed", e);
    }
    return rows;
  }

  /**
   * Reads a table.
   *
   * @param table the file
   * @param ports the local ports that matter
   * @param found gets each connection
   */
  static void read(Path table, Set<Integer> ports, BiConsumer<Connection, Row> found)
      throws IOException {
    try (BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(Files.newInputStream(table), StandardCharsets.US_ASCII))) {
      lines.readLine(); // the heading
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        String[] columns = line.strip().split("\\s+", 6);
        int local = port(columns[1]);
        if (ports.contains(local)) {
          found.accept(
              new Connection(new InetSocketAddress(address(columns[2]), port(columns[2])), local),
              new Row(
                  columns[3].equals(ESTABLISHED),
                  Long.parseLong(columns[4].substring(0, columns[4].indexOf(':')), 16)));
        }
      }
    }
  }

  private static int port(String column) {
    return Integer.parseInt(column.substring(column.indexOf(':') + 1), 16);
  }

  /** The kernel prints an address as 32-bit words in the machine's byte order. */
  private static InetAddress address(String column) throws UnknownHostException {
    int digits = column.indexOf(':');
    ByteBuffer bytes = ByteBuffer.allocate(digits / 2).order(ByteOrder.nativeOrder());
    for (int i = 0; i < digits; i += 8) {
      bytes.putInt(Integer.parseUnsignedInt(column.substring(i, i + 8), 16));
    }
    return InetAddress.getByAddress(bytes.array()); // an IPv4-mapped address becomes IPv4
  }

  /** The system's knowledge of a connection: whether both sides are there, and what is unsent. */
  record Row(boolean established, long unsent) {}

  /** One connection, by its two ends. */
  record Connection(InetSocketAddress remote, int localPort) {
    static Connection of(RequestHead head) {
      try {
        // Without the zone of a link-local address, which the tables do not have.
        InetAddress plain = InetAddress.getByAddress(head.remote().getAddress().getAddress());
        return new Connection(
            new InetSocketAddress(plain, head.remote().getPort()), head.local().getPort());
      } catch (UnknownHostException e) {
        throw new IllegalStateException(e);
      }
    }
  }
}
