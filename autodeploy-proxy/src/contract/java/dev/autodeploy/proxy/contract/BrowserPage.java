package dev.autodeploy.proxy.contract;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * A web page of an origin of its own, opened in Chromium. Its script calls {@code tell(text)}, and
 * the test gets what it has told.
 */
public final class BrowserPage implements AutoCloseable {
  private static final Path CHROMIUM =
      Path.of(System.getenv().getOrDefault("CHROMIUM", "/usr/bin/chromium"));

  private final BlockingQueue<String> told;
  private final TestInstance server;
  private final Process browser;
  private final Path profile;

  private BrowserPage(
      TestInstance server, BlockingQueue<String> told, Process browser, Path profile) {
    this.server = server;
    this.told = told;
    this.browser = browser;
    this.profile = profile;
  }

  /** A page before it is opened. */
  public static final class Site {
    private final BlockingQueue<String> told = new LinkedBlockingQueue<>();
    private volatile String script = "";
    private final TestInstance server;

    Site() throws IOException {
      server = new TestInstance(this::respond);
    }

    /** Returns the origin that the page is going to have. */
    public String origin() {
      return server.endpoint().toString();
    }

    private void respond(TestInstance.Request request, java.io.OutputStream out)
        throws IOException {
      String body = "";
      if (request.method.equals("POST")) {
        told.add(request.body());
      } else if (request.target.equals("/")) {
        body =
            "<!doctype html><meta charset=utf-8><script>const tell = text => fetch('/told',"
                + " {method: 'POST', body: text});\n(async () => {"
                + script
                + "})().catch(e => tell('failed: ' + e));</script>";
      }
      TestInstance.write(
          out,
          "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: "
              + body.length()
              + "\r\n\r\n"
              + body);
    }

    /** Opens the page. */
    public BrowserPage open(String pageScript) throws IOException {
      script = pageScript;
      return start(server, told, origin() + "/");
    }
  }

  /** Returns a page to open; skips the test where there is no Chromium, but not in CI. */
  public static Site site() throws IOException {
    require();
    return new Site();
  }

  private static void require() {
    assumeTrue(
        Files.isExecutable(CHROMIUM) || System.getenv("CI") != null, "there is no " + CHROMIUM);
  }

  private static BrowserPage start(TestInstance server, BlockingQueue<String> told, String address)
      throws IOException {
    Path profile = Files.createTempDirectory("autodeploy-chromium");
    Process browser =
        new ProcessBuilder(
                CHROMIUM.toString(),
                "--headless=new",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--no-first-run",
                "--disable-background-networking",
                "--user-data-dir=" + profile,
                address)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    return new BrowserPage(server, told, browser, profile);
  }

  /** Waits for what the page tells next. */
  public String told() throws InterruptedException {
    String next = told.poll(60, TimeUnit.SECONDS);
    if (next == null) {
      throw new AssertionError("the page has told nothing for a minute");
    }
    return new String(next.getBytes(java.nio.charset.StandardCharsets.ISO_8859_1), UTF_8);
  }

  @Override
  public void close() throws IOException {
    browser.descendants().forEach(ProcessHandle::destroyForcibly);
    browser.destroyForcibly();
    server.close();
    try {
      browser.waitFor(5, TimeUnit.SECONDS);
      new ProcessBuilder("rm", "-rf", profile.toString()).start().waitFor();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
