package dev.autodeploy.internal.net;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * The addresses that are one caller where callers get limits or shares. A customer of a provider
 * has a whole network of IPv6 (64 bits of it are theirs), and so any number of addresses; a user of
 * this machine has sixteen million of loopback.
 */
public final class CallerNetwork {
  private static final int IPV6_NETWORK_BYTES = 8;

  /** Stands for all loopback addresses. */
  private static final String THIS_MACHINE = "loopback";

  private CallerNetwork() {}

  /**
   * Returns a text that is the same for all addresses of one caller.
   *
   * @param address an address
   * @return the text
   */
  public static String of(InetAddress address) {
    if (address.isLoopbackAddress()) {
      return THIS_MACHINE;
    }
    byte[] bytes = address.getAddress();
    if (address instanceof Inet6Address) {
      bytes = Arrays.copyOf(bytes, IPV6_NETWORK_BYTES);
    }
    return HexFormat.of().formatHex(bytes);
  }

  /**
   * Returns the same for an address as text. No name is looked up.
   *
   * @param literal a literal address, as {@link InetAddress#getHostAddress} writes it
   * @return the text; the literal itself if it is neither an IPv6 nor a loopback address
   */
  public static String ofLiteral(String literal) {
    if (literal.indexOf(':') < 0) {
      return LoopbackHost.isLoopback(literal) ? THIS_MACHINE : literal;
    }
    int zone = literal.indexOf('%'); // an interface of this machine, which may be gone by now
    try {
      // With a colon it can only be a literal: nobody is asked for it.
      return of(InetAddress.getByName(zone < 0 ? literal : literal.substring(0, zone)));
    } catch (UnknownHostException e) {
      return literal;
    }
  }
}
