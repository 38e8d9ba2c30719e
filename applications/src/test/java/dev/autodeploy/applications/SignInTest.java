package dev.autodeploy.applications;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.openqa.selenium.By;

/** A web application behind a link's token, in Chromium: somebody signs in, uses it, signs out. */
@Tag("slow")
final class SignInTest {
  private static final String TOKEN = "0123456789abcdef+/=";

  @ParameterizedTest
  @CsvSource({"JDK, PATH", "JDK, PORT", "NETTY, PATH", "NETTY, PORT"})
  void application_isUsedBySomebodyWhoHasSignedIn(FrontKind front, LinkKind kind) throws Exception {
    Needs.program("/usr/bin/python3");
    String command = "exec /usr/bin/python3 '" + ApplicationLink.resource("notes.py") + "'";
    try (ApplicationLink link =
            new ApplicationLink(
                front, command, "/", spec -> {}, links -> links.bearerToken("app", TOKEN));
        Chromium browser = Chromium.open()) {
      URI root = link.root(kind);
      browser.go(root);
      enter(browser, "wrong");
      browser.until(
          "the refusal", d -> status(browser).equals("This token does not open the link."));
      assertThat(link.deployment.status().instances()).isEmpty();

      enter(browser, TOKEN);
      String seen =
          browser.until(
              "the application's page",
              d -> {
                String text = d.findElement(By.cssSelector("p")).getText();
                return text.startsWith("hello") ? text : null;
              });
      assertThat(seen).startsWith("hello ").doesNotContain("AutoDeploy");

      browser.go(root.resolve("-/sign-in"));
      browser.driver.findElement(By.name("out")).click();
      browser.until("the page that asks again", d -> d.findElement(By.name("token")));
      browser.go(root);
      browser.until("the page that asks again", d -> d.findElement(By.name("token")));
      browser.go(root.resolve("-/sign-in"));
      enter(browser, TOKEN);
      browser.until(
          "the application's page",
          d -> d.findElement(By.cssSelector("p")).getText().startsWith("hello,hello"));
    }
  }

  private static void enter(Chromium browser, String token) {
    browser.until(
        "the page that asks for the token",
        d -> {
          d.findElement(By.name("token")).clear();
          d.findElement(By.name("token")).sendKeys(token);
          d.findElement(By.cssSelector("form button")).click();
          return true;
        });
  }

  private static String status(Chromium browser) {
    return browser.driver.findElement(By.cssSelector("[role=status]")).getText();
  }
}
