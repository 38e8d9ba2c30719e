package dev.autodeploy.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.Reader;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class LogLinesTest {

  private static List<String> all(String log, int longest) throws IOException {
    LogLines lines = new LogLines(new StringReader(log), longest);
    List<String> all = new ArrayList<>();
    for (String line = lines.next(); line != null; line = lines.next()) {
      all.add(line);
    }
    return all;
  }

  @Test
  void lines_endWhereTheirWriterEndsThem() throws Exception {
    assertThat(all("a\n\r\nb\r\n\nc", 10)).containsExactly("a", "", "b", "", "c");
    assertThat(all("", 10)).isEmpty();
  }

  @Test
  void lineOfMoreThanTheMaximum_comesInPieces() throws Exception {
    assertThat(all("abcdefg\nh\n", 3)).containsExactly("abc", "def", "g", "h");
  }

  @Test
  void lineWithoutAnEnd_takesNoMoreMemoryThanAPiece() throws Exception {
    long[] given = new long[1];
    Reader endless =
        new Reader() {
          @Override
          public int read(char[] buffer, int offset, int length) {
            java.util.Arrays.fill(buffer, offset, offset + length, 'x');
            given[0] += length;
            return length;
          }

          @Override
          public void close() {
            // Nothing is open.
          }
        };

    assertThat(new LogLines(endless, 1 << 16).next()).hasSize(1 << 16);
    assertThat(given[0]).isLessThan(1 << 18);
  }
}
