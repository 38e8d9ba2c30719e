package dev.autodeploy.examples.breezyvoice;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.openqa.selenium.By;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.support.ui.Select;

/** The launcher's page in a real Chromium without a screen. */
final class LauncherPage implements AutoCloseable {
  private static final List<String> BINARIES =
      List.of("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome");
  private static final String DRIVER = "/usr/bin/chromedriver";

  private final LauncherProcess launcher;
  private final URI page;
  private final ChromeDriverService service;
  private final ChromeDriver driver;
  private final Path profile;

  private LauncherPage(LauncherProcess launcher, URI page, String binary) throws IOException {
    this.launcher = launcher;
    this.page = page;
    profile = Files.createTempDirectory("autodeploy-examples-browser");
    ChromeOptions options = new ChromeOptions();
    options.setBinary(binary);
    options.addArguments(
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--disable-background-networking",
        "--window-size=1400,1200",
        "--user-data-dir=" + profile);
    service =
        new ChromeDriverService.Builder()
            .usingDriverExecutable(new File(DRIVER))
            .usingAnyFreePort()
            .withLogOutput(OutputStream.nullOutputStream())
            .build();
    driver = new ChromeDriver(service, options);
  }

  /** Opens the page; without a browser the test is skipped, but fails in CI. */
  static LauncherPage open(LauncherProcess launcher) throws Exception {
    String binary =
        BINARIES.stream().filter(path -> new File(path).canExecute()).findFirst().orElse("");
    require(!binary.isEmpty() && new File(DRIVER).canExecute(), "no Chromium and " + DRIVER);
    return new LauncherPage(launcher, launcher.page(), binary);
  }

  static void require(boolean there, String what) {
    if (System.getenv("CI") != null) {
      assertThat(there).as(what).isTrue();
    }
    assumeTrue(there, what);
  }

  /**
   * Makes a deployment for GPU 0 with the page's form.
   *
   * @param source the form's choice of what instances start from
   * @param fields what is typed, by field
   */
  void deployForGpu0(String source, Map<String, String> fields) throws InterruptedException {
    driver.get(page.resolve("#/new").toString());
    launcher.await("form", () -> !driver.findElements(By.id("confirm")).isEmpty());
    driver.findElement(By.id("source-" + source)).click();
    new Select(driver.findElement(By.id("f-gpu"))).selectByValue("ids");
    driver.findElement(By.id("f-gpuIds")).sendKeys("0");
    fields.forEach(
        (name, text) -> {
          driver.findElement(By.id("f-" + name)).clear();
          driver.findElement(By.id("f-" + name)).sendKeys(text);
        });
    driver.findElement(By.id("confirm")).click();
    launcher.await("deployment on the page", () -> !driver.findElements(By.id("watch")).isEmpty());
  }

  /** Returns what the page says of the GPUs. */
  String gpus() throws InterruptedException {
    driver.get(page.resolve("#/gpus").toString());
    launcher.await("GPU 0", () -> !driver.findElements(By.cssSelector("[data-gpu='0']")).isEmpty());
    return driver.findElement(By.cssSelector("[data-gpu='0']")).getText();
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
