package dev.autodeploy.internal.declared;

import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.InvalidDeploymentsFileException;
import dev.autodeploy.InvalidDeploymentsFileException.Problem;
import dev.autodeploy.internal.spec.FormatException;
import dev.autodeploy.internal.spec.SpecReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A file of deployments: {@code deployments} has an entry for each, by name, with the settings that
 * the page's API has as well. Fields that begin with {@code x-} are for anchors.
 */
public final class DeploymentsDocument {
  private static final String DEPLOYMENTS = "deployments";
  private static final String NAME = "name";

  /** The most problems that are named: more help nobody. */
  static final int MAX_PROBLEMS = 1000;

  private final References references;
  private final List<Problem> problems = new ArrayList<>();
  private final List<DeploymentSpec> specs = new ArrayList<>();

  private DeploymentsDocument(Path file, Function<String, @Nullable String> environment) {
    Path directory = file.toAbsolutePath().getParent();
    this.references = new References(directory == null ? file : directory, environment);
  }

  /**
   * Reads a file.
   *
   * @param file JSON if its name ends with {@code .json}, else YAML
   * @param environment returns a variable of the environment, or null
   * @return the specifications, in the order of the file
   * @throws InvalidDeploymentsFileException with everything that is wrong
   */
  public static List<DeploymentSpec> read(
      Path file, Function<String, @Nullable String> environment) {
    DeploymentsDocument reader = new DeploymentsDocument(file, environment);
    try {
      Document document = document(file);
      reader.deployments(document);
    } catch (IOException e) {
      reader.problem(Place.START, "", TextFile.describe(e));
    } catch (DocumentException e) {
      reader.problem(e.place(), "", String.valueOf(e.getMessage()));
    }
    if (!reader.problems.isEmpty()) {
      throw new InvalidDeploymentsFileException(file, reader.problems);
    }
    return List.copyOf(reader.specs);
  }

  private static Document document(Path file) throws IOException, DocumentException {
    String text = TextFile.read(file, TextFile.MAX_DOCUMENT);
    if (file.toString().toLowerCase(Locale.ROOT).endsWith(".json")) {
      return JsonText.read(text);
    }
    try {
      return YamlText.read(text);
    } catch (NoClassDefFoundError e) {
      throw new DocumentException(
          "YAML needs org.snakeyaml:snakeyaml-engine on the class path; a file whose name ends with"
              + " .json is read without it",
          Place.START);
    }
  }

  private void problem(Place place, String field, String message) {
    if (problems.size() < MAX_PROBLEMS) {
      problems.add(new Problem(place.line(), place.column(), field, message));
    }
  }

  private void deployments(Document document) {
    if (!document.root().isObject()) {
      problem(Place.START, "", "must have the field 'deployments', with an entry for each");
      return;
    }
    JsonPointer root = JsonPointer.empty();
    for (Map.Entry<String, JsonNode> field : document.root().properties()) {
      if (!field.getKey().equals(DEPLOYMENTS) && !field.getKey().startsWith("x-")) {
        problem(
            document.at(root.appendProperty(field.getKey())),
            field.getKey(),
            "is not a field that belongs here: only 'deployments', and names that begin with 'x-'");
      }
    }
    JsonNode deployments = document.root().path(DEPLOYMENTS);
    JsonPointer place = root.appendProperty(DEPLOYMENTS);
    if (!deployments.isObject()) {
      String what = deployments.isMissingNode() ? "is needed" : "must be an object";
      problem(document.at(place), DEPLOYMENTS, what + ": {} declares none");
      return;
    }
    for (Map.Entry<String, JsonNode> entry : deployments.properties()) {
      JsonPointer at = place.appendProperty(entry.getKey());
      if (entry.getValue() instanceof ObjectNode settings) {
        deployment(entry.getKey(), settings, document, at);
      } else {
        problem(document.at(at), entry.getKey(), "must be an object with settings");
      }
    }
  }

  private void deployment(String name, ObjectNode settings, Document document, JsonPointer at) {
    List<FormatException> errors = new ArrayList<>();
    if (settings.has(NAME)) {
      errors.add(
          new FormatException(
              JsonPointer.empty().appendProperty(NAME),
              "stands before the settings, as their key"));
    }
    ObjectNode resolved = references.resolved(settings, errors);
    resolved.put(NAME, name);
    DeploymentSpec spec = SpecReader.given(resolved, null, errors);
    for (FormatException e : errors) {
      String field = e.pointer().toString().replace('/', '.').replace("~1", "/").replace("~0", "~");
      boolean ofName = field.equals("." + NAME) && !settings.has(NAME);
      problem(
          document.at(at.append(e.pointer())),
          name + (ofName ? "" : field),
          String.valueOf(e.getMessage()));
    }
    if (spec != null && errors.isEmpty()) {
      specs.add(spec);
    }
  }
}
