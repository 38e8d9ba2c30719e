package dev.autodeploy.proxy.jdk;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.proxy.contract.TestInstance;
import java.io.IOException;
import java.util.function.Consumer;

/** Tests that hold whatever carries requests to the instance. */
abstract class LinkContract {
  final boolean okHttp;

  LinkContract(boolean okHttp) {
    this.okHttp = okHttp;
  }

  TestLink link(TestInstance.App app) throws IOException {
    return link(app, spec -> {}, proxy -> {});
  }

  TestLink link(
      TestInstance.App app,
      Consumer<DeploymentSpec.Builder> spec,
      Consumer<JdkHttpProxy.Builder> settings)
      throws IOException {
    return new TestLink(app, spec, settings.andThen(proxy -> proxy.okHttpOnly(okHttp)));
  }
}
