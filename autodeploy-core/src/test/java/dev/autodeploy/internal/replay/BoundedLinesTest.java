package dev.autodeploy.internal.replay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.Reader;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Lines as they come out of a text that may not end. */
final class BoundedLinesTest {

  @Test
  void next_endsOfAllSystems_areThoseOfABufferedReader() throws IOException {
    String part = "x".repeat(8191); // the ends fall on both sides of a piece
    for (String text :
        List.of("", "a", "a\n", "a\r\nb\rc\n\nd", "\r\r\n\n", part + "\r\n" + part + "\n\r")) {
      assertThat(lines(new BoundedLines(new StringReader(text), 1 << 20)))
          .isEqualTo(text.lines().toList());
    }
  }

  @Test
  void next_longLine_isCut_andTheNextIsWhole() throws IOException {
    String longest = "x".repeat(BoundedLines.LONGEST);
    BoundedLines lines =
        new BoundedLines(new StringReader(longest + "\n" + longest + "y\nz"), 1 << 20);

    assertThat(lines.next()).isEqualTo(longest);
    assertThat(lines.isCut()).isFalse();
    assertThat(lines.next()).isEqualTo(longest);
    assertThat(lines.isCut()).isTrue();
    assertThat(lines.next()).isEqualTo("z");
    assertThat(lines.isCut()).isFalse();
    assertThat(lines.number()).isEqualTo(3);
  }

  @Test
  void next_textThatDoesNotEnd_isAnError() {
    Reader endless =
        new Reader() {
          @Override
          public int read(char[] into, int from, int most) {
            return most;
          }

          @Override
          public void close() {}
        };

    assertThatThrownBy(() -> new BoundedLines(endless, 1_000_000).next())
        .isInstanceOf(IOException.class)
        .hasMessageContaining("more than 1000000 characters");
  }

  private static List<String> lines(BoundedLines lines) throws IOException {
    List<String> all = new ArrayList<>();
    for (String line = lines.next(); line != null; line = lines.next()) {
      all.add(line);
    }
    return all;
  }
}
