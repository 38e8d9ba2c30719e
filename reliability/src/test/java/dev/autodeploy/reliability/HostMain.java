package dev.autodeploy.reliability;

import dev.autodeploy.LocalProcessProvider;
import dev.autodeploy.docker.DockerInstanceProvider;
import java.nio.file.Path;
import java.time.Duration;

/** A host application in a process of its own, to be killed. */
final class HostMain {
  private HostMain() {}

  /**
   * Runs until it is told to end: {@code local owner state mark front}, or {@code docker … timeout
   * front}.
   */
  public static void main(String[] arguments) throws Exception {
    String owner = arguments[1];
    Path state = Path.of(arguments[2]);
    System.setProperty("faults.front", arguments[4]);
    boolean local = arguments[0].equals("local");
    try (Host host =
        local
            ? Host.start(
                LocalProcessProvider.create(), owner, state, Service.local(arguments[3]).build())
            : Host.start(
                DockerInstanceProvider.builder()
                    .heartbeatTimeout(Duration.ofSeconds(Long.parseLong(arguments[3])))
                    .build(),
                owner,
                state,
                Service.docker().build())) {
      System.out.println("link " + host.link());
      System.in.read();
    }
    System.out.println("closed");
  }
}
