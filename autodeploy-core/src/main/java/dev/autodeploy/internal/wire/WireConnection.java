package dev.autodeploy.internal.wire;

import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A connection to another replica, made when it is needed, and made anew after an error. Used by
 * one thread at a time; any may close it.
 */
public final class WireConnection implements AutoCloseable {
  /**
   * The version of what replicas say to each other, and of how. It changes with either: replicas of
   * two versions take each other for strangers.
   */
  public static final int VERSION = 2;

  private static final int MAX_ANSWER = 64 * 1024 * 1024;

  private final URI address;
  private final SharedSecret secret;
  private volatile @Nullable Socket socket;
  private volatile boolean closed;
  private @Nullable TimedInput in;
  private String challenge = "";
  private long requests;

  /**
   * Makes it, without connecting.
   *
   * @param address where the other one listens, with a host and a port
   * @param secret the secret of all replicas
   */
  public WireConnection(URI address, SharedSecret secret) {
    this.address = address;
    this.secret = secret;
  }

  /**
   * Sends a body and returns the answer's.
   *
   * @param limit how long connecting, and then the answer, may take
   * @throws WireRefusedException if the other one has another version or secret
   * @throws IOException if there is no answer in time, or one that is not signed
   */
  public byte[] exchange(byte[] body, Duration limit) throws IOException {
    try {
      Socket connected = connected(limit);
      requests++;
      String nonce = SharedSecret.nonce(challenge, requests);
      HttpMessage answer =
          send(
              connected,
              HttpMessage.signed(
                  HttpMessage.REQUEST_LINE, HttpMessage.REQUEST, secret, nonce, body),
              limit);
      check(answer, nonce);
      return answer.body();
    } catch (IOException e) {
      disconnect();
      throw e;
    }
  }

  private HttpMessage send(Socket to, HttpMessage request, Duration limit) throws IOException {
    TimedInput from = in;
    if (from == null) {
      throw new EOFException("the connection was closed");
    }
    from.begin(limit.toMillis());
    request.write(to.getOutputStream(), address.getAuthority());
    HttpMessage answer = HttpMessage.read(from, MAX_ANSWER, HttpMessage.ANSWER, secret);
    if (answer == null) {
      throw new EOFException("the other replica closed the connection");
    }
    return answer;
  }

  private void check(HttpMessage answer, String nonce) throws IOException {
    if (answer.startLine().equals(HttpMessage.REFUSAL_LINE)) {
      throw new WireRefusedException("it has another secret (Cluster.Builder.secret)");
    }
    if (!answer.startLine().equals(HttpMessage.ANSWER_LINE)
        || !answer.nonce().equals(nonce)
        || !answer.isSigned(HttpMessage.ANSWER, secret)) {
      throw new IOException("the answer is not that of a replica with the same secret");
    }
  }

  private Socket connected(Duration limit) throws IOException {
    Socket current = socket;
    if (current != null) {
      return current;
    }
    Socket made = new Socket();
    socket = made; // before it connects, so that it can be closed meanwhile
    if (closed) {
      throw new IOException("closed");
    }
    made.connect(
        new InetSocketAddress(address.getHost(), address.getPort()),
        (int) Math.max(1, limit.toMillis()));
    made.setTcpNoDelay(true);
    in = new TimedInput(made);
    challenge = send(made, HttpMessage.question(), limit).nonce();
    if (challenge.isEmpty()) {
      throw new WireRefusedException(
          "it is of another version than this one, whose replicas speak version " + VERSION);
    }
    requests = 0;
    return made;
  }

  private void disconnect() {
    Socket current = socket;
    socket = null;
    in = null;
    if (current != null) {
      try {
        current.close();
      } catch (IOException e) {
        // it is of no use any longer either way
      }
    }
  }

  @Override
  public void close() {
    closed = true;
    Socket current = socket;
    if (current != null) {
      try {
        current.close(); // whoever reads from it gets an error
      } catch (IOException e) {
        // likewise
      }
    }
  }
}
