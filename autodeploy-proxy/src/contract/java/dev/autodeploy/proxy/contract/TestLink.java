package dev.autodeploy.proxy.contract;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.proxy.LinkBuilder;
import dev.autodeploy.proxy.LinkProxy;
import java.io.IOException;
import java.time.Duration;
import java.util.function.Consumer;
import java.util.function.Function;

/** An engine with one deployment called "app", and a proxy in front. */
public class TestLink extends TestEngine {
  public final LinkProxy proxy;
  public final int port;

  /**
   * Creates an engine and a proxy.
   *
   * @param app what the instances do
   * @param spec sets up the deployment
   * @param front makes the proxy's builder, ready but for the port
   */
  public TestLink(
      TestInstance.App app,
      Consumer<DeploymentSpec.Builder> spec,
      Function<AutoDeploy, ? extends LinkBuilder<?>> front)
      throws IOException {
    super(app, spec);
    try {
      proxy = front.apply(engine).start();
    } catch (IOException | RuntimeException e) {
      engine.close();
      throw e;
    }
    port = proxy.port();
  }

  /** Sets what tests of links have in common. */
  public static <B extends LinkBuilder<B>> B prepared(B builder) {
    return builder
        .port(0)
        .drainTimeout(Duration.ofSeconds(2))
        .allowedHosts("a", "b", "x", "link.example"); // as most requests of the tests have one
  }

  public RawClient client() throws IOException {
    return new RawClient(port);
  }

  public RawClient.Response get(String target) throws IOException {
    return RawClient.get(port, target);
  }

  public RawClient.Response ask(String request) throws IOException {
    return RawClient.ask(port, request);
  }

  @Override
  public TestLink warm() {
    super.warm();
    return this;
  }

  public void awaitHeld(int number) {
    Await.until(number + " requests are held", () -> proxy.held() == number);
  }

  /** Nothing may be left of the exchanges: no lease, no request under way, no place taken. */
  @Override
  public void awaitQuiet() {
    Await.until(
        "all is given back: " + app.status() + ", under way " + proxy.inFlight(),
        () ->
            app.status().inFlight() == 0
                && app.status().pending() == 0
                && proxy.inFlight() == 0
                && proxy.held() == 0);
  }

  @Override
  public void close() {
    proxy.close();
    super.close();
  }
}
