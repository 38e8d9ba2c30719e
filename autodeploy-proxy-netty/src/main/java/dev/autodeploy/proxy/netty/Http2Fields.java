package dev.autodeploy.proxy.netty;

import dev.autodeploy.proxy.gateway.HttpHeaders;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** Turns fields of HTTP/2 into the gateway's, and back. */
final class Http2Fields {
  /** Fields of HTTP/1.1 that HTTP/2 does not have. */
  private static final Set<String> OF_CONNECTION =
      Set.of(
          "connection",
          "host",
          "keep-alive",
          "proxy-connection",
          "transfer-encoding",
          "upgrade",
          "http2-settings");

  private Http2Fields() {}

  /** Returns the fields without those that begin with a colon; the pieces of cookies as one. */
  static HttpHeaders read(Http2Headers from) {
    HttpHeaders headers = new HttpHeaders();
    StringBuilder cookie = new StringBuilder();
    for (Map.Entry<CharSequence, CharSequence> field : from) {
      String name = field.getKey().toString();
      String value = field.getValue().toString();
      if (name.equals("cookie")) {
        cookie.append(cookie.isEmpty() ? "" : "; ").append(value);
      } else if (!name.startsWith(":")) {
        headers.add(name, value);
      }
    }
    return cookie.isEmpty() ? headers : headers.add("cookie", cookie.toString());
  }

  /** Returns fields as HTTP/2 has them. */
  static Http2Headers write(HttpHeaders from) {
    Http2Headers headers = new DefaultHttp2Headers(false, from.size() + 4);
    add(headers, from);
    return headers;
  }

  /** Adds fields, but for those of the connection. */
  static void add(Http2Headers headers, HttpHeaders from) {
    for (int i = 0; i < from.size(); i++) {
      String name = from.name(i).toLowerCase(Locale.ROOT);
      if (!OF_CONNECTION.contains(name)) {
        headers.add(name, from.value(i));
      }
    }
  }
}
