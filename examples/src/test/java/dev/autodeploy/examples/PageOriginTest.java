package dev.autodeploy.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.LocalProcessProvider;
import dev.autodeploy.console.Console;
import dev.autodeploy.proxy.jdk.JdkHttpProxy;
import org.junit.jupiter.api.Test;

/** The page and the links together: what instances answer has the links' origin. */
class PageOriginTest {

  @Test
  void aPageThatMayAct_isRefusedOnTheServerOfTheLinks_andAReadOnlyOneIsNot() throws Exception {
    try (AutoDeploy autoDeploy =
            AutoDeploy.builder().provider(LocalProcessProvider.create()).build();
        Console acting = Console.builder(autoDeploy).actions(true).build();
        Console looking = Console.builder(autoDeploy).build()) {
      for (String path : new String[] {"/", "/ops/"}) {
        assertThatIllegalStateException()
            .isThrownBy(
                () ->
                    JdkHttpProxy.builder(autoDeploy)
                        .port(0)
                        .context(path, acting.handler(path))
                        .start()
                        .close())
            .withMessageContaining("port of its own");
      }
      try (JdkHttpProxy links =
          JdkHttpProxy.builder(autoDeploy).port(0).console(looking.handler("/")).start()) {
        assertThat(links.port()).isPositive();
      }
    }
  }
}
