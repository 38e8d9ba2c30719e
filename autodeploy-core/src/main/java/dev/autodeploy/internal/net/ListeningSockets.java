package dev.autodeploy.internal.net;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.net.BindException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.ToIntFunction;

/**
 * The servers that listen for one configured address, all on one port. A loopback address stands
 * for both loopbacks, {@code 127.0.0.1} and {@code ::1}: clients try either for {@code localhost},
 * and another user of the machine could otherwise take the one that was left free.
 *
 * @param servers the servers, the one on the configured address first
 * @param port the port of them all
 * @param host the host to print in an address: one that leads to these servers and nowhere else
 * @param <S> the type of a server
 */
public record ListeningSockets<S>(List<S> servers, int port, String host) {
  private static final int ATTEMPTS = 20;
  private static final InetAddress LOOPBACK_4 = address(127, 0, 0, 1);
  private static final InetAddress LOOPBACK_6 =
      address(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1);

  /**
   * A way to make a server listen.
   *
   * @param <S> the type of a server
   */
  @FunctionalInterface
  public interface Opening<S> {
    /**
     * Opens a server.
     *
     * @param address where it listens
     * @return the server
     * @throws IOException if it cannot listen there
     */
    S open(InetSocketAddress address) throws IOException;
  }

  /** The IPv6 loopback, as far as this JVM and this machine have one. */
  enum Ipv6 {
    /** This JVM can listen on it. */
    USABLE,
    /** The machine has one, but this JVM cannot use it. */
    UNUSABLE,
    /** The machine has none. */
    ABSENT
  }

  /** Copies the list. */
  public ListeningSockets {
    servers = List.copyOf(servers);
  }

  /**
   * Opens the servers for an address.
   *
   * @param wanted the configured address; port 0 for one that the system chooses
   * @param opening opens one server
   * @param port returns the port of an open server
   * @param close closes a server that was just opened, so that its port is free again; the JDK's
   *     {@code HttpServer} gives it back only if it was started before it is stopped
   * @param <S> the type of a server
   * @return the servers
   * @throws IOException if one of the addresses cannot be listened on; nothing is left open
   */
  public static <S> ListeningSockets<S> open(
      InetSocketAddress wanted, Opening<S> opening, ToIntFunction<S> port, Consumer<S> close)
      throws IOException {
    return open(wanted, opening, port, close, ipv6());
  }

  static <S> ListeningSockets<S> open(
      InetSocketAddress wanted,
      Opening<S> opening,
      ToIntFunction<S> port,
      Consumer<S> close,
      Ipv6 ipv6)
      throws IOException {
    List<InetAddress> addresses = addresses(requireNonNull(wanted.getAddress(), "address"), ipv6);
    for (int attempt = 1; ; attempt++) {
      List<S> open = new ArrayList<>();
      int number = wanted.getPort();
      try {
        for (InetAddress address : addresses) {
          open.add(open(new InetSocketAddress(address, number), opening, open.isEmpty()));
          number = port.applyAsInt(open.get(0));
        }
        return new ListeningSockets<>(open, number, host(wanted.getAddress(), ipv6));
      } catch (IOException | RuntimeException e) {
        open.forEach(close);
        boolean systemChose = wanted.getPort() == 0 && !open.isEmpty();
        if (!systemChose || attempt == ATTEMPTS) {
          throw e;
        }
      }
    }
  }

  private static <S> S open(InetSocketAddress address, Opening<S> opening, boolean first)
      throws IOException {
    try {
      return opening.open(address);
    } catch (IOException e) { // which does not say where
      String hint =
          first
              ? "; end what uses the port, or choose another one"
              : ", the other address of localhost: whoever listens there would get requests for"
                  + " localhost; end it, or choose another port";
      String reason = "cannot listen on " + text(address) + " (" + e.getMessage() + ")" + hint;
      throw e instanceof BindException
          ? (BindException) new BindException(reason).initCause(e)
          : new IOException(reason, e);
    }
  }

  private static List<InetAddress> addresses(InetAddress wanted, Ipv6 ipv6) {
    boolean both = isLoopback(wanted) && ipv6 == Ipv6.USABLE;
    if (!both) {
      return List.of(wanted);
    }
    return wanted instanceof Inet4Address
        ? List.of(wanted, LOOPBACK_6)
        : List.of(wanted, LOOPBACK_4);
  }

  private static boolean isLoopback(InetAddress address) {
    return address.equals(LOOPBACK_4) || address.equals(LOOPBACK_6);
  }

  private static String host(InetAddress wanted, Ipv6 ipv6) {
    if (isLoopback(wanted) || wanted.isAnyLocalAddress()) {
      return ipv6 == Ipv6.UNUSABLE ? "127.0.0.1" : "localhost";
    }
    return text(wanted);
  }

  private static String text(InetAddress address) {
    if (address.equals(LOOPBACK_6)) {
      return "[::1]";
    }
    String text = address.getHostAddress();
    return text.indexOf(':') < 0 ? text : "[" + text + "]";
  }

  private static String text(InetSocketAddress address) {
    return text(address.getAddress()) + ":" + address.getPort();
  }

  private static Ipv6 ipv6() {
    try (ServerSocket probe = new ServerSocket(0, 1, LOOPBACK_6)) {
      return probe.isBound() ? Ipv6.USABLE : Ipv6.UNUSABLE;
    } catch (IOException | RuntimeException e) {
      return machineHasIpv6() ? Ipv6.UNUSABLE : Ipv6.ABSENT;
    }
  }

  /** Asks Linux; elsewhere the answer is yes, which prints the address that is surely ours. */
  private static boolean machineHasIpv6() {
    Path addresses = Path.of("/proc/net/if_inet6");
    if (!Files.isDirectory(Path.of("/proc/net"))) {
      return true;
    }
    try {
      return Files.exists(addresses)
          && Files.readString(addresses, StandardCharsets.US_ASCII)
              .contains("00000000000000000000000000000001 ");
    } catch (IOException e) {
      return true;
    }
  }

  private static InetAddress address(int... bytes) {
    byte[] raw = new byte[bytes.length];
    for (int i = 0; i < bytes.length; i++) {
      raw[i] = (byte) bytes[i];
    }
    try {
      return InetAddress.getByAddress(raw);
    } catch (UnknownHostException e) {
      throw new IllegalStateException(e);
    }
  }
}
