package dev.autodeploy.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Entries of archives, in every form in which daemons write them. */
class TarEntryTest {
  private static final byte[] END = new byte[2 * TarEntry.BLOCK];

  @ParameterizedTest
  @ValueSource(longs = {0, 1, 512, (1L << 33) - 1, 1L << 33, 123_456_789_012L})
  void header_isReadAsItWasWritten(long size) throws IOException {
    TarEntry entry = TarEntry.read(new ByteArrayInputStream(TarEntry.header("weights", size)));

    assertThat(entry.name()).isEqualTo("weights");
    assertThat(entry.size()).isEqualTo(size);
    assertThat(entry.paddedSize()).isBetween(size, size + 511);
    assertThat(entry.head()).hasSize(TarEntry.BLOCK);
  }

  @Test
  void attributes_beforeAnEntry_winOverItsHeader_andStayWithIt() throws IOException {
    String path = "ordner/größe-" + "x".repeat(200);
    byte[] attributes =
        join(
            record("SCHILY.xattr.user.raw", "\u0000ÿ"),
            record("path", path),
            record("size", "9000000000"));
    InputStream in = new ByteArrayInputStream(join(extension('x', attributes), plain("cut", 0)));

    TarEntry entry = TarEntry.read(in);

    assertThat(entry.name()).isEqualTo(path);
    assertThat(entry.size()).isEqualTo(9_000_000_000L);
    assertThat(entry.head()).hasSizeGreaterThan(2 * TarEntry.BLOCK);
    assertThat(in.read()).isEqualTo(-1);
  }

  @Test
  void longName_ofGnu_isThatOfTheEntryBehindIt() throws IOException {
    byte[] name = ("cache/" + "y".repeat(150) + "\0").getBytes(StandardCharsets.UTF_8);
    TarEntry entry =
        TarEntry.read(new ByteArrayInputStream(join(extension('L', name), plain("cut", 7))));

    assertThat(entry.name()).isEqualTo("cache/" + "y".repeat(150));
    assertThat(entry.size()).isEqualTo(7);
  }

  @Test
  void prefix_ofPosix_isAPartOfTheName() throws IOException {
    byte[] header = plain("file", 3);
    put(header, 257, "ustar\00000");
    put(header, 345, "cache/deep");

    assertThat(TarEntry.read(new ByteArrayInputStream(header)).name()).isEqualTo("cache/deep/file");
  }

  @ParameterizedTest
  @ValueSource(chars = {'1', '2', '3', '5', '6'})
  void links_directoriesAndDevices_haveNoContent(char type) throws IOException {
    byte[] header = plain("link", 4096);
    header[156] = (byte) type;

    assertThat(TarEntry.read(new ByteArrayInputStream(header)).size()).isZero();
  }

  @Test
  void end_isNoEntry_andWithoutItsMarkTheArchiveIsBroken() throws IOException {
    assertThat(TarEntry.read(new ByteArrayInputStream(END))).isNull();
    assertThatThrownBy(() -> TarEntry.read(new ByteArrayInputStream(new byte[0])))
        .isInstanceOf(EOFException.class);
    byte[] cut = Arrays.copyOf(extension('L', new byte[600]), 700);
    assertThatThrownBy(() -> TarEntry.read(new ByteArrayInputStream(cut)))
        .isInstanceOf(EOFException.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"99 path=x\n", "path=x\n", "2 \n", "0 path=x\n", "-5 path=x\n"})
  void attributes_thatCannotBeRead_areAnError(String records) {
    byte[] archive =
        join(extension('x', records.getBytes(StandardCharsets.UTF_8)), plain("file", 0));
    assertThatThrownBy(() -> TarEntry.read(new ByteArrayInputStream(archive)))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("cannot be read");
  }

  @Test
  void headersWithoutEnd_areAnError() {
    ByteArrayOutputStream archive = new ByteArrayOutputStream();
    for (int i = 0; i < 3000; i++) {
      archive.writeBytes(extension('x', new byte[0]));
    }
    assertThatThrownBy(() -> TarEntry.read(new ByteArrayInputStream(archive.toByteArray())))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("too long");
  }

  private static byte[] plain(String name, long size) {
    return TarEntry.header(name, size);
  }

  private static byte[] extension(char type, byte[] content) {
    byte[] header = TarEntry.header("extension", content.length);
    header[156] = (byte) type;
    return join(header, Arrays.copyOf(content, (int) TarEntry.padded(content.length)));
  }

  private static byte[] record(String key, String value) {
    int rest = (" " + key + "=" + value + "\n").getBytes(StandardCharsets.UTF_8).length;
    int length = rest + 1;
    while (String.valueOf(length).length() + rest != length) {
      length++;
    }
    return (length + " " + key + "=" + value + "\n").getBytes(StandardCharsets.UTF_8);
  }

  private static void put(byte[] header, int at, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(bytes, 0, header, at, bytes.length);
  }

  private static byte[] join(byte[]... pieces) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (byte[] piece : pieces) {
      all.writeBytes(piece);
    }
    return all.toByteArray();
  }
}
