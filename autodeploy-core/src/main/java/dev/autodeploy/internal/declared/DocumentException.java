package dev.autodeploy.internal.declared;

/** A text that is no document, and where that shows. The message never quotes the text. */
final class DocumentException extends Exception {
  private static final long serialVersionUID = 1L;

  private final transient Place place;

  DocumentException(String problem, Place place) {
    super(problem);
    this.place = place;
  }

  Place place() {
    return place;
  }
}
