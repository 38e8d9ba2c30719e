package dev.autodeploy.applications;

import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.openqa.selenium.ElementNotInteractableException;
import org.openqa.selenium.JavascriptException;
import org.openqa.selenium.NoSuchElementException;
import org.openqa.selenium.StaleElementReferenceException;
import org.openqa.selenium.WebDriver;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.support.ui.WebDriverWait;

/** A real Chromium without a screen. */
final class Chromium implements AutoCloseable {
  private static final List<String> BINARIES =
      List.of("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome");
  private static final String DRIVER = "/usr/bin/chromedriver";

  final ChromeDriver driver;
  private final ChromeDriverService service;
  private final Path profile;

  private Chromium(ChromeDriver driver, ChromeDriverService service, Path profile) {
    this.driver = driver;
    this.service = service;
    this.profile = profile;
  }

  /** Opens a browser. */
  static Chromium open() throws IOException {
    String binary =
        BINARIES.stream().filter(path -> new File(path).canExecute()).findFirst().orElse("");
    Needs.check(!binary.isEmpty() && new File(DRIVER).canExecute(), "no Chromium and " + DRIVER);
    Path profile = Files.createTempDirectory("autodeploy-applications-browser");
    ChromeOptions options = new ChromeOptions();
    options.setBinary(binary);
    options.addArguments(
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--window-size=1400,900",
        "--user-data-dir=" + profile);
    ChromeDriverService service =
        new ChromeDriverService.Builder()
            .usingDriverExecutable(new File(DRIVER))
            .usingAnyFreePort()
            .withLogOutput(java.io.OutputStream.nullOutputStream())
            .build();
    return new Chromium(new ChromeDriver(service, options), service, profile);
  }

  void go(URI address) {
    driver.get(address.toString());
  }

  Object script(String script) {
    return driver.executeScript(script);
  }

  /** Returns the text that a script hands to the function that is its last argument. */
  String answer(String script) {
    driver.manage().timeouts().scriptTimeout(Duration.ofSeconds(90));
    return String.valueOf(driver.executeAsyncScript(script));
  }

  /** Waits until something is there. */
  <T> T until(String what, Function<WebDriver, T> there) {
    WebDriverWait wait = new WebDriverWait(driver, Duration.ofSeconds(60), Duration.ofMillis(100));
    wait.ignoreAll(
        List.of(
            StaleElementReferenceException.class,
            NoSuchElementException.class,
            ElementNotInteractableException.class,
            JavascriptException.class));
    return wait.withMessage(() -> what + "; the page is " + driver.getCurrentUrl()).until(there);
  }

  @Override
  public void close() throws IOException {
    driver.quit();
    service.stop();
    try (Stream<Path> files = Files.walk(profile)) {
      files.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
    }
  }
}
