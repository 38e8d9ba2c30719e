package dev.autodeploy.benchmarks.proxy;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.proxy.LinkBuilder;
import dev.autodeploy.proxy.LinkProxy;
import dev.autodeploy.proxy.jdk.JdkHttpProxy;
import dev.autodeploy.proxy.netty.NettyHttpProxy;
import dev.autodeploy.spi.IdlePolicy;
import java.net.URI;
import java.time.Duration;

/**
 * Our candidate: an engine with one deployment, and its service link at {@code
 * http://127.0.0.1:<port>/d/backend/}, all with the settings that a user gets.
 */
public final class LinkMain {
  private LinkMain() {}

  /**
   * Starts it, until the process is ended.
   *
   * @param args the port, the port of the server behind it, and {@code netty} for that front
   * @throws Exception if it cannot start
   */
  public static void main(String[] args) throws Exception {
    URI backend = URI.create("http://127.0.0.1:" + args[1]);
    try (AutoDeploy autoDeploy =
        AutoDeploy.builder()
            .provider(new RunningServer(backend))
            .idlePolicy(IdlePolicy.after(Duration.ofHours(1)))
            .build()) {
      autoDeploy.deploy(DeploymentSpec.builder("backend").port(backend.getPort()).build());
      LinkBuilder<?> front =
          args.length > 2 && args[2].equals("netty")
              ? NettyHttpProxy.builder(autoDeploy)
              : JdkHttpProxy.builder(autoDeploy);
      try (LinkProxy proxy = front.port(Integer.parseInt(args[0])).start()) {
        System.out.println("listening on " + proxy.port());
        Thread.currentThread().join();
      }
    }
  }
}
