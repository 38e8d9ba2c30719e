package dev.autodeploy.console;

import java.util.List;

/** Thrown for a document that is no specification, with every field that is wrong. */
public final class InvalidSpecException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  /** The errors, in the order of the fields. */
  private final transient List<FieldError> errors;

  InvalidSpecException(List<FieldError> errors) {
    super(message(errors));
    this.errors = List.copyOf(errors);
  }

  static String message(List<FieldError> errors) {
    FieldError first = errors.get(0);
    String place = first.field().isEmpty() ? "" : first.field() + ": ";
    String more = errors.size() == 1 ? "" : " (and " + (errors.size() - 1) + " more)";
    return place + first.message() + more;
  }

  /**
   * Returns what is wrong.
   *
   * @return at least one error, in the order of the fields
   */
  public List<FieldError> errors() {
    return errors == null ? List.of() : errors;
  }
}
