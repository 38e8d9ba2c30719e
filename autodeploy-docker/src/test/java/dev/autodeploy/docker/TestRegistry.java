package dev.autodeploy.docker;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;
import java.util.zip.GZIPOutputStream;

/**
 * A registry on this machine's loopback, which daemons trust without TLS; it can be told to behave
 * badly.
 */
final class TestRegistry implements AutoCloseable {
  private static final String MANIFEST = "application/vnd.docker.distribution.manifest.v2+json";
  private static final String CONFIG = "application/vnd.docker.container.image.v1+json";
  private static final String LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip";

  final List<String> requests = new CopyOnWriteArrayList<>();
  final AtomicInteger blobDelayMillis = new AtomicInteger();
  final CountDownLatch unstall = new CountDownLatch(1);
  volatile boolean stalls;

  /** True if the next download of a layer breaks off in the middle. */
  volatile boolean breaks;

  /** The ranges of layers that were asked for, such as {@code bytes=1000-}. */
  final List<String> ranges = new CopyOnWriteArrayList<>();

  volatile boolean corrupts;
  volatile boolean limits;

  /** The part of the addresses that are answered with an error, or nothing. */
  volatile String fails = "";

  volatile String login = "";
  private volatile String lastLayer = "";
  private final HttpServer server;
  private final PlainOnlyPort port;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final Map<String, byte[]> blobs = new ConcurrentHashMap<>();
  private final Map<String, String> tags = new ConcurrentHashMap<>();

  TestRegistry() {
    try {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), 0), 0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    server.createContext("/v2/", this::answer);
    server.setExecutor(threads);
    server.start();
    port = new PlainOnlyPort(server.getAddress(), threads);
  }

  String host() {
    return "127.0.0.1:" + port.port();
  }

  /** Adds an image that serves, with this many random bytes on top, and returns its digest. */
  String push(String tag, int randomBytes) {
    byte[] random = new byte[randomBytes];
    RandomGenerator.getDefault().nextBytes(random);
    byte[] tar = TestImages.tools().file("www/random", random, false).toByteArray();
    byte[] layer = gzip(tar);
    String config =
        "{\"architecture\":\"amd64\",\"os\":\"linux\",\"config\":{\"Cmd\":[\"/bin/sh\",\"-c\","
            + "\"exec httpd -f -p 8080 -h /www\"]},\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\""
            + digest(tar)
            + "\"]}}";
    byte[] configBytes = config.getBytes(StandardCharsets.UTF_8);
    String manifest =
        String.format(
            "{\"schemaVersion\":2,\"mediaType\":\"%s\",\"config\":{\"mediaType\":\"%s\",\"size\":%d,"
                + "\"digest\":\"%s\"},\"layers\":[{\"mediaType\":\"%s\",\"size\":%d,\"digest\":\"%s\"}]}",
            MANIFEST,
            CONFIG,
            configBytes.length,
            digest(configBytes),
            LAYER,
            layer.length,
            digest(layer));
    byte[] manifestBytes = manifest.getBytes(StandardCharsets.UTF_8);
    for (byte[] blob : List.of(layer, configBytes, manifestBytes)) {
      blobs.put(digest(blob), blob);
    }
    lastLayer = digest(layer);
    tags.put(tag, digest(manifestBytes));
    return digest(manifestBytes);
  }

  /** The digest of the layer that was pushed last. */
  String layer() {
    return lastLayer;
  }

  @Override
  public void close() {
    unstall.countDown();
    port.close();
    server.stop(0);
    threads.shutdownNow();
  }

  private void answer(HttpExchange exchange) throws IOException {
    String path = exchange.getRequestURI().getPath();
    requests.add(exchange.getRequestMethod() + " " + path);
    try (exchange) {
      if (limits && path.contains("/manifests/")) {
        error(exchange, 429, "TOOMANYREQUESTS", "You have reached your pull rate limit.");
      } else if (!fails.isEmpty() && path.contains(fails)) {
        error(exchange, 500, "UNKNOWN", "the storage is gone");
      } else if (!login.isEmpty() && !isLoggedIn(exchange)) {
        exchange.getResponseHeaders().set("WWW-Authenticate", "Basic realm=\"test\"");
        error(exchange, 401, "UNAUTHORIZED", "authentication required");
      } else if (path.equals("/v2/")) {
        send(exchange, "application/json", "{}".getBytes(StandardCharsets.UTF_8), false);
      } else if (path.contains("/manifests/")) {
        manifest(exchange, path.substring(path.lastIndexOf('/') + 1));
      } else {
        blob(exchange, path.substring(path.lastIndexOf('/') + 1));
      }
    }
  }

  private void manifest(HttpExchange exchange, String reference) throws IOException {
    String digest = reference.startsWith("sha256:") ? reference : tags.get(reference);
    byte[] manifest = digest == null ? null : blobs.get(digest);
    if (manifest == null) {
      error(exchange, 404, "MANIFEST_UNKNOWN", "manifest unknown");
      return;
    }
    exchange.getResponseHeaders().set("Docker-Content-Digest", digest);
    send(exchange, MANIFEST, manifest, false);
  }

  private void blob(HttpExchange exchange, String digest) throws IOException {
    byte[] blob = blobs.get(digest);
    if (blob == null) {
      error(exchange, 404, "BLOB_UNKNOWN", "blob unknown");
      return;
    }
    boolean isLayer = blob.length > 10_000;
    String range = exchange.getRequestHeaders().getFirst("Range");
    if (isLayer && range != null) {
      ranges.add(range);
      int from = Integer.parseInt(range.replaceAll("[^0-9]", ""));
      byte[] rest = Arrays.copyOfRange(blob, from, blob.length);
      exchange
          .getResponseHeaders()
          .set("Content-Range", "bytes " + from + "-" + (blob.length - 1) + "/" + blob.length);
      exchange.sendResponseHeaders(206, rest.length);
      exchange.getResponseBody().write(rest);
      return;
    }
    send(exchange, "application/octet-stream", corrupts && isLayer ? damaged(blob) : blob, isLayer);
  }

  private void send(HttpExchange exchange, String type, byte[] body, boolean slow)
      throws IOException {
    exchange.getResponseHeaders().set("Content-Type", type);
    if (exchange.getRequestMethod().equals("HEAD")) {
      exchange.getResponseHeaders().set("Content-Length", String.valueOf(body.length));
      exchange.sendResponseHeaders(200, -1);
      return;
    }
    exchange.sendResponseHeaders(200, body.length);
    OutputStream out = exchange.getResponseBody();
    int piece = slow ? Math.max(1, body.length / 20) : body.length;
    for (int at = 0; at < body.length; at += piece) {
      out.write(body, at, Math.min(piece, body.length - at));
      if (slow) {
        out.flush();
        pause(at);
      }
    }
  }

  private void pause(int at) throws IOException {
    try {
      if (breaks && at > 2 << 20) {
        breaks = false;
        throw new IOException("broken off");
      }
      if (stalls && at > 0) {
        unstall.await();
        throw new IOException("stalled");
      }
      Thread.sleep(blobDelayMillis.get());
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
  }

  private boolean isLoggedIn(HttpExchange exchange) {
    String header = exchange.getRequestHeaders().getFirst("Authorization");
    String wanted = Base64.getEncoder().encodeToString(login.getBytes(StandardCharsets.UTF_8));
    return ("Basic " + wanted).equals(header);
  }

  private static void error(HttpExchange exchange, int status, String code, String message)
      throws IOException {
    byte[] body =
        ("{\"errors\":[{\"code\":\"" + code + "\",\"message\":\"" + message + "\"}]}")
            .getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().set("Content-Type", "application/json");
    if (exchange.getRequestMethod().equals("HEAD")) {
      exchange.sendResponseHeaders(status, -1);
      return;
    }
    exchange.sendResponseHeaders(status, body.length);
    exchange.getResponseBody().write(body);
  }

  private static byte[] damaged(byte[] blob) {
    byte[] copy = blob.clone();
    copy[copy.length - 9] ^= 1;
    return copy;
  }

  private static byte[] gzip(byte[] bytes) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
      gzip.write(bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }

  private static String digest(byte[] bytes) {
    try {
      return "sha256:"
          + HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
