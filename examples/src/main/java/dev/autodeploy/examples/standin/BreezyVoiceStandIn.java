package dev.autodeploy.examples.standin;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;

/**
 * A program that answers like BreezyVoice: the same routes, the same errors, one request at a time,
 * and English speech from a synthesiser that needs neither weights nor GPU.
 *
 * <p>The port opens when everything is loaded, so a TCP probe tells when it is ready. It ends at
 * once on SIGTERM.
 */
public final class BreezyVoiceStandIn {
  private static final int USAGE_ERROR = 2;

  private BreezyVoiceStandIn() {}

  /**
   * Runs the stand-in until it is told to end.
   *
   * @param arguments see {@code --help}
   * @throws InterruptedException if the thread is interrupted while the model loads
   */
  public static void main(String[] arguments) throws InterruptedException {
    StandInOptions options;
    try {
      options = StandInOptions.parse(List.of(arguments), System.getenv());
    } catch (IllegalArgumentException e) {
      System.err.println("BreezyVoiceStandIn: " + e.getMessage());
      System.err.print(StandInOptions.USAGE);
      System.exit(USAGE_ERROR);
      return;
    }
    if (options.help()) {
      System.out.print(StandInOptions.USAGE);
      return;
    }
    run(options, new UvicornLog(System.out));
  }

  private static void run(StandInOptions options, UvicornLog log) throws InterruptedException {
    log.info("Started server process [" + ProcessHandle.current().pid() + "]");
    log.info("Waiting for application startup.");
    log.plain("BreezyVoice stand-in: loading the English voice; BreezyVoice's model is not used.");
    BreezyVoiceApi api = new BreezyVoiceApi(KevinVoice.load(), log);
    ModelLoading.imitate(options.startDelay(), log);
    log.info("Application startup complete.");
    try {
      StandInServer server =
          StandInServer.open(
              new InetSocketAddress(options.host(), options.port()),
              api,
              new SleepCalls(options.sleepMode(), options.wakeTime(), log),
              log);
      Runtime.getRuntime()
          .addShutdownHook(new Thread(() -> shutDown(server, log), "stand-in-shutdown"));
      log.info(
          "Uvicorn running on http://"
              + options.host()
              + ":"
              + server.address().getPort()
              + " (Press CTRL+C to quit)");
    } catch (IOException e) {
      log.error(
          "error while attempting to bind on address ('"
              + options.host()
              + "', "
              + options.port()
              + "): "
              + e.getMessage());
      System.exit(1);
    }
  }

  /**
   * A server thread that still waits for connections would hold up the end of the JVM for 300 ms.
   */
  private static void shutDown(StandInServer server, UvicornLog log) {
    log.info("Shutting down");
    server.close();
  }
}
