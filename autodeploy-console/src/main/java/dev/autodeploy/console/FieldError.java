package dev.autodeploy.console;

import static java.util.Objects.requireNonNull;

/**
 * An error in one field of a form or document. Immutable.
 *
 * @param field the field's name, or an empty text if it is about the document as a whole
 * @param message what is wrong and what would be right
 */
public record FieldError(String field, String message) {

  /**
   * Checks the values.
   *
   * @param field the field's name, or an empty text if it is about the document as a whole
   * @param message what is wrong and what would be right
   */
  public FieldError {
    requireNonNull(field, "field");
    requireNonNull(message, "message");
  }
}
