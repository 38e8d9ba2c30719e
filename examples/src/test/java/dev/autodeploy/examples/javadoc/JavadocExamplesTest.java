package dev.autodeploy.examples.javadoc;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Compiles every example in the Javadoc of the published modules, inside {@link Surroundings}. */
class JavadocExamplesTest {
  private static final Pattern EXAMPLE =
      Pattern.compile("<pre>\\{@code\\n(.*?)\\n *\\* *}</pre>", Pattern.DOTALL);
  private static final Path REPOSITORY = Path.of("..").toAbsolutePath().normalize();
  private static final String IMPORTS =
      Stream.of(
              "dev.autodeploy",
              "dev.autodeploy.console",
              "dev.autodeploy.docker",
              "dev.autodeploy.event",
              "dev.autodeploy.replay",
              "dev.autodeploy.jdbc",
              "dev.autodeploy.kubernetes",
              "dev.autodeploy.micrometer",
              "dev.autodeploy.proxy",
              "dev.autodeploy.proxy.jdk",
              "dev.autodeploy.proxy.netty",
              "dev.autodeploy.proxy.okhttp",
              "dev.autodeploy.servlet",
              "dev.autodeploy.spi",
              "dev.autodeploy.testing",
              "jakarta.servlet",
              "java.nio.file",
              "java.time",
              "java.util",
              "java.util.concurrent",
              "javax.sql",
              "okhttp3")
          .map(name -> "import " + name + ".*; ")
          .collect(Collectors.joining());

  @TempDir Path classes;

  @Test
  void everyExampleInTheJavadoc_compiles() throws IOException {
    List<Example> examples = new ArrayList<>();
    for (Path source : publishedSources()) {
      examples.addAll(examplesIn(source));
    }
    assertThat(examples).as("examples in %s", REPOSITORY).hasSizeGreaterThan(15);
    assertThat(compile(examples)).isEmpty();
  }

  @Test
  void everyExportedPackage_hasAnExampleInItsOverview() throws IOException {
    Pattern exported = Pattern.compile("exports ([\\w.]+);");
    for (Path source : publishedSources()) {
      if (source.endsWith("module-info.java")) {
        Matcher matcher = exported.matcher(Files.readString(source));
        while (matcher.find()) {
          Path overview =
              source.resolveSibling(matcher.group(1).replace('.', '/') + "/package-info.java");
          assertThat(examplesIn(overview)).as("examples in %s", overview).isNotEmpty();
        }
      }
    }
  }

  @Test
  void exampleThatDoesNotCompile_isFound() {
    Example broken = new Example("Broken_1", "Somewhere.java:1", "autoDeploy.noSuchMethod();");

    assertThat(compile(List.of(broken)))
        .singleElement()
        .asString()
        .contains("Somewhere.java:1", "noSuchMethod");
  }

  private static List<Path> publishedSources() throws IOException {
    List<Path> sources = new ArrayList<>();
    try (Stream<Path> modules = Files.list(REPOSITORY)) {
      for (Path module : modules.sorted().toList()) {
        Path main = module.resolve("src/main/java");
        if (module.getFileName().toString().startsWith("autodeploy-") && Files.exists(main)) {
          try (Stream<Path> files = Files.walk(main)) {
            files.filter(file -> file.toString().endsWith(".java")).sorted().forEach(sources::add);
          }
        }
      }
    }
    return sources;
  }

  private static List<Example> examplesIn(Path source) throws IOException {
    String text = Files.readString(source);
    List<Example> examples = new ArrayList<>();
    Matcher matcher = EXAMPLE.matcher(text);
    while (matcher.find()) {
      long line = text.substring(0, matcher.start(1)).lines().count() + 1;
      String code =
          matcher.group(1).lines().map(it -> it.replaceFirst("^ *\\* ?", "")).collect(lines());
      String place = REPOSITORY.relativize(source) + ":" + line;
      examples.add(new Example(place.replaceAll("\\W", "_"), place, code));
    }
    return examples;
  }

  private List<String> compile(List<Example> examples) {
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    DiagnosticCollector<JavaFileObject> found = new DiagnosticCollector<>();
    List<String> options = List.of("-d", classes.toString(), "-proc:none", "--release", "17");
    boolean compiled = compiler.getTask(null, null, found, options, null, examples).call();
    List<String> errors =
        found.getDiagnostics().stream()
            .filter(it -> it.getSource() instanceof Example)
            .map(
                it ->
                    "%s, line %d of the example: %s"
                        .formatted(
                            ((Example) it.getSource()).place,
                            it.getLineNumber() - 1,
                            it.getMessage(Locale.ROOT)))
            .toList();
    assertThat(compiled || !errors.isEmpty()).as("%s", found.getDiagnostics()).isTrue();
    return compiled ? List.of() : errors;
  }

  private static java.util.stream.Collector<CharSequence, ?, String> lines() {
    return Collectors.joining("\n");
  }

  /** Statements become a method's body, a class a member; line 2 is the example's first. */
  private static final class Example extends SimpleJavaFileObject {
    private final String place;
    private final String content;

    Example(String name, String place, String code) {
      super(URI.create("string:///" + name + ".java"), Kind.SOURCE);
      this.place = place;
      boolean type = code.startsWith("class ");
      content =
          IMPORTS
              + "import static org.assertj.core.api.Assertions.assertThat; "
              + "abstract class "
              + name
              + " extends dev.autodeploy.examples.javadoc.Surroundings { "
              + (type ? "" : "void example() throws Exception {")
              + "\n"
              + code
              + "\n"
              + (type ? "}" : "}}");
    }

    @Override
    public CharSequence getCharContent(boolean ignoreEncodingErrors) {
      return content;
    }
  }
}
