package dev.autodeploy;

import static java.util.Objects.requireNonNull;

import dev.autodeploy.internal.declared.DeploymentsDocument;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The deployments that a file declares, and whether the last look at it could be used.
 *
 * @param file the file
 * @param names the names of the deployments that it declares, as last applied
 * @param problem what is wrong with the file as it is now, so that the deployments are those of
 *     before; or null
 */
public record DeclaredDeployments(Path file, Set<String> names, @Nullable String problem) {

  /**
   * Copies the names.
   *
   * @param file the file
   * @param names the names of the deployments that it declares, as last applied
   * @param problem what is wrong with the file as it is now, or null
   */
  public DeclaredDeployments {
    requireNonNull(file, "file");
    names = Set.copyOf(names);
  }

  /**
   * Reads the deployments of a file, and does nothing with them: a check before it is installed.
   *
   * @param file the file, as for {@link AutoDeploy.Builder#deploymentsFile}
   * @return the specifications, in the order of the file
   * @throws InvalidDeploymentsFileException if the file cannot be read, or anything in it is wrong
   */
  public static List<DeploymentSpec> read(Path file) {
    return DeploymentsDocument.read(requireNonNull(file, "file"), System::getenv).specs();
  }
}
