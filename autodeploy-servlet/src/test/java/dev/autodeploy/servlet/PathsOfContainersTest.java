package dev.autodeploy.servlet;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.proxy.LinkBuilder;
import dev.autodeploy.proxy.contract.LinkContract;
import dev.autodeploy.proxy.contract.TestInstance;
import dev.autodeploy.proxy.contract.TestLink;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Paths that a container, whose rules about paths the application may rely on, reads in another way
 * than the link: such as one to a deployment by way of another.
 */
final class PathsOfContainersTest {
  private static final String[] PATHS = {
    "/d/open/../app/x",
    "/d/app/a/../x",
    "/d/app/./x",
    "/d/app/%2e%2e/open/x",
    "/d/app/%2E./open/x",
    "/d/app/..;a=b/open/x",
    "/d/app/..%2fopen/x",
    "/d/app/..%5copen/x",
    "/d/app/a/%2e%2e%2fx",
  };

  static Stream<Named<Function<AutoDeploy, LinkBuilder<?>>>> containers() {
    return Stream.of(Named.of("Tomcat", TomcatFront::new), Named.of("Jetty", JettyFront::new));
  }

  @ParameterizedTest
  @MethodSource("containers")
  void dotsInAPath_reachNoInstance(Function<AutoDeploy, LinkBuilder<?>> front) throws Exception {
    Contract contract = new Contract(front);
    try (TestLink link = contract.link(TestInstance.App.text("served")).warm()) {
      link.instance().requests.clear();
      for (String path : PATHS) {
        assertThat(link.ask("GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n").status)
            .as(path)
            .isIn(400, 404);
      }
      assertThat(link.instance().requests).isEmpty();
      assertThat(link.get("/d/app/.well-known/a%2etxt").status).isEqualTo(200);
    }
  }

  /** What is taken out of a path leaves nothing that the container has not seen. */
  @ParameterizedTest
  @MethodSource("containers")
  void sessionInAPath_isTakenOut_andNothingElse(Function<AutoDeploy, LinkBuilder<?>> front)
      throws Exception {
    Contract contract = new Contract(front);
    try (TestLink link = contract.link(TestInstance.App.text("served")).warm()) {
      link.instance().requests.clear();
      assertThat(link.get("/d/;a=xapp/x;jsessionid=x").status).isIn(400, 404);
      assertThat(link.get("/d/ap;a=xp/x;jsessionid=x").status).isIn(400, 404);
      assertThat(link.instance().requests).isEmpty();

      link.get("/d/app/public/;a=x../secret;jsessionid=x");
      link.get("/d/app/.;a=x./secret;jsessionid=x");
      assertThat(link.get("/d/app/a;v=xy;b=x/c;jsessionid=x").status).isEqualTo(200);
      assertThat(link.instance().requests)
          .noneMatch(request -> request.target.contains("/../"))
          .anyMatch(request -> request.target.startsWith("/a;v=xy"));
    }
  }

  private static final class Contract extends LinkContract {
    private final Function<AutoDeploy, LinkBuilder<?>> front;

    Contract(Function<AutoDeploy, LinkBuilder<?>> front) {
      this.front = front;
    }

    @Override
    protected LinkBuilder<?> front(AutoDeploy engine) {
      return front.apply(engine);
    }

    @Override
    protected TestLink link(TestInstance.App app) throws java.io.IOException {
      return super.link(app);
    }
  }
}
