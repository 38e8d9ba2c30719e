package dev.autodeploy.internal.store;

import com.fasterxml.jackson.core.JsonPointer;

/**
 * Stored JSON that does not say what it should. The message names what is wrong and never quotes
 * what was stored, as that can be a secret.
 */
class FormatException extends Exception {
  private static final long serialVersionUID = 1L;

  /** The place, as the text of a JSON pointer. */
  private final String pointer;

  FormatException(JsonPointer pointer, String problem) {
    super(problem);
    this.pointer = pointer.toString();
  }

  /** Returns the place in the document. */
  final JsonPointer pointer() {
    return JsonPointer.compile(pointer);
  }

  /** Text that is not even JSON, and where its reader gave up. */
  static final class NotJson extends FormatException {
    private static final long serialVersionUID = 1L;

    /** The line, from 1. */
    private final int line;

    /** The column, from 1. */
    private final int column;

    NotJson(String problem, int line, int column) {
      super(JsonPointer.empty(), problem);
      this.line = line;
      this.column = column;
    }

    int line() {
      return line;
    }

    int column() {
      return column;
    }
  }
}
