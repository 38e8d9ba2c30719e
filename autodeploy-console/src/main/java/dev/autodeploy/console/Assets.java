package dev.autodeploy.console;

import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The files of the page, read once from the jar. Nothing else of the jar can be asked for. */
final class Assets {
  private static final Map<String, String> FILES = files();

  private final Map<String, Asset> assets = new LinkedHashMap<>();

  private record Asset(String type, String text, String etag) {}

  Assets() {
    FILES.forEach((path, file) -> assets.put(path, load(file)));
  }

  private static Map<String, String> files() {
    Map<String, String> files = new LinkedHashMap<>();
    files.put("", "index.html");
    files.put("-/api/openapi.json", "openapi.json");
    for (String name :
        new String[] {
          "app.css",
          "icon.svg",
          "app.js",
          "api.js",
          "charts.js",
          "dom.js",
          "words.js",
          "list.js",
          "form.js",
          "snapshot.js",
          "detail.js",
          "events.js",
          "audit.js",
          "costs.js",
          "budget.js",
          "whatif.js",
          "gpus.js",
          "signin.js"
        }) {
      files.put("-/" + name, name);
    }
    return files;
  }

  private static Asset load(String file) {
    try (InputStream in = Assets.class.getResourceAsStream("page/" + file)) {
      if (in == null) {
        throw new IllegalStateException("the console's jar lacks " + file);
      }
      byte[] bytes = in.readAllBytes();
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(bytes);
      String etag = "\"" + HexFormat.of().formatHex(digest, 0, 8) + "\"";
      return new Asset(type(file), new String(bytes, StandardCharsets.UTF_8), etag);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JVM has SHA-256", e);
    }
  }

  private static String type(String file) {
    if (file.endsWith(".html")) {
      return "text/html; charset=utf-8";
    }
    if (file.endsWith(".css")) {
      return "text/css; charset=utf-8";
    }
    if (file.endsWith(".svg")) {
      return "image/svg+xml";
    }
    return file.endsWith(".json") ? "application/json" : "text/javascript; charset=utf-8";
  }

  /** Returns the answer with a file, or null if there is none at this path. */
  @Nullable JsonResponse answer(HttpExchange exchange, String path) {
    Asset asset = assets.get(path);
    if (asset == null) {
      return null;
    }
    String known = exchange.getRequestHeaders().getFirst("If-None-Match");
    JsonResponse response =
        asset.etag().equals(known)
            ? JsonResponse.empty(304)
            : new JsonResponse(200, asset.type(), asset.text(), Map.of());
    return response.with("ETag", asset.etag()).with("Cache-Control", "no-cache");
  }
}
