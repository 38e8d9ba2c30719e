package dev.autodeploy.internal.declared;

import dev.autodeploy.internal.files.TrustedPath;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/**
 * Reads a file that decides what runs: one that no other user of this machine could have written,
 * of a bounded size, in UTF-8.
 */
final class TextFile {
  static final int MAX_DOCUMENT = 1 << 20;
  static final int MAX_SECRET = 64 << 10;

  private TextFile() {}

  static String read(Path file, int max) throws IOException {
    Path real = TrustedPath.checkedFile(file);
    if (!Files.isRegularFile(real)) { // a pipe would never end
      throw new IOException(file + " is not a regular file");
    }
    byte[] bytes;
    try (InputStream in = Files.newInputStream(real)) {
      bytes = in.readNBytes(max + 1);
    }
    if (bytes.length > max) {
      throw new IOException(file + " is larger than " + max + " bytes");
    }
    try {
      String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
      return text.startsWith("\uFEFF") ? text.substring(1) : text;
    } catch (CharacterCodingException e) {
      throw new IOException(file + " is not UTF-8");
    }
  }

  /** Returns what is wrong with a file, in a sentence. */
  static String describe(IOException e) {
    if (e instanceof NoSuchFileException) {
      return "there is no file " + e.getMessage();
    }
    if (e instanceof AccessDeniedException) {
      return e.getMessage() + " may not be read by this user";
    }
    String message = e.getMessage();
    return message == null ? e.getClass().getSimpleName() : message;
  }
}
