package dev.autodeploy.examples.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Each defence that SECURITY.md promises names the tests that hold it, and they exist. */
class SecurityPageTest {
  private static final Pattern TEST = Pattern.compile("`([A-Z]\\w*Test)(?:\\.(\\w+))?`");
  private static final Pattern METHOD =
      Pattern.compile("^  (?:public )?void (\\w+)\\(", Pattern.MULTILINE);

  @Test
  void testsThatThePageNames_exist() throws IOException {
    Set<String> named = new TreeSet<>();
    for (String line : Page.of("SECURITY.md").lines()) {
      named.addAll(named(line));
    }

    assertThat(named).hasSizeGreaterThan(20);
    assertThat(tests()).containsAll(named);
  }

  @Test
  void methodsThatThePageNames_exist() throws IOException {
    Set<String> named = new TreeSet<>();
    for (String line : Page.of("SECURITY.md").lines()) {
      for (Matcher test = TEST.matcher(line); test.find(); ) {
        if (test.group(2) != null) {
          named.add(test.group(2));
        }
      }
    }

    assertThat(named).hasSizeGreaterThan(20);
    assertThat(methods()).containsAll(named);
  }

  @Test
  void defences_haveATest_orSayWhyThereIsNone() throws IOException {
    List<String> rows = new ArrayList<>();
    boolean within = false;
    for (String line : Page.of("SECURITY.md").lines()) {
      within = line.startsWith("#") ? line.equals("### Defences and their tests") : within;
      if (within && line.startsWith("| ") && !line.matches("\\| (attacker|---) .*")) {
        rows.add(line);
      }
    }

    assertThat(rows)
        .hasSizeGreaterThan(20)
        .allMatch(row -> !named(row).isEmpty() || row.contains("| none: "));
  }

  private static List<String> named(String line) {
    List<String> named = new ArrayList<>();
    for (Matcher test = TEST.matcher(line); test.find(); ) {
      named.add(test.group(1));
    }
    return named;
  }

  /** The names of all test classes of all modules. */
  private static Set<String> tests() throws IOException {
    return sources().stream()
        .map(file -> file.getFileName().toString())
        .filter(name -> name.endsWith("Test.java"))
        .map(name -> name.substring(0, name.length() - ".java".length()))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /** The names of all methods of tests, and of the contracts that they inherit. */
  private static Set<String> methods() throws IOException {
    Set<String> names = new TreeSet<>();
    for (Path file : sources()) {
      for (Matcher method = METHOD.matcher(Files.readString(file)); method.find(); ) {
        names.add(method.group(1));
      }
    }
    return names;
  }

  private static List<Path> sources() throws IOException {
    List<Path> sources = new ArrayList<>();
    try (Stream<Path> modules = Files.list(Page.root())) {
      for (Path module : modules.collect(Collectors.toList())) {
        for (String directory : List.of("src/test/java", "src/contract/java")) {
          if (Files.isDirectory(module.resolve(directory))) {
            try (Stream<Path> files = Files.walk(module.resolve(directory))) {
              files.filter(file -> file.toString().endsWith(".java")).forEach(sources::add);
            }
          }
        }
      }
    }
    return sources;
  }
}
