package dev.autodeploy.servlet;

import dev.autodeploy.AutoDeploy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.catalina.Context;
import org.apache.catalina.LifecycleException;
import org.apache.catalina.Wrapper;
import org.apache.catalina.startup.Tomcat;

/** The servlet in an embedded Tomcat. */
final class TomcatFront extends ContainerFront {
  TomcatFront(AutoDeploy engine) {
    super(engine);
  }

  @Override
  Container run(AutoDeployServlet servlet) throws IOException {
    Path directory = Files.createTempDirectory("tomcat");
    Tomcat tomcat = new Tomcat();
    tomcat.setBaseDir(directory.toString());
    tomcat.setPort(0);
    tomcat.setHostname("localhost");
    tomcat.setSilent(true);
    tomcat.getConnector().setProperty("address", "127.0.0.1");
    tomcat.getConnector().setProperty("connectionTimeout", "2000");
    tomcat.getConnector().setEncodedSolidusHandling("passthrough"); // or %2F is refused
    Context context = tomcat.addContext("", directory.toString());
    Wrapper wrapper = Tomcat.addServlet(context, "autodeploy", servlet);
    wrapper.setAsyncSupported(true);
    wrapper.setLoadOnStartup(1);
    context.addServletMappingDecoded("/*", "autodeploy");
    try {
      tomcat.start();
    } catch (LifecycleException e) {
      throw new IOException(e);
    }
    return new Container() {
      @Override
      public int port() {
        return tomcat.getConnector().getLocalPort();
      }

      @Override
      public void stop() {
        try {
          tomcat.stop();
          tomcat.destroy();
        } catch (LifecycleException e) {
          throw new IllegalStateException(e);
        }
      }
    };
  }
}
