package dev.autodeploy.examples.standin;

import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/**
 * The command line of {@link BreezyVoiceStandIn}.
 *
 * @param host the address to bind
 * @param port the port to bind; 0 takes a free one
 * @param startDelay how long loading the model takes beyond loading the voice
 * @param sleepMode whether it has vLLM's calls to sleep and to wake
 * @param wakeTime how long waking takes
 * @param help whether only the usage is wanted
 */
record StandInOptions(
    String host,
    int port,
    Duration startDelay,
    boolean sleepMode,
    Duration wakeTime,
    boolean help) {
  static final String USAGE =
      """
      Usage: BreezyVoiceStandIn [--host HOST] [--port PORT] [--start-delay DURATION]
                                [--enable-sleep-mode] [--wake-time DURATION]
        --host HOST             address to listen on (127.0.0.1; in a container 0.0.0.0)
        --port PORT             port to listen on, 0 for a free one (environment PORT, else 8080)
        --start-delay DURATION  imitate model loading: 500ms, 2s, 1.5m (0s)
        --enable-sleep-mode     play vLLM's calls /sleep, /wake_up, /is_sleeping (not there)
        --wake-time DURATION    imitate how long waking takes (1s)
        --help                  print this and exit
      """;

  private static final Duration MAX_START_DELAY = Duration.ofHours(1);

  /**
   * Reads arguments and environment.
   *
   * @throws IllegalArgumentException if an option is unknown or its value is out of range; the
   *     message is fit for the user
   */
  static StandInOptions parse(List<String> arguments, Map<String, String> environment) {
    String host = "127.0.0.1";
    String port = environment.getOrDefault("PORT", "");
    String portSource = "PORT";
    if (port.isBlank()) {
      port = "8080";
    }
    Duration startDelay = Duration.ZERO;
    boolean sleepMode = false;
    Duration wakeTime = Duration.ofSeconds(1);
    boolean help = false;
    for (Iterator<String> rest = arguments.iterator(); rest.hasNext(); ) {
      String option = rest.next();
      switch (option) {
        case "--host" -> host = value(option, rest);
        case "--port" -> {
          port = value(option, rest);
          portSource = option;
        }
        case "--start-delay" ->
            startDelay = DurationOption.parse(option, value(option, rest), MAX_START_DELAY);
        case "--enable-sleep-mode" -> sleepMode = true;
        case "--wake-time" ->
            wakeTime = DurationOption.parse(option, value(option, rest), MAX_START_DELAY);
        case "--help" -> help = true;
        default -> throw new IllegalArgumentException("unknown option " + option);
      }
    }
    return new StandInOptions(host, port(portSource, port), startDelay, sleepMode, wakeTime, help);
  }

  private static String value(String option, Iterator<String> rest) {
    if (!rest.hasNext()) {
      throw new IllegalArgumentException(option + " needs a value");
    }
    return rest.next();
  }

  private static int port(String source, String text) {
    if (text.matches("\\d{1,5}") && Integer.parseInt(text) <= 65_535) {
      return Integer.parseInt(text);
    }
    throw new IllegalArgumentException(source + " is '" + text + "'; allowed are 0 to 65535");
  }
}
