package dev.autodeploy.spi;

import static java.util.Objects.requireNonNull;

/**
 * The progress of a start. Immutable.
 *
 * @param step what is being done, such as {@code pulling}, in a word or two
 * @param detail more about it, possibly empty
 * @param current how much of the step is done, in any unit
 * @param total how much the step is as a whole, or 0 if that is not known
 * @param preparing whether this comes before the instance itself is started, as pulling its image
 *     does. The start timeout does not run meanwhile; it begins with the next progress that is no
 *     preparation. So a provider that prepares ends that within a time of its own
 */
public record StartProgress(
    String step, String detail, long current, long total, boolean preparing) {

  /**
   * Checks the values.
   *
   * @param step what is being done, such as {@code pulling}, in a word or two
   * @param detail more about it, possibly empty
   * @param current how much of the step is done, in any unit
   * @param total how much the step is as a whole, or 0 if that is not known
   * @param preparing whether this comes before the instance itself is started
   */
  public StartProgress {
    requireNonNull(step, "step");
    requireNonNull(detail, "detail");
  }

  /**
   * Creates the progress of the start itself.
   *
   * @param step what is being done, in a word or two
   * @param detail more about it, possibly empty
   * @param current how much of the step is done, in any unit
   * @param total how much the step is as a whole, or 0 if that is not known
   */
  public StartProgress(String step, String detail, long current, long total) {
    this(step, detail, current, total, false);
  }
}
