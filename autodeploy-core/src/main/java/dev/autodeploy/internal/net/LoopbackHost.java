package dev.autodeploy.internal.net;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;

/**
 * Hosts, as they are written in a URI or a {@code Host} field, that are this machine whatever a
 * name server says: {@code localhost} and the literal loopback addresses.
 */
public final class LoopbackHost {
  private static final int PARTS = 4;

  /** The longest literal: an IPv6 address that ends with an IPv4 one, in brackets. */
  private static final int MAX_LITERAL = 47;

  private LoopbackHost() {}

  /**
   * Returns whether a host is this machine. No name is looked up.
   *
   * @param host without a port; an IPv6 address with or without its brackets
   * @return whether it is; false for every name but {@code localhost}
   */
  public static boolean isLoopback(String host) {
    if (host.equalsIgnoreCase("localhost")) { // with a dot at the end a name server may be asked
      return true;
    }
    if (host.length() > MAX_LITERAL) {
      return false;
    }
    if (host.startsWith("[")) {
      return host.endsWith("]") && isLoopback6(host.substring(1, host.length() - 1));
    }
    return host.indexOf(':') >= 0 ? isLoopback6(host) : isLoopback4(host);
  }

  private static boolean isLoopback6(String literal) {
    boolean digitsOnly =
        literal.indexOf(':') >= 0
            && literal.chars().allMatch(c -> Character.digit(c, 16) >= 0 || c == ':' || c == '.');
    try {
      // With a colon it can only be a literal: nobody is asked for it.
      // Not an IPv4 address in IPv6's clothes: browsers take its pages for those of a stranger, and
      // leave out the fields that tell where a request comes from.
      return digitsOnly
          && InetAddress.getByName(literal) instanceof Inet6Address address
          && address.isLoopbackAddress();
    } catch (UnknownHostException e) {
      return false;
    }
  }

  /**
   * Reads {@code 127.0.0.1} and the short forms that the system's and Java's own parsers know, as
   * {@code 127.1} and {@code 2130706433}. A part with a leading zero is octal for some of them and
   * decimal for others, so it is not taken for anything.
   */
  private static boolean isLoopback4(String literal) {
    long address = 0;
    int begin = 0;
    for (int left = PARTS; left > 0; left--) {
      int dot = literal.indexOf('.', begin);
      boolean last = dot < 0;
      long part = number(literal, begin, last ? literal.length() : dot);
      int bits = last ? 8 * left : 8;
      if (part < 0 || part >= 1L << bits) {
        return false;
      }
      address = address << bits | part;
      if (last) {
        return address >>> 24 == 127;
      }
      begin = dot + 1;
    }
    return false;
  }

  /** Returns the number in a part of a text, or -1 if there is none of at most ten digits. */
  private static long number(String text, int begin, int end) {
    int length = end - begin;
    if (length < 1 || length > 10 || (length > 1 && text.charAt(begin) == '0')) {
      return -1;
    }
    long number = 0;
    for (int i = begin; i < end; i++) {
      char c = text.charAt(i);
      if (c < '0' || c > '9') {
        return -1;
      }
      number = 10 * number + c - '0';
    }
    return number;
  }
}
