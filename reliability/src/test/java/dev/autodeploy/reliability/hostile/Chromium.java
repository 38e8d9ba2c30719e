package dev.autodeploy.reliability.hostile;

import java.io.File;
import java.nio.file.Path;
import java.time.Duration;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;

/** The victim's browser. Every name below {@code .example} leads to this machine. */
final class Chromium implements AutoCloseable {
  private final ChromeDriver driver;
  private final ChromeDriverService service;

  private Chromium(ChromeDriver driver, ChromeDriverService service) {
    this.driver = driver;
    this.service = service;
  }

  static Chromium open(Path profile) {
    ChromeOptions options = new ChromeOptions();
    options.setBinary(find("CHROMIUM", "/usr/bin/chromium"));
    options.addArguments(
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--disable-background-networking",
        "--host-resolver-rules=MAP *.example 127.0.0.1",
        "--user-data-dir=" + profile);
    ChromeDriverService service =
        new ChromeDriverService.Builder()
            .usingDriverExecutable(new File(find("CHROMEDRIVER", "/usr/bin/chromedriver")))
            .usingAnyFreePort()
            .withLogOutput(java.io.OutputStream.nullOutputStream())
            .build();
    return new Chromium(new ChromeDriver(service, options), service);
  }

  private static String find(String variable, String usual) {
    String place = System.getenv().getOrDefault(variable, usual);
    if (!new File(place).canExecute()) {
      throw new AssertionError("the victim needs " + place + ", or another one by " + variable);
    }
    return place;
  }

  void go(String address) {
    driver.get(address);
  }

  /** Waits until the page's script has set a title that begins with "over", and returns it. */
  String title(Duration limit) throws InterruptedException {
    if (!Ground.within(limit, () -> driver.getTitle().startsWith("over"))) {
      throw new AssertionError("the attack did not end: " + driver.getPageSource());
    }
    return driver.getTitle();
  }

  /** Returns what a script of the page that is open gets from an address. */
  String fetch(String address) {
    driver.manage().timeouts().scriptTimeout(Duration.ofSeconds(20));
    return String.valueOf(
        driver.executeAsyncScript(
            "const done = arguments[1];"
                + "fetch(arguments[0]).then(r => r.text()).then(done, e => done('blocked'));",
            address));
  }

  @Override
  public void close() {
    driver.quit();
    service.stop();
  }
}
