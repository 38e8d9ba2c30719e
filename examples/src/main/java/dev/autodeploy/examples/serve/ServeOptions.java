package dev.autodeploy.examples.serve;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The command line of {@link ServeMain}.
 *
 * @param config the file of deployments; null only with {@code help}
 * @param watch whether the file is watched for changes
 * @param check whether the file is only checked
 * @param docker whether instances are containers, rather than local processes
 * @param port the port of the links; 0 takes a free one
 * @param pagePort the port of the page; 0 takes a free one
 * @param maxInstances how many instances all deployments may have together; 0 for any number
 * @param state where deployments and ledger are kept, or null to forget them
 * @param help whether only the usage is wanted
 */
record ServeOptions(
    @Nullable Path config,
    boolean watch,
    boolean check,
    boolean docker,
    int port,
    int pagePort,
    int maxInstances,
    @Nullable Path state,
    boolean help) {

  static final String USAGE =
      """
      Usage: examples/serve --config FILE [OPTION]...
      Serves the links of all deployments of a file (YAML, or JSON as *.json) until Ctrl-C.

        --config FILE        the file, such as examples/deployments.yaml
        --watch              take over changes of the file
        --check              only say whether the file can be used, and end
        --provider PROVIDER  where instances run: local (processes) or docker (local)
        --port PORT          port of the links, 0 for a free one (8000)
        --page-port PORT     port of the page, 0 for a free one (8001)
        --max-instances N    at most so many instances of all deployments together (any number)
        --state DIR          keep deployments and cost in DIR over a restart (not kept)
        --help               print this and exit
      """;

  private static final int MAX_PORT = 65_535;

  /**
   * Reads arguments.
   *
   * @throws IllegalArgumentException if an option is unknown or its value is wrong; the message is
   *     fit for the user
   */
  static ServeOptions parse(List<String> arguments) {
    Path config = null;
    boolean watch = false;
    boolean check = false;
    boolean docker = false;
    int port = 8000;
    int pagePort = 8001;
    int maxInstances = 0;
    Path state = null;
    boolean help = false;
    for (Iterator<String> rest = arguments.iterator(); rest.hasNext(); ) {
      String option = rest.next();
      switch (option) {
        case "--config" -> config = path(option, rest);
        case "--watch" -> watch = true;
        case "--check" -> check = true;
        case "--provider" -> docker = isDocker(value(option, rest));
        case "--port" -> port = port(option, rest);
        case "--page-port" -> pagePort = port(option, rest);
        case "--max-instances" -> maxInstances = number(option, rest);
        case "--state" -> state = path(option, rest);
        case "--help", "-h" -> help = true;
        default -> throw new IllegalArgumentException("unknown option " + option);
      }
    }
    if (config == null && !help) {
      throw new IllegalArgumentException("--config FILE is needed");
    }
    return new ServeOptions(
        config, watch, check, docker, port, pagePort, maxInstances, state, help);
  }

  private static String value(String option, Iterator<String> rest) {
    if (!rest.hasNext()) {
      throw new IllegalArgumentException(option + " needs a value");
    }
    return rest.next();
  }

  private static boolean isDocker(String text) {
    return switch (text) {
      case "docker" -> true;
      case "local" -> false;
      default ->
          throw new IllegalArgumentException(
              "--provider is '" + text + "'; there are local and docker");
    };
  }

  private static Path path(String option, Iterator<String> rest) {
    try {
      return Path.of(value(option, rest));
    } catch (InvalidPathException e) {
      throw new IllegalArgumentException(option + " is no path", e);
    }
  }

  private static int number(String option, Iterator<String> rest) {
    String text = value(option, rest);
    if (!text.matches("[1-9][0-9]{0,4}")) {
      throw new IllegalArgumentException(option + " must be 1 to 99999, but was '" + text + "'");
    }
    return Integer.parseInt(text);
  }

  private static int port(String option, Iterator<String> rest) {
    String text = value(option, rest);
    if (!text.matches("[0-9]{1,5}") || Integer.parseInt(text) > MAX_PORT) {
      throw new IllegalArgumentException(option + " must be 0 to 65535, but was '" + text + "'");
    }
    return Integer.parseInt(text);
  }
}
