package dev.autodeploy.examples.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The table of tests in {@code CONTRIBUTING.md} names those that there are. */
class TestTablesTest {
  private static final int KINDS = 12;
  private static final Pattern NAMED =
      Pattern.compile("`([A-Z][A-Za-z0-9]*Test)?(?:\\.([a-z][A-Za-z0-9_]*))?`");

  @Test
  void startsOfOthers_areTestedByTestsThatExist_ofEveryKind() throws IOException {
    Map<String, String> sources = sources();
    List<String> rows = rows("### Starts and containers of others");
    assertThat(rows).hasSize(KINDS);
    for (String row : rows) {
      String[] columns = row.split(" \\| ", -1);
      assertThat(columns).as(row).hasSize(3);
      assertThat(named(columns[1], sources)).as("the first of %s", columns[0]).isPositive();
      assertThat(named(columns[2], sources)).as("others of %s", columns[0]).isPositive();
    }
  }

  /**
   * Returns how many tests are named, all of which exist; a method alone is of the class before.
   */
  private static int named(String text, Map<String, String> sources) {
    int count = 0;
    String type = "";
    Matcher each = NAMED.matcher(text);
    while (each.find()) {
      if (each.group(1) != null) {
        type = each.group(1);
      }
      assertThat(sources).containsKey(type);
      if (each.group(2) != null) {
        assertThat(sources.get(type)).contains(" " + each.group(2) + "(");
      }
      count++;
    }
    return count;
  }

  private static List<String> rows(String heading) throws IOException {
    String text = Files.readString(Path.of("../CONTRIBUTING.md"));
    int begin = text.indexOf("\n" + heading + "\n");
    assertThat(begin).as(heading).isPositive();
    return text.substring(begin, text.indexOf("\n### ", begin + 1))
        .lines()
        .filter(line -> line.startsWith("| "))
        .skip(2)
        .map(line -> line.substring(2, line.length() - 2))
        .toList();
  }

  /** Returns the sources of tests by their names, which those of several modules may share. */
  private static Map<String, String> sources() throws IOException {
    Map<String, String> sources = new HashMap<>();
    try (Stream<Path> modules = Files.list(Path.of(".."))) {
      for (Path module : modules.filter(each -> Files.isDirectory(each)).toList()) {
        Path tests = module.resolve("src/test/java");
        if (!Files.isDirectory(tests)) {
          continue;
        }
        try (Stream<Path> files = Files.walk(tests)) {
          for (Path file : files.filter(each -> each.toString().endsWith("Test.java")).toList()) {
            String name = file.getFileName().toString();
            sources.merge(
                name.substring(0, name.length() - 5), Files.readString(file), String::concat);
          }
        }
      }
    }
    return sources;
  }
}
