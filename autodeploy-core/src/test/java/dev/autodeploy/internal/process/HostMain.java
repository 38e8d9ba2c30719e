package dev.autodeploy.internal.process;

import dev.autodeploy.AutoDeployException;
import dev.autodeploy.LocalProcessProvider;
import dev.autodeploy.spi.ProviderContext;
import java.nio.file.Path;
import java.time.Duration;

/**
 * A host application in a process of its own. Arguments: directory, owner, command, and what to do
 * with the instance: {@code hold} it until the process is killed, or {@code leave} it.
 */
public final class HostMain {
  private HostMain() {}

  public static void main(String[] args) throws Exception {
    LocalProcessProvider provider =
        LocalProcessProvider.builder()
            .directory(Path.of(args[0]))
            .detachTimeout(Duration.ofMinutes(1))
            .build();
    try {
      provider.open(new ProviderContext(args[1], new RecordingObserver()));
    } catch (AutoDeployException e) {
      System.out.println(e.code());
      return;
    }
    provider.start(Requests.of(args[1], "i-host", args[2])).toCompletableFuture().get();
    if (args[3].equals("leave")) {
      provider.detach("i-host").toCompletableFuture().get();
      provider.close();
      System.out.println("left");
      return;
    }
    System.out.println("holding");
    Thread.sleep(Duration.ofMinutes(5).toMillis());
  }

  static Process start(Path directory, String owner, String command, String action)
      throws Exception {
    return new ProcessBuilder(
            System.getProperty("java.home") + "/bin/java",
            "-Xshare:auto",
            "-XX:TieredStopAtLevel=1",
            "-XX:+UseSerialGC",
            "-cp",
            System.getProperty("java.class.path"),
            HostMain.class.getName(),
            directory.toString(),
            owner,
            command,
            action)
        .redirectError(ProcessBuilder.Redirect.INHERIT)
        .start();
  }
}
