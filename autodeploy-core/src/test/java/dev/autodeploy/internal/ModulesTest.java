package dev.autodeploy.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * The order between modules, and inside those that have no packages to show theirs: which classes
 * decide, and so know neither sockets nor threads nor the classes that carry out. It reads sources,
 * since no module sees all the others; {@link RoomsTest} does the same for core's packages.
 */
final class ModulesTest {
  private static final Pattern IMPORT =
      Pattern.compile("^import (?:static )?([\\w.]+);", Pattern.MULTILINE);
  private static final Pattern COMMENT = Pattern.compile("/\\*.*?\\*/|//[^\n]*", Pattern.DOTALL);

  /** The internals of core for other modules: helpers, and documents that they show as well. */
  private static final Set<String> SHARED =
      Set.of("text", "util", "files", "net", "document", "spec", "probe");

  /** The stores outside core, which keep the same texts as the files. */
  private static final Set<String> STORES = Set.of("autodeploy-jdbc");

  private static final String GATEWAY = "autodeploy-proxy";
  private static final Path GATEWAY_PACKAGE = Path.of("dev", "autodeploy", "proxy", "gateway");

  /** The decisions of the gateway. */
  private static final Set<String> GATEWAY_DECISIONS =
      Set.of(
          "AccessRules",
          "ConnectionRules",
          "CorsRules",
          "CrossSitePage",
          "ExchangeDeadlines",
          "HeaderRules",
          "HttpHeaders",
          "Problem",
          "Problems",
          "QueryParameters",
          "ReplayRule",
          "RequestGuard",
          "RequestHead",
          "Route",
          "Router",
          "SiteRules",
          "Upgrade",
          "WaitPreference");

  /** The classes that carry the gateway's decisions out. */
  private static final Set<String> GATEWAY_SHELL =
      Set.of(
          "ActiveRequests",
          "BlockingExchange",
          "BlockingRelay",
          "ClientBody",
          "Exchange",
          "Gateway",
          "HttpReader",
          "LinkCall",
          "LinkServices",
          "OkHttpUpstream",
          "ProxiedRequest",
          "SocketUpstream",
          "Upstream",
          "UpstreamConnection",
          "Upstreams");

  /** The only classes that see the HTTP client of the daemon's transport. */
  private static final Set<String> DOCKER_TRANSPORT = Set.of("DaemonTransport");

  /** The decisions of the Docker provider, which ask the daemon nothing. */
  private static final Set<String> DOCKER_DECISIONS =
      Set.of(
          "ContainerRights",
          "ContainerState",
          "GpuGrant",
          "ImageName",
          "Labels",
          "ContainerSpecCheck");

  /** The classes of the page that see its server; the others get a {@code Request}. */
  private static final Set<String> CONSOLE_EDGE =
      Set.of(
          "Assets",
          "Console",
          "ConsoleHandler",
          "ConsoleServer",
          "JsonResponse",
          "Request",
          "RequestGuard",
          "SseHub");

  private record Source(String module, Path path, String text) {
    String name() {
      String file = path.getFileName().toString();
      return file.substring(0, file.length() - ".java".length());
    }

    List<String> imports() {
      return IMPORT.matcher(text).results().map(found -> found.group(1)).toList();
    }

    String code() {
      return COMMENT.matcher(text).replaceAll("");
    }

    boolean uses(String simpleName) {
      return Pattern.compile("\\b" + simpleName + "\\b").matcher(code()).find();
    }

    @Override
    public String toString() {
      return module + "/" + path.getFileName();
    }
  }

  @Test
  void modules_useOnlyTheHelpersAndDocumentsOfCoresInternals() throws IOException {
    Pattern internal = Pattern.compile("dev\\.autodeploy\\.internal\\.(\\w+)\\..*");
    Set<String> wrong = new TreeSet<>();
    for (Source source : sources()) {
      for (String imported : source.imports()) {
        Matcher inside = internal.matcher(imported);
        if (!source.module.equals("autodeploy-core")
            && inside.matches()
            && !SHARED.contains(inside.group(1))
            && !(inside.group(1).equals("store") && STORES.contains(source.module))) {
          wrong.add(source + " uses " + imported);
        }
      }
    }
    assertThat(wrong).isEmpty();
  }

  @Test
  void fronts_doNotSeeEachOther_andTheGatewaySeesNoServer() throws IOException {
    Map<String, List<String>> foreign =
        Map.of(
            GATEWAY,
            List.of(
                "dev.autodeploy.proxy.jdk.",
                "dev.autodeploy.proxy.netty.",
                "com.sun.net.httpserver.",
                "io.netty."),
            "autodeploy-proxy-jdk",
            List.of("dev.autodeploy.proxy.netty.", "io.netty."),
            "autodeploy-proxy-netty",
            List.of("dev.autodeploy.proxy.jdk.", "com.sun.net.httpserver."));
    Set<String> wrong = new TreeSet<>();
    for (Source source : sources()) {
      for (String imported : source.imports()) {
        if (foreign.getOrDefault(source.module, List.of()).stream()
            .anyMatch(imported::startsWith)) {
          wrong.add(source + " uses " + imported);
        }
      }
    }
    assertThat(wrong).isEmpty();
  }

  @Test
  void decisionsOfTheGateway_useNoSocketThreadOrShell() throws IOException {
    List<Source> decisions =
        sources().stream()
            .filter(source -> source.path.getParent().endsWith(GATEWAY_PACKAGE))
            .filter(source -> GATEWAY_DECISIONS.contains(source.name()))
            .toList();
    assertThat(decisions).hasSameSizeAs(GATEWAY_DECISIONS);
    assertThat(wrong(decisions, List.of("java.nio.file.", "java.nio.channels.", "okhttp3.")))
        .isEmpty();
    assertThat(
            wrong(decisions, List.of("java.net.Socket", "java.util.concurrent.", "java.io."))
                .stream()
                .filter(use -> !use.endsWith(".TimeUnit")))
        .isEmpty();
    assertThat(shell(decisions, GATEWAY_SHELL)).isEmpty();
  }

  @Test
  void decisionsOfTheDockerProvider_askTheDaemonNothing() throws IOException {
    List<Source> docker = of("autodeploy-docker");
    List<Source> decisions =
        docker.stream().filter(source -> DOCKER_DECISIONS.contains(source.name())).toList();
    assertThat(decisions).hasSameSizeAs(DOCKER_DECISIONS);
    assertThat(wrong(decisions, List.of("java.util.concurrent.", "java.net.Socket"))).isEmpty();
    assertThat(shell(decisions, Set.of("DaemonClient", "DaemonTransport", "DockerThreads")))
        .isEmpty();
    assertThat(
            docker.stream()
                .filter(source -> source.imports().stream().anyMatch(i -> i.startsWith("okhttp3.")))
                .map(Source::name))
        .isSubsetOf(DOCKER_TRANSPORT);
  }

  @Test
  void console_onlyItsEdgeSeesTheServer() throws IOException {
    assertThat(
            of("autodeploy-console").stream()
                .filter(s -> s.imports().stream().anyMatch(i -> i.startsWith("com.sun.net.")))
                .map(Source::name))
        .isSubsetOf(CONSOLE_EDGE);
  }

  @Test
  void console_documentsDoNotSeeTheRequest() throws IOException {
    List<Source> documents =
        of("autodeploy-console").stream().filter(s -> s.name().endsWith("Json")).toList();
    assertThat(documents).hasSizeGreaterThan(3);
    assertThat(shell(documents, Set.of("Request", "ConsoleHandler", "Api", "SseHub", "Sessions")))
        .isEmpty();
  }

  private static Set<String> wrong(List<Source> sources, List<String> prefixes) {
    Set<String> wrong = new TreeSet<>();
    for (Source source : sources) {
      source.imports().stream()
          .filter(imported -> prefixes.stream().anyMatch(prefix -> fits(imported, prefix)))
          .forEach(imported -> wrong.add(source + " uses " + imported));
    }
    return wrong;
  }

  /** A prefix that ends with a point is a package, else it is a class. */
  private static boolean fits(String imported, String prefix) {
    return prefix.endsWith(".") ? imported.startsWith(prefix) : imported.equals(prefix);
  }

  private static Set<String> shell(List<Source> sources, Set<String> shell) {
    Set<String> wrong = new TreeSet<>();
    for (Source source : sources) {
      shell.stream().filter(source::uses).forEach(used -> wrong.add(source + " uses " + used));
    }
    return wrong;
  }

  private static List<Source> of(String module) throws IOException {
    return sources().stream().filter(source -> source.module.equals(module)).toList();
  }

  private static List<Source> sources() throws IOException {
    List<Source> sources = new ArrayList<>();
    try (Stream<Path> modules = Files.list(Path.of("..").toAbsolutePath().normalize())) {
      for (Path module : modules.sorted().toList()) {
        Path main = module.resolve("src/main/java");
        String name = module.getFileName().toString();
        if (name.startsWith("autodeploy-") && Files.isDirectory(main)) {
          try (Stream<Path> files = Files.walk(main)) {
            for (Path file : files.filter(f -> f.toString().endsWith(".java")).sorted().toList()) {
              sources.add(new Source(name, file, Files.readString(file)));
            }
          }
        }
      }
    }
    assertThat(sources).as("sources of all modules").hasSizeGreaterThan(100);
    return sources;
  }
}
