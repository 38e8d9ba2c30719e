package dev.autodeploy.servlet;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.proxy.LinkBuilder;
import dev.autodeploy.proxy.contract.ErrorsOnTheLinkContract;

final class ErrorsOnTheLinkOnTomcatTest extends ErrorsOnTheLinkContract {
  @Override
  protected LinkBuilder<?> front(AutoDeploy engine) {
    return new TomcatFront(engine);
  }
}
