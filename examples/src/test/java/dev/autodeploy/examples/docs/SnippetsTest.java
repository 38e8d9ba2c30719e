package dev.autodeploy.examples.docs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.examples.docs.Page.Block;
import java.io.IOException;
import java.lang.reflect.Constructor;
import java.lang.reflect.Method;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import javax.tools.Diagnostic;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Compiles every Java snippet of the documentation. What a snippet takes for granted stands in a
 * comment above its fence, which readers do not see:
 *
 * <ul>
 *   <li>{@code <!-- given: Deployment voice, URI hook -->}: variables that exist; {@code
 *       autoDeploy} always does, unless the snippet makes it
 *   <li>{@code <!-- on: JdkHttpProxy.builder(autoDeploy) -->}: what its chain of calls begins with;
 *       {@code , given: } and variables may follow
 *   <li>{@code <!-- class -->}: it is no body of a method but a type
 * </ul>
 */
class SnippetsTest {
  private static final String IMPORTS =
      String.join(
          " ",
          List.of(
              "import com.sun.net.httpserver.*;",
              "import dev.autodeploy.*;",
              "import dev.autodeploy.console.*;",
              "import dev.autodeploy.docker.*;",
              "import dev.autodeploy.event.*;",
              "import dev.autodeploy.replay.*;",
              "import dev.autodeploy.jdbc.*;",
              "import dev.autodeploy.kubernetes.*;",
              "import dev.autodeploy.micrometer.*;",
              "import dev.autodeploy.proxy.*;",
              "import dev.autodeploy.proxy.jdk.*;",
              "import dev.autodeploy.proxy.netty.*;",
              "import dev.autodeploy.proxy.okhttp.*;",
              "import dev.autodeploy.servlet.*;",
              "import dev.autodeploy.spi.*;",
              "import dev.autodeploy.testing.*;",
              "import io.micrometer.core.instrument.MeterRegistry;",
              "import jakarta.servlet.*;",
              "import java.net.InetSocketAddress;",
              "import java.net.URI;",
              "import java.nio.file.Path;",
              "import java.time.*;",
              "import java.util.*;",
              "import java.util.concurrent.*;",
              "import java.util.concurrent.atomic.*;",
              "import javax.net.ssl.SSLContext;",
              "import javax.sql.DataSource;",
              "import okhttp3.OkHttpClient;",
              "import okhttp3.Request;",
              "import org.junit.jupiter.api.Test;",
              "import static org.assertj.core.api.Assertions.assertThat;"));

  @Test
  void javaSnippets_compile(@TempDir Path output) throws IOException {
    List<Block> blocks = new ArrayList<>();
    for (Page page : Page.all()) {
      blocks.addAll(page.blocks("java"));
    }
    assertThat(blocks).hasSizeGreaterThan(20);

    assertThat(errors(blocks, output)).isEmpty();
  }

  @Test
  void snippet_thatDoesNotCompile_isNamedByFileAndLine(@TempDir Path output) {
    Block broken =
        new Block(Path.of("docs/x.md"), 41, "java", "", List.of("int a = 1;", "a.nothing();"));

    assertThat(errors(List.of(broken), output))
        .singleElement()
        .asString()
        .startsWith("docs/x.md:42: int cannot be dereferenced");
  }

  @Test
  void testsOfTheTestingPage_pass(@TempDir Path output) throws Exception {
    assertThat(errors(Page.of("docs/testing.md").blocks("java"), output)).isEmpty();
    int run = 0;
    try (URLClassLoader loader =
        new URLClassLoader(new URL[] {output.toUri().toURL()}, getClass().getClassLoader())) {
      Class<?> example = loader.loadClass("Snippet0$ColdStartTest");
      for (Method method : example.getDeclaredMethods()) {
        if (method.isAnnotationPresent(Test.class)) {
          Constructor<?> constructor = example.getDeclaredConstructor();
          constructor.setAccessible(true);
          method.setAccessible(true);
          method.invoke(constructor.newInstance());
          run++;
        }
      }
    }
    assertThat(run).isEqualTo(3);
  }

  private static List<String> errors(List<Block> blocks, Path output) {
    List<Source> sources = new ArrayList<>();
    for (Block block : blocks) {
      sources.add(new Source(block, "Snippet" + sources.size()));
    }
    DiagnosticCollector<JavaFileObject> found = new DiagnosticCollector<>();
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    compiler
        .getTask(
            null,
            null,
            found,
            List.of(
                "-proc:none",
                "-nowarn",
                "-d",
                output.toString(),
                "-cp",
                System.getProperty("java.class.path")),
            null,
            sources)
        .call();
    List<String> errors = new ArrayList<>();
    for (Diagnostic<? extends JavaFileObject> it : found.getDiagnostics()) {
      if (it.getKind() == Diagnostic.Kind.ERROR) {
        Block block = ((Source) it.getSource()).block;
        // The line above the snippet's first is line 1 of its source.
        long line = block.firstLine() + Math.max(0, it.getLineNumber() - 2);
        errors.add(block.page() + ":" + line + ": " + it.getMessage(Locale.ROOT));
      }
    }
    return errors;
  }

  /** A snippet with its surroundings, which all stand on the line above it and the one below. */
  private static final class Source extends SimpleJavaFileObject {
    private final Block block;
    private final String name;

    Source(Block block, String name) {
      super(URI.create("string:///" + name + ".java"), Kind.SOURCE);
      this.block = block;
      this.name = name;
    }

    @Override
    public CharSequence getCharContent(boolean ignoreEncodingErrors) {
      String code = String.join("\n", block.lines());
      String context = block.context();
      if (context.equals("class")) {
        return IMPORTS + " class " + name + " {\n" + code + "\n}";
      }
      int from = context.indexOf("given:");
      String given = from < 0 ? "" : context.substring(from + 6).strip();
      if (!code.contains("AutoDeploy autoDeploy")) {
        given = given.isEmpty() ? "AutoDeploy autoDeploy" : "AutoDeploy autoDeploy, " + given;
      }
      boolean chain = context.startsWith("on:");
      return IMPORTS
          + " abstract class "
          + name
          + " {"
          + " interface Users { boolean mayUse(String deployment, Object user); }"
          + " void snippet("
          + given
          + ") throws Exception {"
          + (chain ? context.substring(3).replaceFirst(", given:.*", "") : "")
          + "\n"
          + code
          + "\n"
          + (chain ? ";" : "")
          + "}}";
    }
  }
}
