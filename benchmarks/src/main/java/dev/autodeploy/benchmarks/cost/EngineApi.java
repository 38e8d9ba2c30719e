package dev.autodeploy.benchmarks.cost;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The Docker Engine at its default socket, with nothing between. */
final class EngineApi {
  private static final UnixDomainSocketAddress SOCKET =
      UnixDomainSocketAddress.of("/var/run/docker.sock");

  private EngineApi() {}

  /** Sends a request and returns the whole answer. */
  static String call(String method, String path, String json) throws IOException {
    try (SocketChannel channel = SocketChannel.open(SOCKET)) {
      byte[] body = json.getBytes(UTF_8);
      String head =
          method
              + " "
              + path
              + " HTTP/1.0\r\nHost: docker\r\nContent-Type: application/json\r\nContent-Length: "
              + body.length
              + "\r\n\r\n";
      channel.write(ByteBuffer.wrap(head.getBytes(UTF_8)));
      channel.write(ByteBuffer.wrap(body));
      InputStream in = Channels.newInputStream(channel);
      String answer = new String(in.readAllBytes(), UTF_8);
      if (!answer.matches("(?s)HTTP/1\\.\\d 2.*")) {
        throw new IOException(method + " " + path + ": " + answer);
      }
      return answer;
    }
  }

  /** Returns the address of a container in the engine's network. */
  static String address(String id) throws IOException {
    return field(call("GET", "/containers/" + id + "/json", ""), "IPAddress");
  }

  static void remove(String id) throws IOException {
    call("DELETE", "/containers/" + id + "?force=1", "");
  }

  /** Returns the first value of a name that is not empty. */
  static String field(String json, String name) throws IOException {
    Matcher matcher = Pattern.compile("\"" + name + "\":\"([^\"]+)\"").matcher(json);
    if (!matcher.find()) {
      throw new IOException("no " + name + " in " + json);
    }
    return matcher.group(1);
  }
}
