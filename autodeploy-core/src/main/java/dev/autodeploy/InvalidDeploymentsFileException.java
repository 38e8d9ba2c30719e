package dev.autodeploy;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A file of deployments that cannot be used, with everything that is wrong in it. Its message has a
 * line for each problem, such as {@code deployments.yaml:7:5: voice.gpu.count must be 0 or more},
 * and quotes no values, as those can be secrets.
 */
public final class InvalidDeploymentsFileException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  private final transient Path file;
  private final transient List<Problem> problems;

  /**
   * One thing that is wrong.
   *
   * @param line the line, from 1
   * @param column the column, from 1
   * @param field the field, such as {@code voice.gpu.count}; empty for the file as a whole
   * @param message what is wrong with it
   */
  public record Problem(int line, int column, String field, String message) {

    private String describe() {
      return line + ":" + column + ": " + (field.isEmpty() ? "" : field + " ") + message;
    }
  }

  /**
   * Makes the error.
   *
   * @param file the file
   * @param problems what is wrong, at least one
   */
  public InvalidDeploymentsFileException(Path file, List<Problem> problems) {
    super(
        problems.stream()
            .map(problem -> file + ":" + problem.describe())
            .collect(Collectors.joining("\n")));
    this.file = file;
    this.problems = List.copyOf(problems);
  }

  /**
   * Returns the file.
   *
   * @return as it was given
   */
  public Path file() {
    return file;
  }

  /**
   * Returns everything that is wrong.
   *
   * @return at least one problem
   */
  public List<Problem> problems() {
    return problems;
  }
}
