package dev.autodeploy.applications;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.openqa.selenium.By;

/** Jupyter Notebook of Debian's package, in Chromium: its token page, and a kernel. */
@Tag("slow")
final class JupyterTest {
  private static final String TOKEN = "0123456789abcdef";

  @TempDir Path home;

  @BeforeAll
  static void packages() {
    Needs.program("/usr/bin/jupyter-notebook");
  }

  private ApplicationLink start(FrontKind front) throws Exception {
    return new ApplicationLink(
        front,
        "cd \"$HOME\" && mkdir -p notebooks && exec /usr/bin/jupyter-notebook --allow-root"
            + " --no-browser --ip=127.0.0.1 --port=$PORT --port-retries=0 --notebook-dir=notebooks"
            + " --NotebookApp.token="
            + TOKEN,
        "/login",
        spec -> spec.environment("HOME", home.toString()),
        links -> {});
  }

  /** On a port of its own: its pages hold absolute paths. */
  @ParameterizedTest
  @EnumSource(FrontKind.class)
  void notebook_computesInTheBrowser(FrontKind front) throws Exception {
    try (ApplicationLink link = start(front);
        Chromium browser = Chromium.open()) {
      URI root = link.root(LinkKind.PORT);
      browser.go(root);
      browser.until(
          "the page that asks for the token",
          d -> {
            d.findElement(By.id("password_input")).sendKeys(TOKEN);
            return true;
          });
      browser.driver.findElement(By.id("login_submit")).click();
      browser.until("the list of files", d -> d.findElement(By.id("notebook_list")));
      assertThat(browser.driver.getCurrentUrl()).startsWith(root.toString());

      // A new notebook, as the menu makes it; the check of Origin against Host is passed here.
      String path =
          browser.answer(
              "const done = arguments[arguments.length - 1];"
                  + "const xsrf = document.cookie.match(/_xsrf=([^;]*)/)[1];"
                  + "fetch('/api/contents', {method: 'POST', headers: {'X-XSRFToken': xsrf,"
                  + " 'Content-Type': 'application/json'}, body: '{\"type\":\"notebook\"}'})"
                  + ".then(r => r.json()).then(j => done(j.path || JSON.stringify(j)))");
      assertThat(path).endsWith(".ipynb");
      browser.go(root.resolve("notebooks/" + path));
      browser.until("the notebook", d -> browser.script("return !!Jupyter.notebook.kernel"));
      if (front == FrontKind.JDK) {
        // This front carries no WebSocket, which the kernel needs: it says so.
        String status =
            browser.answer(
                "const done = arguments[arguments.length - 1];"
                    + "const s = new WebSocket('ws://' + location.host + '/api/kernels/'"
                    + " + Jupyter.notebook.kernel.id + '/channels');"
                    + "s.onopen = () => done('open'); s.onerror = () => done('refused')");
        assertThat(status).isEqualTo("refused");
        return;
      }
      browser.until(
          "the kernel", d -> browser.script("return Jupyter.notebook.kernel.is_connected()"));
      browser.script(
          "const cell = Jupyter.notebook.get_cell(0); cell.set_text('1+1'); cell.execute();");
      String result =
          browser.until(
              "the result",
              d -> d.findElement(By.cssSelector(".output_result, .output_text")).getText());
      assertThat(result).contains("2");
    }
  }
}
