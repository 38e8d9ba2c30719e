package dev.autodeploy.spi;

import static java.util.Objects.requireNonNull;

/**
 * The progress of a start. Immutable.
 *
 * @param step what is being done, such as {@code pulling}, in a word or two
 * @param detail more about it, possibly empty
 * @param current how much of the step is done, in any unit
 * @param total how much the step is as a whole, or 0 if that is not known
 */
public record StartProgress(String step, String detail, long current, long total) {

  /**
   * Checks the values.
   *
   * @param step what is being done, such as {@code pulling}, in a word or two
   * @param detail more about it, possibly empty
   * @param current how much of the step is done, in any unit
   * @param total how much the step is as a whole, or 0 if that is not known
   */
  public StartProgress {
    requireNonNull(step, "step");
    requireNonNull(detail, "detail");
  }
}
