package dev.autodeploy.docker;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A range of IP addresses.
 *
 * @param first an address in it
 * @param bits the number of its leading bits that all of them have
 */
record Subnet(InetAddress first, int bits) {
  private static final Pattern TEXT = Pattern.compile("([0-9A-Fa-f:.]{2,45})/([0-9]{1,3})");

  /** Reads such as {@code 172.17.0.0/16}; null if it is none. */
  static @Nullable Subnet parse(@Nullable String text) {
    var parts = TEXT.matcher(text == null ? "" : text);
    if (!parts.matches()) {
      return null;
    }
    try {
      InetAddress first = InetAddress.getByName(parts.group(1));
      int bits = Integer.parseInt(parts.group(2));
      return bits > first.getAddress().length * Byte.SIZE ? null : new Subnet(first, bits);
    } catch (UnknownHostException e) {
      return null;
    }
  }

  /**
   * Returns the address after the one with which the range begins, which a bridge has by default.
   */
  InetAddress second() {
    byte[] bytes = first.getAddress();
    for (int bit = bits; bit < bytes.length * Byte.SIZE; bit++) {
      bytes[bit / Byte.SIZE] &= (byte) ~(0x80 >> bit % Byte.SIZE);
    }
    bytes[bytes.length - 1] |= 1;
    try {
      return InetAddress.getByAddress(bytes);
    } catch (UnknownHostException e) {
      throw new IllegalStateException("the length of an address is that of another one", e);
    }
  }

  boolean contains(InetAddress address) {
    byte[] mine = first.getAddress();
    byte[] other = address.getAddress();
    if (mine.length != other.length) {
      return false;
    }
    for (int bit = 0; bit < bits; bit++) {
      int mask = 0x80 >> bit % Byte.SIZE;
      if ((mine[bit / Byte.SIZE] & mask) != (other[bit / Byte.SIZE] & mask)) {
        return false;
      }
    }
    return true;
  }
}
