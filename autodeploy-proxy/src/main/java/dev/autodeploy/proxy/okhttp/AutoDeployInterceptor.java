package dev.autodeploy.proxy.okhttp;

import static java.util.Objects.requireNonNull;

import dev.autodeploy.AcquireRequest;
import dev.autodeploy.AutoDeploy;
import dev.autodeploy.AutoDeployException;
import dev.autodeploy.Lease;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.URI;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import okhttp3.HttpUrl;
import okhttp3.Interceptor;
import okhttp3.MediaType;
import okhttp3.Response;
import okhttp3.ResponseBody;
import okio.BufferedSource;
import okio.ForwardingSource;
import okio.Okio;
import okio.Sink;
import okio.Socket;
import okio.Source;
import org.jspecify.annotations.Nullable;

/**
 * Sends requests for {@code http://<deployment>.autodeploy/<path>} to an instance of the
 * deployment, which is started if there is none, and gives it back when the response is closed.
 * Thread-safe.
 *
 * <pre>{@code
 * OkHttpClient client = new OkHttpClient.Builder()
 *     .addInterceptor(AutoDeployInterceptor.of(autoDeploy))
 *     .build();
 * }</pre>
 *
 * <p>A WebSocket ({@code newWebSocket}) keeps its instance until it is closed.
 *
 * <p>To be added as an application interceptor ({@code addInterceptor}). A call blocks while an
 * instance starts; the client's call timeout counts that time too. Other hosts are left alone.
 */
public final class AutoDeployInterceptor implements Interceptor {
  private static final String SUFFIX = ".autodeploy";
  private static final long LOOK_MILLIS = 100;

  private final AutoDeploy autoDeploy;
  private final Duration maxWait;

  private AutoDeployInterceptor(AutoDeploy autoDeploy, Duration maxWait) {
    this.autoDeploy = requireNonNull(autoDeploy, "autoDeploy");
    this.maxWait = requireNonNull(maxWait, "maxWait");
  }

  /**
   * Returns an interceptor that waits up to {@link AcquireRequest#DEFAULT_TIMEOUT} for an instance.
   *
   * @param autoDeploy the engine
   * @return the interceptor
   */
  public static AutoDeployInterceptor of(AutoDeploy autoDeploy) {
    return of(autoDeploy, AcquireRequest.DEFAULT_TIMEOUT);
  }

  /**
   * Returns an interceptor.
   *
   * @param autoDeploy the engine
   * @param maxWait how long a call waits for an instance at most; longer than 0
   * @return the interceptor
   */
  public static AutoDeployInterceptor of(AutoDeploy autoDeploy, Duration maxWait) {
    return new AutoDeployInterceptor(autoDeploy, maxWait);
  }

  /**
   * Sends a request, through a lease if it is for a deployment.
   *
   * @param chain the call
   * @return the response, whose body gives the lease back when it is closed
   * @throws IOException if the exchange fails; if there is no instance, its cause is an {@link
   *     AutoDeployException} that says why
   */
  @Override
  public Response intercept(Chain chain) throws IOException {
    HttpUrl url = chain.request().url();
    String host = url.host().toLowerCase(Locale.ROOT);
    if (!host.endsWith(SUFFIX)) {
      return chain.proceed(chain.request());
    }
    Lease lease = acquire(chain, host.substring(0, host.length() - SUFFIX.length()));
    boolean handedOver = false;
    try {
      lease
          .lost()
          .whenComplete(
              (exit, error) -> {
                if (exit != null) {
                  chain.call().cancel();
                }
              });
      URI endpoint = lease.endpoint();
      HttpUrl target =
          url.newBuilder()
              .scheme(endpoint.getScheme())
              .host(endpoint.getHost())
              .port(
                  endpoint.getPort() >= 0
                      ? endpoint.getPort()
                      : HttpUrl.defaultPort(endpoint.getScheme()))
              .build();
      Response response = chain.proceed(chain.request().newBuilder().url(target).build());
      Response.Builder leased = response.newBuilder();
      Socket socket = response.socket();
      if (socket == null) {
        leased.body(new LeasedBody(response.body(), lease));
      } else { // 101: the caller keeps the connection, not the response
        leased.socket(new LeasedSocket(socket, lease));
      }
      Response handed = leased.build();
      handedOver = true;
      return handed;
    } finally {
      if (!handedOver) {
        lease.close();
      }
    }
  }

  private Lease acquire(Chain chain, String deployment) throws IOException {
    CompletableFuture<Lease> future;
    try {
      future = autoDeploy.deployment(deployment).acquireAsync(AcquireRequest.within(maxWait));
    } catch (AutoDeployException e) {
      throw new IOException(e.getMessage(), e);
    }
    while (true) {
      try {
        return future.get(LOOK_MILLIS, TimeUnit.MILLISECONDS);
      } catch (TimeoutException e) {
        if (chain.call().isCanceled()) {
          giveUp(future);
          throw new IOException("Canceled", e);
        }
      } catch (InterruptedException e) {
        giveUp(future);
        Thread.currentThread().interrupt();
        throw (IOException) new InterruptedIOException("interrupted").initCause(e);
      } catch (ExecutionException e) {
        throw new IOException(e.getCause() == null ? "" : e.getCause().getMessage(), e.getCause());
      } catch (CancellationException e) {
        throw new IOException("Canceled", e);
      }
    }
  }

  private static void giveUp(CompletableFuture<Lease> future) {
    if (!future.cancel(false)) {
      future.thenAccept(Lease::close); // it was granted at the same moment
    }
  }

  /** The connection of a call that went over to another protocol; holds the lease to its end. */
  private static final class LeasedSocket implements Socket {
    private final Socket socket;
    private final Lease lease;
    private final Source source;

    LeasedSocket(Socket socket, Lease lease) {
      this.socket = socket;
      this.lease = lease;
      source = leased(socket.getSource(), lease);
      lease
          .lost()
          .whenComplete(
              (exit, error) -> {
                if (exit != null) {
                  socket.cancel();
                }
              });
    }

    @Override
    public Source getSource() {
      return source;
    }

    @Override
    public Sink getSink() {
      return socket.getSink();
    }

    @Override
    public void cancel() {
      try {
        socket.cancel();
      } finally {
        lease.close();
      }
    }
  }

  /** A source that gives the lease back when it is closed. */
  private static Source leased(Source source, Lease lease) {
    return new ForwardingSource(source) {
      @Override
      public void close() throws IOException {
        try {
          super.close();
        } finally {
          lease.close();
        }
      }
    };
  }

  /** A response's body that holds the lease until it is closed. */
  private static final class LeasedBody extends ResponseBody {
    private final ResponseBody body;
    private final BufferedSource source;

    LeasedBody(ResponseBody body, Lease lease) {
      this.body = body;
      source = Okio.buffer(leased(body.source(), lease));
    }

    @Override
    public @Nullable MediaType contentType() {
      return body.contentType();
    }

    @Override
    public long contentLength() {
      return body.contentLength();
    }

    @Override
    public BufferedSource source() {
      return source;
    }
  }
}
