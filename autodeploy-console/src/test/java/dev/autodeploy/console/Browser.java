package dev.autodeploy.console;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.logging.Level;
import org.openqa.selenium.By;
import org.openqa.selenium.JavascriptExecutor;
import org.openqa.selenium.OutputType;
import org.openqa.selenium.StaleElementReferenceException;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.logging.LoggingPreferences;
import org.openqa.selenium.support.ui.WebDriverWait;

/** A real Chromium without a screen. */
final class Browser implements AutoCloseable {
  private static final Path SHOTS = Path.of("target", "screens");
  private static final List<String> CHROMIUM =
      List.of("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome");

  final ChromeDriver driver;
  private final ChromeDriverService service;
  private final Path profile;

  private Browser(ChromeDriver driver, ChromeDriverService service, Path profile) {
    this.driver = driver;
    this.service = service;
    this.profile = profile;
  }

  /**
   * Opens a browser. Without one on the machine the test is skipped, but not in CI.
   *
   * @param language the languages that the browser asks for
   */
  static Browser open(String language) throws IOException {
    String chromium = first(System.getenv("CHROMIUM"), CHROMIUM);
    String chromedriver = first(System.getenv("CHROMEDRIVER"), List.of("/usr/bin/chromedriver"));
    if (chromium == null || chromedriver == null) {
      String missing =
          "no Chromium with ChromeDriver on this machine (looked for "
              + CHROMIUM
              + " and /usr/bin/chromedriver, or set CHROMIUM and CHROMEDRIVER)";
      if ("true".equals(System.getenv("CI"))) {
        fail(missing);
      }
      System.err.println("SKIPPED: " + missing);
      assumeTrue(false, missing);
    }
    Path profile = Files.createTempDirectory("autodeploy-console-browser");
    ChromeOptions options = new ChromeOptions();
    options.setBinary(chromium);
    options.addArguments(
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--hide-scrollbars",
        "--accept-lang=" + language,
        "--user-data-dir=" + profile);
    Map<String, Object> preferences = new HashMap<>();
    preferences.put("intl.accept_languages", language);
    options.setExperimentalOption("prefs", preferences);
    LoggingPreferences logs = new LoggingPreferences();
    logs.enable(LogType.BROWSER, Level.WARNING);
    options.setCapability("goog:loggingPrefs", logs);
    ChromeDriverService service =
        new ChromeDriverService.Builder()
            .usingDriverExecutable(new File(chromedriver))
            .usingAnyFreePort()
            .withLogOutput(java.io.OutputStream.nullOutputStream())
            .build();
    return new Browser(new ChromeDriver(service, options), service, profile);
  }

  private static String first(String configured, List<String> usual) {
    List<String> places = configured == null ? usual : List.of(configured);
    return places.stream().filter(path -> new File(path).canExecute()).findFirst().orElse(null);
  }

  Browser size(int width, int height, boolean dark) {
    driver.executeCdpCommand(
        "Emulation.setDeviceMetricsOverride",
        Map.of("width", width, "height", height, "deviceScaleFactor", 1, "mobile", width < 600));
    driver.executeCdpCommand(
        "Emulation.setEmulatedMedia",
        Map.of(
            "features",
            List.of(Map.of("name", "prefers-color-scheme", "value", dark ? "dark" : "light"))));
    return this;
  }

  Browser go(URI address) {
    driver.get("about:blank");
    driver.get(address.toString());
    return this;
  }

  WebElement find(String css) {
    return waiting().until(d -> d.findElement(By.cssSelector(css)));
  }

  void click(String css) {
    waiting()
        .until(
            d -> {
              WebElement element = d.findElement(By.cssSelector(css));
              if (!element.isEnabled() || !element.isDisplayed()) {
                return false;
              }
              element.click();
              return true;
            });
  }

  void type(String css, String text) {
    WebElement element = find(css);
    element.clear();
    element.sendKeys(text);
  }

  String text(String css) {
    return find(css).getText();
  }

  void untilText(String css, String expected) {
    waiting()
        .withMessage(() -> css + " to say '" + expected + "', but it says '" + text(css) + "'")
        .until(d -> d.findElement(By.cssSelector(css)).getText().contains(expected));
  }

  void until(java.util.function.BooleanSupplier condition, String what) {
    waiting().withMessage(what).until(d -> condition.getAsBoolean());
  }

  WebDriverWait waiting() {
    WebDriverWait wait = new WebDriverWait(driver, Duration.ofSeconds(20), Duration.ofMillis(50));
    wait.ignoring(
        StaleElementReferenceException.class,
        org.openqa.selenium.ElementClickInterceptedException.class);
    return wait;
  }

  Object script(String script, Object... arguments) {
    return ((JavascriptExecutor) driver).executeScript(script, arguments);
  }

  /** Errors of scripts, of the policy, and of files that are missing. */
  void assertNoErrors() {
    assertThat(
            driver.manage().logs().get(LogType.BROWSER).getAll().stream()
                .filter(e -> e.getLevel().intValue() >= Level.SEVERE.intValue())
                .map(e -> e.getMessage())
                // What a form is told about its fields is no error of the page.
                .filter(m -> !m.contains("status of 422") && !m.contains("status of 409"))
                .filter(m -> !(m.contains("/sign-in") && m.contains("status of 401")))
                .toList())
        .as("errors in the browser's console")
        .isEmpty();
  }

  void assertNothingSticksOut() {
    Object wide =
        script(
            "return document.documentElement.scrollWidth - document.documentElement.clientWidth");
    assertThat(((Number) wide).intValue()).as("pixels that stick out to the right").isZero();
  }

  /** Takes a picture of the whole page, however long it is. */
  Path wholePage(String name) throws IOException {
    Number width = (Number) script("return document.documentElement.clientWidth");
    Number height = (Number) script("return document.documentElement.scrollHeight");
    Map<String, Object> clip = Map.of("x", 0, "y", 0, "width", width, "height", height, "scale", 1);
    Object data =
        driver
            .executeCdpCommand(
                "Page.captureScreenshot",
                Map.of("format", "png", "captureBeyondViewport", true, "clip", clip))
            .get("data");
    Files.createDirectories(SHOTS);
    Path file = SHOTS.resolve(name + ".png");
    return Files.write(file, java.util.Base64.getDecoder().decode(String.valueOf(data)));
  }

  Path shot(String name) throws IOException {
    Files.createDirectories(SHOTS);
    Path file = SHOTS.resolve(name + ".png");
    Files.write(file, driver.getScreenshotAs(OutputType.BYTES));
    return file;
  }

  @Override
  public void close() throws IOException {
    driver.quit();
    service.stop();
    try (var files = Files.walk(profile)) {
      files.sorted(java.util.Comparator.reverseOrder()).forEach(f -> f.toFile().delete());
    }
  }
}
