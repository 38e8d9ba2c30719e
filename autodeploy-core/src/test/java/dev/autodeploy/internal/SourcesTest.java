package dev.autodeploy.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** House rules that can be counted, over the main sources of all modules. */
final class SourcesTest {
  private static final int LONGEST_CLASS = 500;

  /** The share of Javadoc comments that may begin with half a sentence, in per mille. */
  private static final int HEADLESS_PER_MILLE = 5;

  private static final Pattern JAVADOC = Pattern.compile("/\\*\\*(.*?)\\*/", Pattern.DOTALL);
  private static final Pattern HEADLESS =
      Pattern.compile(
          "(What|Whatever|How|Whether|When|Where|Which|Who|Whom|Whose|Whoever|Those|It|Its|Has|Have|Why|Of"
              + "|So|As|Since|Until|Likewise|Not|Up)\\b.*",
          Pattern.DOTALL);

  @Test
  void classes_areNotLongerThan500LinesWithoutAReason() throws IOException {
    List<String> tooLong = new ArrayList<>();
    for (Path source : sources()) {
      String text = Files.readString(source);
      boolean isLong = text.lines().count() > LONGEST_CLASS;
      if (isLong != text.contains("\n// Over 500 lines")) {
        tooLong.add(source.getFileName() + ": " + text.lines().count());
      }
    }
    assertThat(tooLong).as("longer than 500 lines without a reason, or shorter with one").isEmpty();
  }

  /** Types and fields begin with a noun phrase, methods with a verb in the third person. */
  @Test
  void javadoc_beginsWithWhatAThingIs() throws IOException {
    int all = 0;
    List<String> headless = new ArrayList<>();
    for (Path source : sources()) {
      String text = Files.readString(source);
      Matcher comment = JAVADOC.matcher(text);
      while (comment.find()) {
        String opening = comment.group(1).replaceAll("\\s+\\*?\\s*", " ").strip();
        all++;
        if (HEADLESS.matcher(opening).matches()) {
          long line = text.substring(0, comment.start()).lines().count() + 1;
          String shown = opening.substring(0, Math.min(60, opening.length()));
          headless.add(source.getFileName() + ":" + line + " " + shown);
        }
      }
    }
    assertThat(headless)
        .as("of %s Javadoc comments, those that begin with half a sentence", all)
        .hasSizeLessThanOrEqualTo(all * HEADLESS_PER_MILLE / 1000);
  }

  private static List<Path> sources() throws IOException {
    List<Path> sources = new ArrayList<>();
    try (Stream<Path> modules = Files.list(Path.of("..").toAbsolutePath().normalize())) {
      for (Path module : modules.sorted().toList()) {
        Path main = module.resolve("src/main/java");
        if (Files.isDirectory(main)) {
          try (Stream<Path> files = Files.walk(main)) {
            files.filter(file -> file.toString().endsWith(".java")).sorted().forEach(sources::add);
          }
        }
      }
    }
    assertThat(sources).as("sources of all modules").hasSizeGreaterThan(100);
    return sources;
  }
}
