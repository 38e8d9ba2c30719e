package dev.autodeploy.internal.process;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.spi.StartRequest;

/** Makes start requests. */
final class Requests {
  private Requests() {}

  static StartRequest of(String owner, String id, String command) {
    return of(owner, id, DeploymentSpec.builder("voice").port(0).startCommand(command).build());
  }

  static StartRequest of(String owner, String id, DeploymentSpec spec) {
    return StartRequest.builder(owner, id, spec).fingerprint("f1").build();
  }
}
