package dev.autodeploy.docker;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Writes a tar archive in memory, as far as a small image needs. */
final class Tar {
  private static final int BLOCK = 512;
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  Tar directory(String path) {
    return entry(path + "/", '5', "", new byte[0], 0755);
  }

  Tar file(String path, byte[] content, boolean executable) {
    return entry(path, '0', "", content, executable ? 0755 : 0644);
  }

  Tar file(String path, String content, boolean executable) {
    return file(path, content.getBytes(StandardCharsets.UTF_8), executable);
  }

  Tar link(String path, String target) {
    return entry(path, '2', target, new byte[0], 0777);
  }

  byte[] toByteArray() {
    out.writeBytes(new byte[2 * BLOCK]);
    return out.toByteArray();
  }

  private Tar entry(String path, char type, String target, byte[] content, int mode) {
    byte[] head = new byte[BLOCK];
    put(head, 0, path);
    put(head, 100, String.format("%07o", mode));
    put(head, 108, "0000000");
    put(head, 116, "0000000");
    put(head, 124, String.format("%011o", content.length));
    put(head, 136, "00000000000");
    Arrays.fill(head, 148, 156, (byte) ' ');
    head[156] = (byte) type;
    put(head, 157, target);
    put(head, 257, "ustar");
    put(head, 263, "00");
    int sum = 0;
    for (byte b : head) {
      sum += b & 0xff;
    }
    put(head, 148, String.format("%06o", sum));
    head[154] = 0;
    out.writeBytes(head);
    out.writeBytes(content);
    out.writeBytes(new byte[(BLOCK - content.length % BLOCK) % BLOCK]);
    return this;
  }

  private static void put(byte[] head, int at, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(bytes, 0, head, at, bytes.length);
  }
}
