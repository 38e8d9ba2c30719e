package dev.autodeploy.applications;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.openqa.selenium.By;

/** The editor of Node-RED, of npm, in Chromium. */
@Tag("slow")
final class NodeRedTest {

  @TempDir Path home;

  @ParameterizedTest
  @CsvSource({"JDK, PATH", "NETTY, PATH", "NETTY, PORT"})
  void editor_opensAndDeploys(FrontKind front, LinkKind kind) throws Exception {
    Path node = Needs.npm("node-red@4.1.0");
    String command =
        "exec /usr/bin/node '"
            + node.resolve("node_modules/node-red/red.js")
            + "' --userDir '"
            + home
            + "' --port $PORT";
    try (ApplicationLink link = new ApplicationLink(front, command, "/", spec -> {}, links -> {});
        Chromium browser = Chromium.open()) {
      URI root = link.root(kind);
      browser.go(root);
      browser.until(
          "the palette", d -> d.findElement(By.cssSelector("[data-palette-type=inject]")));
      assertThat(browser.driver.getCurrentUrl()).startsWith(root.toString());

      // Without a flow to put it into, a node cannot be imported.
      browser.until(
          "the first flow", d -> browser.script("return RED.workspaces.active() || null"));

      // What the button does: the flows are posted, and read again.
      browser.script("RED.view.importNodes([{id:'a1', type:'comment', name:'hello', x:90, y:90}])");
      browser.script("RED.actions.invoke('core:deploy-flows')");
      browser.until("the flows are deployed", d -> browser.script("return !RED.nodes.dirty()"));
    }
  }
}
