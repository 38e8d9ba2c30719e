package dev.autodeploy.docker;

import java.util.EnumSet;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * A problem with a Docker daemon, or with a request to it. Recognised by the daemon's own words:
 * the status codes differ between versions, and between Docker and Podman, for one cause.
 *
 * <p>The order matters: the first that matches counts.
 */
public enum DockerProblem {
  /** The daemon's address, or the context that names it, cannot be used. */
  BAD_ADDRESS(
      "unsupported protocol scheme",
      "this is no address of a Docker daemon that can be used",
      "set DOCKER_HOST to unix:// and a socket or tcp:// and a host, or choose another context"),
  /** There is no socket where the daemon's was expected. */
  NOT_RUNNING(
      "SocketException: No such file or directory|NoSuchFileException",
      "Docker is not running or not installed",
      "start it, or set DOCKER_HOST to where it is"),
  /** The user of this process may not use the daemon's socket. */
  NO_PERMISSION(
      "(SocketException|BindException|AccessDeniedException|ConnectException): Permission denied",
      "this user may not use Docker",
      "add the user to the group that owns the socket (usually docker) and log in again"),
  /** The daemon did not answer within the deadline. */
  NO_ANSWER(
      "SocketTimeoutException|InterruptedIOException: timeout",
      "Docker did not answer in time",
      "it may be frozen or overloaded: see its own log"),
  /** The daemon's host has no address. */
  HOST_UNKNOWN(
      "UnknownHostException",
      "the Docker host's name cannot be resolved",
      "check DOCKER_HOST and the name service"),
  /** Nothing accepts connections where the daemon should be. */
  NOT_ANSWERING(
      "ConnectException|NoRouteToHostException|Failed to connect to",
      "the Docker daemon is not answering",
      "check that it runs and that the address is right"),
  /** The daemon speaks TLS and was spoken to without. */
  TLS_NEEDED(
      "Client sent an HTTP request to an HTTPS server",
      "this Docker daemon wants TLS",
      "set DOCKER_TLS_VERIFY=1 and DOCKER_CERT_PATH to the directory of ca.pem, cert.pem and"
          + " key.pem"),
  /** TLS could not be agreed on. */
  TLS_FAILED(
      "SSLHandshakeException|SSLPeerUnverifiedException|SSLException|certificate path"
          + " \\(DOCKER_CERT_PATH\\)",
      "no secure connection to the Docker daemon",
      "check the certificates in DOCKER_CERT_PATH and the host name in DOCKER_HOST"),
  /** The registry answers with an error of its own. */
  REGISTRY_FAILED(
      "HTTP status: 5\\d\\d|error parsing HTTP \\d{3} response body|unexpected status.*: 5\\d\\d ",
      "the registry failed", "try again later, and see the registry's own log"),
  /** Something answers, but it is no Docker daemon. */
  NOT_DOCKER(
      "<html|<!doctype|JsonParseException|MismatchedInputException|Unrecognized token",
      "what answers is not a Docker daemon",
      "check DOCKER_HOST and whether a proxy answers in its place"),
  /** The connection broke while the daemon was working. */
  CONNECTION_LOST(
      "EOFException|unexpected end of stream|Broken pipe|Connection reset|Socket closed"
          + "|ClosedChannelException|AsynchronousCloseException|StreamResetException",
      "the connection to Docker was lost",
      "the daemon was probably restarted"),
  /** The daemon does not speak a version of the API that is known here. */
  API_VERSION(
      "client version .* is too (old|new)",
      "this Docker version does not fit",
      "Docker 19.03 (API 1.40) or newer is needed"),

  /** The disk of the daemon's host is full. */
  DISK_FULL(
      "no space left on device",
      "the Docker host's disk is full",
      "free some space, for instance with 'docker system prune'"),
  /** The registry's limit of pulls is reached. */
  RATE_LIMIT(
      "toomanyrequests|rate limit",
      "the registry's pull limit is reached",
      "wait, or give credentials of the registry"),
  /** The registry wants credentials, or other ones. */
  REGISTRY_AUTH(
      "no basic auth credentials|unauthorized|authentication required|incorrect username",
      "the registry refuses the pull",
      "run 'docker login' on this machine, or give registryCredentials"),
  /** The registry has no such image. */
  IMAGE_UNKNOWN(
      "manifest unknown|name unknown|manifest for .* not found|pull access denied"
          + "|repository .* not found|access to the resource is denied|failed to resolve"
          + " reference.*not found",
      "the registry has no such image",
      "check the name and tag, and for a private image the credentials"),
  /** The registry cannot be reached from the daemon's host. */
  REGISTRY_DOWN(
      "dial tcp|server misbehaving|TLS handshake timeout|net/http: request canceled"
          + "|proxyconnect",
      "the registry cannot be reached from the Docker host",
      "check its name and the host's network"),
  /** The data that the registry sent is damaged. */
  IMAGE_CORRUPT(
      "layer verification failed|failed precondition.*digest|unexpected commit digest"
          + "|error verifying (size|sha)",
      "the registry sent a damaged image",
      "push the image again"),
  /** The registry no longer sends anything. */
  PULL_STALLED(
      "pull stalled",
      "the registry stopped sending",
      "try again, or raise pullStallTimeout for a slow registry"),
  /** The image is not on the host and may not be pulled. */
  IMAGE_MISSING(
      "No such image|image not known|image .* not found locally",
      "the image is not on the Docker host",
      "build or pull it there, or allow pulling with pullPolicy"),
  /** An image's name is not one. */
  BAD_REFERENCE(
      "invalid reference format|invalid tag format|repository name must be lowercase",
      "this is not an image's name",
      "names look like registry/name:tag, in lower case"),
  /** The image cannot be deleted because a container uses it. */
  IMAGE_IN_USE(
      "image is being used by|conflict: unable to (delete|remove repository)|image used by",
      "a container still uses this image",
      "release the instances that were started from it first"),

  /** A container's name is not allowed. */
  BAD_NAME("Invalid container name", "this name is not allowed for a container", "choose another"),
  /** Another container has the name. */
  NAME_TAKEN(
      "container name .* is already in use|name .* is in use",
      "another container has this name",
      "remove it, or use another owner"),
  /** The port is taken on the host. */
  PORT_IN_USE(
      "port is already allocated|address already in use",
      "the port is in use on the Docker host",
      "free it; ports that Docker chooses itself, the default, are never taken"),
  /** The host has no such address. */
  ADDRESS_UNKNOWN(
      "cannot assign requested address",
      "the Docker host has no such address",
      "set publishAddress to one of the Docker host's addresses"),
  /** The daemon has no driver for GPUs. */
  NO_GPU_DRIVER(
      "could not select device driver",
      "Docker on this host cannot give GPUs to containers",
      "install the NVIDIA container toolkit, run 'nvidia-ctk runtime configure' and restart"
          + " Docker"),
  /** The host has no such GPU. */
  GPU_UNKNOWN(
      "unresolvable CDI devices|device error: .*unknown device|CDI device injection failed",
      "the Docker host has no such GPU",
      "list the GPUs with 'nvidia-smi -L' or 'docker info' and ask for one of those"),
  /** The GPU's driver did not work. */
  GPU_DRIVER_FAILED(
      "nvidia-container-cli|nvidia-container-runtime|NVML",
      "the NVIDIA driver of the Docker host failed",
      "check that 'nvidia-smi' works on the host"),
  /** The host has no such device. */
  DEVICE_MISSING(
      "error gathering device information",
      "the Docker host has no such device",
      "check that the GPU's driver is loaded there"),
  /** The host has no such container runtime. */
  RUNTIME_UNKNOWN(
      "unknown (or invalid )?runtime",
      "Docker on this host has no such runtime",
      "install it and name it in daemon.json"),
  /** The daemon has no init process to put into containers. */
  INIT_MISSING(
      "docker-init|container-init binary not found|catatonit",
      "Docker on this host has no init process for containers",
      "install tini (Podman: catatonit) on the host, or switch it off with init(false)"),
  /** The image has no shell. */
  NO_SHELL(
      "exec: \"/bin/sh\": (stat /bin/sh: )?no such file|exec: \"/bin/sh\": executable file not"
          + " found|/bin/sh.*(no such file or directory|not found in)",
      "the image has no /bin/sh, which a start command needs",
      "leave the start command out to start what the image starts, or add a shell to the image"),
  /** The command is not in the image. */
  COMMAND_NOT_FOUND(
      "executable file not found|exec: .*no such file or directory|exec.* not found in \\$PATH",
      "the command is not in the image",
      "check the start command and the image"),
  /** The image has no such user. */
  USER_UNKNOWN(
      "unable to find (user|group)|no matching entries in (passwd|group) file",
      "the image has no such user",
      "name one that the image has, or give its number (user(...) of the Docker provider)"),
  /** The command may not be executed. */
  COMMAND_NOT_EXECUTABLE(
      "exec: .*permission denied|exec format error",
      "the command in the image cannot be executed",
      "check its permissions and whether the image is made for this machine"),
  /** A limit is out of range. */
  LIMIT_NOT_ALLOWED(
      "Minimum memory limit|Range of CPUs|Minimum kernel memory",
      "Docker does not allow this limit",
      "change it in the customizer"),
  /** A mount's source does not exist. */
  MOUNT_MISSING(
      "bind source path does not exist|invalid mount config|error while creating mount source",
      "what is to be mounted is not on the Docker host",
      "create the directory on the Docker host"),
  /** The host has no such network. */
  NETWORK_UNKNOWN(
      "network .* not found|could not find bridge",
      "the Docker host has no such network",
      "create it with 'docker network create'"),
  /** The daemon may not set a limit. */
  ULIMIT_NOT_ALLOWED(
      "error setting rlimit",
      "Docker may not set this ulimit on its host",
      "leave it out; a rootless daemon cannot raise limits"),
  /** The container is gone. */
  NO_SUCH_CONTAINER(
      "No such container|no container with name or ID|removal of container .* is already",
      "the container is gone",
      "somebody else removed it"),
  /** The daemon will not build this into a container. */
  NOT_ALLOWED(
      "operation not permitted|forbidden|authorization denied",
      "Docker refuses this on its host",
      "check the daemon's policy and whether it runs rootless"),
  /** Anything else. */
  OTHER("", "Docker reports an error", "see the daemon's own log");

  private static final Set<DockerProblem> UNREACHABLE =
      EnumSet.of(
          NOT_RUNNING, NO_PERMISSION, NO_ANSWER, HOST_UNKNOWN, NOT_ANSWERING, CONNECTION_LOST);

  private static final Set<DockerProblem> WAY =
      EnumSet.of(TLS_NEEDED, TLS_FAILED, NOT_DOCKER, API_VERSION);

  private final Pattern pattern;
  private final String summary;
  private final String advice;

  DockerProblem(String regex, String summary, String advice) {
    this.pattern = Pattern.compile(regex, Pattern.CASE_INSENSITIVE | Pattern.DOTALL);
    this.summary = summary;
    this.advice = advice;
  }

  /**
   * Returns what is wrong.
   *
   * @return a few words without a full stop
   */
  public String summary() {
    return summary;
  }

  /**
   * Returns what to do about it.
   *
   * @return a few words without a full stop
   */
  public String advice() {
    return advice;
  }

  /**
   * Returns whether it is not known if the daemon carried out what it was asked for.
   *
   * @return true where the answer was lost
   */
  boolean outcomeUnknown() {
    return this == NO_ANSWER || this == CONNECTION_LOST;
  }

  /**
   * Returns whether the daemon could not be asked at all, or its answer was lost.
   *
   * @return true where another attempt can help
   */
  boolean unreachable() {
    return UNREACHABLE.contains(this);
  }

  /**
   * Returns whether the daemon's address is a part of the problem.
   *
   * @return true where it is worth a look
   */
  boolean isOnTheWay() {
    return unreachable() || WAY.contains(this);
  }

  /**
   * Recognises a problem.
   *
   * @param text the names and messages of all errors in the chain, and the daemon's answer
   * @return the first that matches, {@link #OTHER} at the least
   */
  static DockerProblem of(String text) {
    for (DockerProblem problem : values()) {
      if (problem.pattern.matcher(text).find()) {
        return problem;
      }
    }
    return OTHER;
  }
}
