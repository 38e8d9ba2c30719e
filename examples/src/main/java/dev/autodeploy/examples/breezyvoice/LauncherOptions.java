package dev.autodeploy.examples.breezyvoice;

import dev.autodeploy.GpuRequest;
import dev.autodeploy.Money;
import dev.autodeploy.examples.standin.DurationOption;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The command line of {@link BreezyVoiceLauncher}.
 *
 * @param port the port of the service link; 0 takes a free one
 * @param pagePort the port of the page; 0 takes a free one
 * @param linkPorts the range of which each deployment gets a port of its own, or null for none
 * @param netty whether links are served by Netty, rather than by the JDK's server
 * @param idleTimeout how long the instance is kept without a request
 * @param pricePerHour what an instance costs for an hour
 * @param state where deployments and ledger are kept, or null to forget them
 * @param startDelay how long the instance imitates loading a model
 * @param provider where instances run
 * @param namespace the namespace of pods, or null for that of the kubeconfig
 * @param scaling the Deployment whose pods instances are, or null for pods of the launcher's own
 * @param image the image of the containers
 * @param snapshot the snapshot to start containers from instead of the image, or null
 * @param gpus the GPUs of each instance
 * @param help whether only the usage is wanted
 */
record LauncherOptions(
    int port,
    int pagePort,
    @Nullable PortRange linkPorts,
    boolean netty,
    Duration idleTimeout,
    Money pricePerHour,
    @Nullable Path state,
    Duration startDelay,
    Provider provider,
    @Nullable String namespace,
    @Nullable String scaling,
    String image,
    @Nullable String snapshot,
    GpuRequest gpus,
    boolean help) {

  static final String USAGE =
      """
      Usage: examples/breezyvoice [OPTION]...
      Deploys BreezyVoice (a stand-in with its HTTP contract) and serves its link until Ctrl-C.

        --port PORT              port of the service link, 0 for a free one (8000)
        --page-port PORT         port of the page, 0 for a free one (the link's and 1)
        --link-ports FROM-TO     give the deployment a port of its own from this range, such as
                                 20000-20999, on which its link has no path (none)
        --front FRONT            what serves the link: jdk (the JDK's own server) or netty,
                                 which carries WebSockets as well (jdk)
        --idle-timeout DURATION  release the instance after this time without a request (5m)
        --price-per-hour AMOUNT  what an instance costs, in US dollars (0.49)
        --state DIR              keep deployments and cost in DIR over a restart (not kept)
        --start-delay DURATION   imitate the loading of a model (0s; local only)
        --provider PROVIDER      where instances run: local (processes), docker, or kubernetes
                                 (the cluster of the kubeconfig) (local)
        --image REF              the image, with docker or kubernetes (breezyvoice:standin, which
                                 examples/breezyvoice-image makes)
        --snapshot NAME          start from a snapshot instead of the image, with docker
        --gpus GPUS              a number, all, or ids such as 0,1 (kubernetes: a number), which
                                 it shares with other deployments that are made for them on the
                                 page (none)
        --gpu-memory SIZE        a part of each GPU's memory, such as 16GiB, in place of whole
                                 GPUs: several deployments get one as long as their sum fits
        --namespace NAME         the namespace of pods, with kubernetes (the kubeconfig's)
        --scaling NAMESPACE/NAME the Deployment of the cluster whose pods the instances are, with
                                 kubernetes: it is scaled between 0 and 1, and says what they are
                                 (pods of the launcher's own)
        --help                   print this and exit

      A DURATION is a number and ms, s, m or h: 3s, 5m, 1.5h.
      """;

  static final String DEFAULT_IMAGE = "breezyvoice:standin";

  private static final Duration LONGEST = Duration.ofHours(24);
  private static final int MAX_PORT = 65_535;

  /**
   * Reads arguments.
   *
   * @throws IllegalArgumentException if an option is unknown or its value is wrong; the message is
   *     fit for the user
   */
  static LauncherOptions parse(List<String> arguments) {
    int port = 8000;
    Integer pagePort = null;
    PortRange linkPorts = null;
    boolean netty = false;
    Duration idleTimeout = Duration.ofMinutes(5);
    Money price = Money.of("0.49", "USD");
    Path state = null;
    Duration startDelay = Duration.ZERO;
    Provider provider = Provider.LOCAL;
    String namespace = null;
    String scaling = null;
    String image = null;
    String snapshot = null;
    GpuRequest gpus = null;
    String gpuMemory = null;
    boolean help = false;
    for (Iterator<String> rest = arguments.iterator(); rest.hasNext(); ) {
      String option = rest.next();
      switch (option) {
        case "--port" -> port = port(option, value(option, rest));
        case "--page-port" -> pagePort = port(option, value(option, rest));
        case "--link-ports" -> linkPorts = PortRange.parse(option, value(option, rest));
        case "--front" -> netty = isNetty(value(option, rest));
        case "--idle-timeout" ->
            idleTimeout = DurationOption.parse(option, value(option, rest), LONGEST);
        case "--price-per-hour" -> price = price(value(option, rest));
        case "--state" -> state = path(value(option, rest));
        case "--start-delay" ->
            startDelay = DurationOption.parse(option, value(option, rest), Duration.ofHours(1));
        case "--provider" -> provider = provider(value(option, rest));
        case "--namespace" -> namespace = value(option, rest);
        case "--scaling" -> scaling = value(option, rest);
        case "--image" -> image = value(option, rest);
        case "--snapshot" -> snapshot = value(option, rest);
        case "--gpus" -> gpus = gpus(value(option, rest));
        case "--gpu-memory" -> gpuMemory = value(option, rest);
        case "--help", "-h" -> help = true;
        default -> throw new IllegalArgumentException("unknown option " + option);
      }
    }
    boolean local = provider == Provider.LOCAL;
    if (local && (image != null || snapshot != null)) {
      throw new IllegalArgumentException("--image and --snapshot go with --provider docker");
    }
    if (provider == Provider.KUBERNETES && snapshot != null) {
      throw new IllegalArgumentException("--snapshot goes with --provider docker");
    }
    if (provider != Provider.KUBERNETES && namespace != null) {
      throw new IllegalArgumentException("--namespace goes with --provider kubernetes");
    }
    if (provider != Provider.KUBERNETES && scaling != null) {
      throw new IllegalArgumentException("--scaling goes with --provider kubernetes");
    }
    if (scaling != null && image != null) {
      throw new IllegalArgumentException(
          "--image does not go with --scaling: the Deployment says what its pods are");
    }
    if (!local && !startDelay.isZero()) {
      throw new IllegalArgumentException("--start-delay goes with --provider local");
    }
    if (image != null && snapshot != null) {
      throw new IllegalArgumentException("give either --image or --snapshot");
    }
    if (pagePort != null && pagePort != 0 && pagePort == port) {
      throw new IllegalArgumentException(
          "--page-port is the link's port; the page needs one of its own");
    }
    return new LauncherOptions(
        port,
        pagePort != null ? pagePort : nextTo(port),
        linkPorts,
        netty,
        idleTimeout,
        price,
        state,
        startDelay,
        provider,
        namespace,
        scaling,
        image == null ? DEFAULT_IMAGE : image,
        snapshot,
        share(gpus, gpuMemory),
        help);
  }

  /**
   * A range of ports.
   *
   * @param from the first one
   * @param to the last one
   */
  record PortRange(int from, int to) {

    static PortRange parse(String option, String text) {
      String[] ends = text.split("-", -1);
      if (ends.length == 2 && isPort(ends[0]) && isPort(ends[1])) {
        PortRange range = new PortRange(Integer.parseInt(ends[0]), Integer.parseInt(ends[1]));
        if (range.from > 0 && range.from <= range.to) {
          return range;
        }
      }
      throw new IllegalArgumentException(
          option + " is '" + text + "'; write the first and the last port, such as 20000-20999");
    }
  }

  private static boolean isNetty(String text) {
    return switch (text) {
      case "netty" -> true;
      case "jdk" -> false;
      default ->
          throw new IllegalArgumentException("--front is '" + text + "'; there are jdk and netty");
    };
  }

  /** The place where instances run. */
  enum Provider {
    /** Processes of this machine. */
    LOCAL,
    /** Containers of a Docker daemon. */
    DOCKER,
    /** Pods of a Kubernetes cluster. */
    KUBERNETES
  }

  /** Returns whether instances are made of an image. */
  boolean inContainers() {
    return provider != Provider.LOCAL;
  }

  private static Provider provider(String text) {
    return switch (text) {
      case "docker" -> Provider.DOCKER;
      case "kubernetes" -> Provider.KUBERNETES;
      case "local" -> Provider.LOCAL;
      default ->
          throw new IllegalArgumentException(
              "--provider is '" + text + "'; there are local, docker and kubernetes");
    };
  }

  private static GpuRequest share(@Nullable GpuRequest gpus, @Nullable String memory) {
    if (memory == null) {
      return gpus == null ? GpuRequest.none() : gpus;
    }
    try {
      return gpus == null ? GpuRequest.memory(memory) : gpus.withMemory(memory);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("--gpu-memory: " + e.getMessage(), e);
    }
  }

  private static GpuRequest gpus(String text) {
    if (text.equals("all")) {
      return GpuRequest.all();
    }
    if (text.matches("[1-9]\\d{0,2}")) {
      return GpuRequest.count(Integer.parseInt(text));
    }
    if (text.matches("[\\w:-]+(,[\\w:-]+)*")) {
      return GpuRequest.ids(text.split(",", -1));
    }
    throw new IllegalArgumentException(
        "--gpus is '" + text + "'; write a number, all, or ids such as 0,1");
  }

  private static String value(String option, Iterator<String> rest) {
    if (!rest.hasNext()) {
      throw new IllegalArgumentException(option + " needs a value");
    }
    return rest.next();
  }

  /** Returns the port after the link's, or 0 where the link's is free to choose or the last one. */
  private static int nextTo(int port) {
    return port == 0 || port == MAX_PORT ? 0 : port + 1;
  }

  private static int port(String option, String text) {
    if (isPort(text)) {
      return Integer.parseInt(text);
    }
    throw new IllegalArgumentException(option + " is '" + text + "'; allowed are 0 to 65535");
  }

  private static boolean isPort(String text) {
    return text.matches("\\d{1,5}") && Integer.parseInt(text) <= MAX_PORT;
  }

  private static Money price(String text) {
    Money price;
    try {
      price = Money.of(text, "USD");
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "--price-per-hour is '" + text + "'; write an amount such as 0.49", e);
    }
    if (price.amount().signum() < 0) {
      throw new IllegalArgumentException("--price-per-hour must not be negative");
    }
    return price;
  }

  private static Path path(String text) {
    try {
      return Path.of(text);
    } catch (InvalidPathException e) {
      throw new IllegalArgumentException("--state is no path: " + e.getMessage(), e);
    }
  }
}
