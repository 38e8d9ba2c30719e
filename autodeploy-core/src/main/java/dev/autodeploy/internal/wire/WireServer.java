package dev.autodeploy.internal.wire;

import dev.autodeploy.internal.util.Threads;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers the signed requests of other replicas, each connection on a thread of its own. Requests
 * that are not signed with the secret are refused, and their connection is closed.
 */
public final class WireServer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(WireServer.class);

  /** The most connections of replicas, which need two each; strangers have a limit of their own. */
  private static final int MAX_CONNECTIONS = 64;

  /**
   * The bytes of a request that are read at most: a follower tells all its open leases in one, of
   * which a hundred thousand may have names of the longest kind. Of who does not have the secret no
   * body is read.
   */
  private static final int MAX_REQUEST = 64 * 1024 * 1024;

  /** The time that the next request of a replica may take to come, in milliseconds. */
  private static final int IDLE_LIMIT = 60_000;

  /** The time that giving the port back may take, in milliseconds. */
  private static final int FREE_LIMIT = 2_000;

  /** The time for who connects to show that it has the secret, in milliseconds. */
  private static final int STRANGER_LIMIT = 10_000;

  private final ServerSocket socket;
  private final ExecutorService threads = Threads.perTask("replica-server");
  private final Set<Socket> connections = ConcurrentHashMap.newKeySet();
  private final CountDownLatch accepted = new CountDownLatch(1);
  private volatile boolean started;
  private final Strangers strangers = new Strangers();
  private volatile boolean closed;

  private WireServer(InetSocketAddress address) {
    try {
      this.socket = new ServerSocket();
      socket.setReuseAddress(true);
      socket.bind(address, MAX_CONNECTIONS);
    } catch (IOException e) {
      threads.shutdown();
      throw new UncheckedIOException(
          "this replica cannot listen for others on "
              + address
              + ": "
              + e.getMessage()
              + "; end what uses the port, or choose another one (Cluster.Builder.listen)",
          e);
    }
  }

  /**
   * Opens a server, which does not answer yet.
   *
   * @param address where it listens
   * @throws UncheckedIOException if the address cannot be had
   */
  public static WireServer open(InetSocketAddress address) {
    return new WireServer(address);
  }

  /**
   * Begins to answer. Called once.
   *
   * @param secret the secret of all replicas
   * @param handler makes the answer of a body; may block
   */
  public void start(SharedSecret secret, UnaryOperator<byte[]> handler) {
    started = true;
    threads.execute(
        () -> {
          try {
            accept(secret, handler);
          } finally {
            accepted.countDown();
          }
        });
  }

  /** Returns the port on which it listens. */
  public int port() {
    return socket.getLocalPort();
  }

  private void accept(SharedSecret secret, UnaryOperator<byte[]> handler) {
    while (!closed) {
      try {
        serve(socket.accept(), secret, handler);
      } catch (IOException e) {
        if (!closed) {
          LOG.warn("A replica could not connect: {}", e.getMessage());
          pause();
        }
      }
    }
  }

  private void serve(Socket connection, SharedSecret secret, UnaryOperator<byte[]> handler) {
    connections.add(connection);
    Socket goes = strangers.add(connection);
    if (goes != null) {
      close(goes);
    }
    try {
      if (closed || connections.size() > MAX_CONNECTIONS + Strangers.MOST) {
        close(connection);
      } else {
        threads.execute(() -> answerAll(connection, secret, handler));
      }
    } catch (RejectedExecutionException e) { // closed meanwhile
      close(connection);
    } catch (OutOfMemoryError e) { // no thread for it; others may end
      close(connection);
      LOG.warn("A replica could not connect: {}", e.getMessage());
    }
  }

  private void answerAll(Socket connection, SharedSecret secret, UnaryOperator<byte[]> handler) {
    try {
      connection.setTcpNoDelay(true);
      TimedInput in = new TimedInput(connection);
      String challenge = SharedSecret.random();
      in.begin(STRANGER_LIMIT);
      long number = 0;
      boolean asked = false;
      while (!closed) {
        HttpMessage request = HttpMessage.read(in, MAX_REQUEST, HttpMessage.REQUEST, secret);
        if (request == null) {
          return;
        }
        if (isRight(request, SharedSecret.prefix(challenge, number + 1), secret)) {
          number++;
          strangers.remove(connection);
          answer(request, secret, handler).write(connection.getOutputStream(), "");
          in.begin(IDLE_LIMIT);
        } else if (!asked && isQuestion(request)) {
          asked = true;
          HttpMessage.refusal(challenge).write(connection.getOutputStream(), "");
        } else {
          HttpMessage.refusal("").write(connection.getOutputStream(), "");
          return;
        }
      }
    } catch (IOException e) {
      LOG.debug("The connection of a replica has ended: {}", e.getMessage());
    } catch (RuntimeException e) {
      LOG.warn("A request of another replica could not be answered", e);
    } finally {
      close(connection);
    }
  }

  /** Returns whether it asks what to sign with; one of another version gets nothing to sign. */
  private static boolean isQuestion(HttpMessage request) {
    return request.startLine().equals(HttpMessage.REQUEST_LINE) && request.nonce().isEmpty();
  }

  private static boolean isRight(HttpMessage request, String nonce, SharedSecret secret) {
    return request.startLine().equals(HttpMessage.REQUEST_LINE)
        && request.nonce().startsWith(nonce)
        && request.isSigned(HttpMessage.REQUEST, secret);
  }

  private static HttpMessage answer(
      HttpMessage request, SharedSecret secret, UnaryOperator<byte[]> handler) {
    return HttpMessage.signed(
        HttpMessage.ANSWER_LINE,
        HttpMessage.ANSWER,
        secret,
        request.nonce(),
        handler.apply(request.body()));
  }

  private void close(Socket connection) {
    connections.remove(connection);
    strangers.remove(connection);
    try {
      connection.close();
    } catch (IOException e) {
      LOG.debug("A connection could not be closed: {}", e.getMessage());
    }
  }

  private void pause() {
    try {
      Thread.sleep(100); // as at the limit of open files: do not spin
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** The system gives the port back only when the thread that accepts has noticed. */
  private void awaitFree() {
    try {
      if (started && !accepted.await(FREE_LIMIT, TimeUnit.MILLISECONDS)) {
        LOG.warn("The port {} for other replicas may stay taken for a moment", port());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    closed = true;
    try {
      socket.close();
    } catch (IOException e) {
      LOG.debug("The server of replicas could not be closed: {}", e.getMessage());
    }
    awaitFree();
    connections.forEach(this::close);
    threads.shutdown();
  }
}
