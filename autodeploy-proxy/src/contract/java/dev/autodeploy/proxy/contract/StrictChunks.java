package dev.autodeploy.proxy.contract;

/** Reads a chunked body exactly as RFC 9112 has it, to tell what a request may end with. */
public final class StrictChunks {
  private StrictChunks() {}

  /** Returns whether a text begins with a complete chunked body. */
  public static boolean isComplete(String text) {
    int at = 0;
    while (true) {
      int end = text.indexOf("\r\n", at);
      if (end < 0) {
        return false;
      }
      String size = text.substring(at, end);
      int extension = size.indexOf(';');
      if (extension >= 0) {
        size = size.substring(0, extension);
      }
      if (!size.matches("[0-9a-fA-F]{1,7}")) {
        return false;
      }
      int length = Integer.parseInt(size, 16);
      at = end + 2;
      if (length == 0) {
        return trailersEnd(text, at);
      }
      if (text.length() < at + length + 2 || !text.startsWith("\r\n", at + length)) {
        return false;
      }
      at += length + 2;
    }
  }

  private static boolean trailersEnd(String text, int start) {
    int at = start;
    while (true) {
      int end = text.indexOf("\r\n", at);
      if (end < 0) {
        return false;
      }
      if (end == at) {
        return true;
      }
      if (!text.substring(at, end).matches("[!#-'*+.0-9A-Z^-z|~-]+:[^\\x00-\\x08\\n\\r\\x7f]*")) {
        return false;
      }
      at = end + 2;
    }
  }
}
