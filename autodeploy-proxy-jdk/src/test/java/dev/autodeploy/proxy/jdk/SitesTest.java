package dev.autodeploy.proxy.jdk;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.proxy.LinkBuilder;
import dev.autodeploy.proxy.contract.SitesContract;
import dev.autodeploy.proxy.contract.TestInstance;
import org.junit.jupiter.api.Test;

final class SitesTest extends SitesContract {
  @Override
  protected LinkBuilder<?> front(AutoDeploy engine) {
    return JdkLink.front(engine);
  }

  @Test
  void foreignHost_ofAMountedHandler_isRefused() throws Exception {
    try (JdkLink link =
        new JdkLink(
            TestInstance.App.text("served"),
            spec -> {},
            proxy -> proxy.context("/own", http -> http.close()))) {
      assertThat(link.ask("GET /own HTTP/1.1\r\nHost: evil.example\r\n\r\n").status).isEqualTo(421);
    }
  }
}
