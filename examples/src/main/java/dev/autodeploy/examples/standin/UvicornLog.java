package dev.autodeploy.examples.standin;

import java.io.PrintStream;
import java.net.InetSocketAddress;
import java.util.Map;

/** Log lines in the manner of uvicorn, the server that BreezyVoice runs in. Thread-safe. */
final class UvicornLog {
  private static final Map<Integer, String> REASONS =
      Map.of(
          200, "OK",
          404, "Not Found",
          405, "Method Not Allowed",
          413, "Request Entity Too Large",
          422, "Unprocessable Entity",
          500, "Internal Server Error");

  private final PrintStream out;

  UvicornLog(PrintStream out) {
    this.out = out;
  }

  /** Writes a line as it is. */
  void plain(String line) {
    out.println(line);
    out.flush();
  }

  /** Writes what is going on. */
  void info(String message) {
    plain("INFO:     " + message);
  }

  /** Writes what went wrong. */
  void error(String message) {
    plain("ERROR:    " + message);
  }

  /** Writes that a request is being answered; never its query, headers or body. */
  void access(InetSocketAddress client, String method, String path, String protocol, int status) {
    String reason = REASONS.getOrDefault(status, "");
    info(
        client.getAddress().getHostAddress()
            + ":"
            + client.getPort()
            + " - \""
            + method
            + " "
            + path
            + " "
            + protocol
            + "\" "
            + status
            + " "
            + reason);
  }
}
