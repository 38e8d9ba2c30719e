package dev.autodeploy.proxy.jdk;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.proxy.LinkBuilder;
import dev.autodeploy.proxy.contract.TestLink;
import org.junit.jupiter.api.Test;

/** As on a Java without virtual threads: what was held is answered by another thread. */
@SuppressWarnings("StringConcatToTextBlock") // the line ends are CRLF
final class BrokenExchangesOnPlatformThreadsTest extends BlockingBrokenExchanges {
  @Override
  protected LinkBuilder<?> front(AutoDeploy engine) {
    return JdkLink.front(engine).platformThreads(8);
  }

  @Test
  void heldAnswer_thatBreaksOff_isCounted() throws Exception {
    for (String response :
        new String[] {
          CHUNKED + "5\r\nhello\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello"
        }) {
      try (TestLink link = link(thenClose(response))) {
        assertLooksBroken(link, true);
        assertThat(((JdkHttpProxy) link.proxy).detachedAborts()).isEqualTo(1);
      }
    }
  }
}
