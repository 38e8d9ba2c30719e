package dev.autodeploy.spi;

import static java.util.Objects.requireNonNull;

import java.util.List;

/**
 * The progress of a start. Immutable.
 *
 * @param step what is being done, such as {@code pulling}, in a word or two
 * @param detail more about it, possibly empty
 * @param current how much of the step is done, in any unit
 * @param total how much the step is as a whole, or 0 if that is not known
 * @param phase the phase of the start that the step belongs to
 * @param parts the pieces of the step, such as the layers of an image; possibly empty
 */
public record StartProgress(
    String step, String detail, long current, long total, Phase phase, List<Part> parts) {

  /**
   * A phase of a start. The start timeout runs in the last one only, and begins with it, or when
   * the provider's start completes; a provider ends each of the others within a time of its own.
   */
  public enum Phase {
    /**
     * What the instance needs is fetched, such as its image. This time is a position of its own.
     */
    PREPARING,
    /** The instance is made, and does not run yet. */
    CREATING,
    /** The instance runs, or is asked to. */
    STARTING
  }

  /** The state of a piece. */
  public enum PartState {
    /** Waited for. */
    WAITING,
    /** On its way. */
    DOWNLOADING,
    /** Here, and is being unpacked or waits for that. */
    UNPACKING,
    /** Finished. */
    DONE
  }

  /**
   * A piece of a step, such as a layer of an image.
   *
   * @param name its name
   * @param state its state
   * @param current how many bytes of it are done in this state
   * @param total how many bytes it has, or 0 if that is not known
   */
  public record Part(String name, PartState state, long current, long total) {
    /**
     * Checks the values.
     *
     * @param name its name
     * @param state its state
     * @param current how many bytes of it are done in this state
     * @param total how many bytes it has, or 0 if that is not known
     */
    public Part {
      requireNonNull(name, "name");
      requireNonNull(state, "state");
    }
  }

  /**
   * Checks the values.
   *
   * @param step what is being done, such as {@code pulling}, in a word or two
   * @param detail more about it, possibly empty
   * @param current how much of the step is done, in any unit
   * @param total how much the step is as a whole, or 0 if that is not known
   * @param phase the phase of the start that the step belongs to
   * @param parts the pieces of the step; possibly empty
   */
  public StartProgress {
    requireNonNull(step, "step");
    requireNonNull(detail, "detail");
    requireNonNull(phase, "phase");
    parts = List.copyOf(parts);
  }

  /**
   * Creates a progress without parts.
   *
   * @param step what is being done, in a word or two
   * @param detail more about it, possibly empty
   * @param current how much of the step is done, in any unit
   * @param total how much the step is as a whole, or 0 if that is not known
   * @param phase the phase of the start that the step belongs to
   */
  public StartProgress(String step, String detail, long current, long total, Phase phase) {
    this(step, detail, current, total, phase, List.of());
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
    this(step, detail, current, total, Phase.STARTING, List.of());
  }

  /**
   * Returns whether the start is being prepared, as by pulling an image.
   *
   * @return true in the phase {@link Phase#PREPARING}
   */
  public boolean preparing() {
    return phase == Phase.PREPARING;
  }

  /**
   * Returns the progress in one line.
   *
   * @return such as {@code pulling app:1, 3.2 MB of 6.0 MB, 1 of 3 layers: 53 %}
   */
  public String describe() {
    String words = detail.isEmpty() ? step : step + " " + detail;
    return total <= 0
        ? words
        : words + ": " + Math.min(100, Math.max(0, (long) (100.0 * current / total))) + " %";
  }
}
