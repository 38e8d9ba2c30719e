package dev.autodeploy.internal.spec;

import com.fasterxml.jackson.core.JsonPointer;

/**
 * JSON that does not say what it should. The message names what is wrong and never quotes what was
 * there, as that can be a secret.
 */
public class FormatException extends Exception {
  private static final long serialVersionUID = 1L;

  /** The place, as the text of a JSON pointer. */
  private final String pointer;

  /**
   * Makes the error.
   *
   * @param pointer the place
   * @param problem what is wrong there
   */
  public FormatException(JsonPointer pointer, String problem) {
    super(problem);
    this.pointer = pointer.toString();
  }

  /** Returns the place in the document. */
  public final JsonPointer pointer() {
    return JsonPointer.compile(pointer);
  }

  /** Text that is not even JSON, and where its reader stopped. */
  public static final class NotJson extends FormatException {
    private static final long serialVersionUID = 1L;

    /** The line, from 1. */
    private final int line;

    /** The column, from 1. */
    private final int column;

    /**
     * Makes the error.
     *
     * @param problem what is wrong
     * @param line the line, from 1
     * @param column the column, from 1
     */
    public NotJson(String problem, int line, int column) {
      super(JsonPointer.empty(), problem);
      this.line = line;
      this.column = column;
    }

    /** Returns the line, from 1. */
    public int line() {
      return line;
    }

    /** Returns the column, from 1. */
    public int column() {
      return column;
    }
  }
}
