package dev.autodeploy.examples.docs;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * A page of the documentation.
 *
 * @param path where it is, from the repository's root
 * @param lines its lines
 */
record Page(Path path, List<String> lines) {

  /**
   * A fenced block of a page.
   *
   * @param page the page's path
   * @param firstLine the number of its first line, from 1
   * @param language what follows the fence
   * @param context the text of the comment above the fence, or empty
   * @param lines its lines
   */
  record Block(Path page, int firstLine, String language, String context, List<String> lines) {}

  /** Returns the repository's root. */
  static Path root() {
    return Path.of("").toAbsolutePath().getParent();
  }

  /** Returns every page that readers are sent to. */
  static List<Page> all() throws IOException {
    List<Path> paths = new ArrayList<>();
    paths.add(root().resolve("README.md"));
    paths.add(root().resolve("autodeploy-proxy-jdk/README.md"));
    try (Stream<Path> docs = Files.list(root().resolve("docs"))) {
      docs.filter(path -> path.toString().endsWith(".md")).sorted().forEach(paths::add);
    }
    List<Page> pages = new ArrayList<>();
    for (Path path : paths) {
      pages.add(new Page(root().relativize(path), Files.readAllLines(path)));
    }
    return pages;
  }

  /** Returns one page. */
  static Page of(String path) throws IOException {
    return new Page(Path.of(path), Files.readAllLines(root().resolve(path)));
  }

  /** Returns the fenced blocks of a language. */
  List<Block> blocks(String language) {
    List<Block> blocks = new ArrayList<>();
    for (int i = 0; i < lines.size(); i++) {
      if (!lines.get(i).startsWith("```")) {
        continue;
      }
      int end = i + 1;
      while (!lines.get(end).equals("```")) {
        end++;
      }
      if (lines.get(i).equals("```" + language)) {
        blocks.add(new Block(path, i + 2, language, context(i), lines.subList(i + 1, end)));
      }
      i = end;
    }
    return blocks;
  }

  private String context(int fence) {
    String above = fence == 0 ? "" : lines.get(fence - 1).strip();
    return above.startsWith("<!--") && above.endsWith("-->")
        ? above.substring(4, above.length() - 3).strip()
        : "";
  }
}
