package dev.autodeploy.proxy.gateway;

import java.net.InetAddress;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The fields that tell an instance who asks, and under which address: {@code X-Forwarded-*} and
 * {@code Forwarded}. Applications read either of them, so both say the same.
 */
final class ForwardedFields {
  private static final String UNKNOWN = "unknown";

  private ForwardedFields() {}

  /**
   * Adds the fields.
   *
   * @param head the request
   * @param link the address that its client sees
   * @param trusted whether what a proxy in front says is passed on
   * @param out the fields for the instance
   */
  static void add(RequestHead head, LinkAddress link, boolean trusted, HttpHeaders out) {
    String peer = Peer.textOf(head.remote().getAddress());
    ForwardedChain chain = trusted ? ForwardedChain.of(head.headers()) : ForwardedChain.NONE;
    List<String> clients = trusted ? clients(head.headers(), chain) : List.of();

    out.add("X-Forwarded-For", clients.isEmpty() ? peer : String.join(", ", clients) + ", " + peer);
    out.add("X-Forwarded-Proto", link.scheme());
    if (link.authority() != null) {
      out.add("X-Forwarded-Host", link.authority());
    }
    out.add("X-Forwarded-Port", Integer.toString(link.port()));
    if (!link.prefix().isEmpty()) {
      out.add("X-Forwarded-Prefix", link.prefix());
    }
    String own = element(peer, link);
    List<String> before = before(chain, clients, link);
    out.add("Forwarded", before.isEmpty() ? own : String.join(", ", before) + ", " + own);
  }

  /** Returns the elements of those that the peer asks for. */
  private static List<String> before(ForwardedChain chain, List<String> clients, LinkAddress link) {
    if (clients.isEmpty() && chain.elements().isEmpty()) {
      return clients;
    }
    return contradicts(chain, link) || chain.elements().isEmpty()
        ? clients.stream().map(client -> element(client, link)).toList()
        : chain.elements();
  }

  private static List<String> clients(HttpHeaders in, ForwardedChain chain) {
    String said = String.join(", ", in.all("X-Forwarded-For"));
    if (said.isBlank()) {
      return chain.all("for").stream().map(ForwardedFields::withoutBrackets).toList();
    }
    return Arrays.stream(said.split(",", -1)).map(String::strip).filter(s -> !s.isEmpty()).toList();
  }

  private static String withoutBrackets(String node) {
    int end = node.indexOf(']');
    return node.startsWith("[") && end > 0 ? node.substring(1, end) : node;
  }

  private static boolean contradicts(ForwardedChain chain, LinkAddress link) {
    return differs(chain.first("proto"), link.scheme())
        || differs(chain.first("host"), link.authority());
  }

  private static boolean differs(@Nullable String said, @Nullable String known) {
    return said != null && !said.equalsIgnoreCase(known);
  }

  private static String element(String client, LinkAddress link) {
    return "for="
        + node(client)
        + (link.authority() == null ? "" : ";host=\"" + link.authority() + "\"")
        + ";proto="
        + link.scheme();
  }

  /** Returns a node (RFC 7239, 6): IPv6 in brackets, quoted where it is not a token. */
  private static String node(String client) {
    boolean hexadecimal = true; // and dots and colons
    boolean token = true;
    int colons = 0;
    for (int i = 0; i < client.length(); i++) {
      char c = client.charAt(i);
      boolean digit = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
      boolean letter = (c >= 'g' && c <= 'z') || (c >= 'G' && c <= 'Z');
      if (c == ':') {
        colons++;
      } else if (!digit && !letter && "._-[]".indexOf(c) < 0) {
        return UNKNOWN;
      }
      hexadecimal &= digit || c == ':' || c == '.';
      token &= "[]:".indexOf(c) < 0;
    }
    if (hexadecimal && colons >= 2) {
      return "\"[" + client + "]\"";
    }
    if (client.isEmpty()) {
      return UNKNOWN;
    }
    return token ? client : "\"" + client + "\"";
  }

  /**
   * The address of whoever a connection is to, as a text. Those of the last are kept, as all
   * requests of a connection, and mostly of many, ask for the same.
   */
  private record Peer(InetAddress address, String text) {
    private static final @Nullable Peer[] LAST = new Peer[64];

    static String textOf(@Nullable InetAddress address) {
      if (address == null) {
        return UNKNOWN;
      }
      int place = (address.hashCode() & 0x7fffffff) % LAST.length;
      Peer known = LAST[place]; // no matter what another thread puts there
      if (known == null || !known.address.equals(address)) {
        known = new Peer(address, plain(address));
        LAST[place] = known;
      }
      return known.text;
    }

    private static String plain(InetAddress address) {
      String text = address.getHostAddress();
      int zone = text.indexOf('%');
      return zone < 0 ? text : text.substring(0, zone);
    }
  }
}
