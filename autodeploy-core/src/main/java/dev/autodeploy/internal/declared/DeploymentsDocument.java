package dev.autodeploy.internal.declared;

import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.autodeploy.Budget;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.InvalidDeploymentsFileException;
import dev.autodeploy.InvalidDeploymentsFileException.Problem;
import dev.autodeploy.internal.spec.BudgetJson;
import dev.autodeploy.internal.spec.Fields;
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
 * the page's API has as well, and {@code budget}, if it is there, is what all of them may spend
 * together. Fields that begin with {@code x-} are for anchors.
 *
 * @param specs the specifications, in the order of the file
 * @param budget the budget of the engine, or null for none
 */
public record DeploymentsDocument(List<DeploymentSpec> specs, @Nullable Budget budget) {
  private static final String DEPLOYMENTS = "deployments";
  private static final String BUDGET = "budget";
  private static final String NAME = "name";

  /** The most problems that are named: more help nobody. */
  static final int MAX_PROBLEMS = 1000;

  /** Copies the specifications. */
  public DeploymentsDocument {
    specs = List.copyOf(specs);
  }

  /**
   * Reads a file.
   *
   * @param file JSON if its name ends with {@code .json}, else YAML
   * @param environment returns a variable of the environment, or null
   * @return what it declares
   * @throws InvalidDeploymentsFileException with everything that is wrong
   */
  public static DeploymentsDocument read(
      Path file, Function<String, @Nullable String> environment) {
    Reader reader = new Reader(file, environment);
    try {
      reader.all(document(file));
    } catch (IOException e) {
      reader.problem(Place.START, "", TextFile.describe(e));
    } catch (DocumentException e) {
      reader.problem(e.place(), "", String.valueOf(e.getMessage()));
    }
    if (!reader.problems.isEmpty()) {
      throw new InvalidDeploymentsFileException(file, reader.problems);
    }
    return new DeploymentsDocument(reader.specs, reader.budget);
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

  private static final class Reader {
    private final References references;
    private final List<Problem> problems = new ArrayList<>();
    private final List<DeploymentSpec> specs = new ArrayList<>();
    private @Nullable Budget budget;

    Reader(Path file, Function<String, @Nullable String> environment) {
      Path directory = file.toAbsolutePath().getParent();
      this.references = new References(directory == null ? file : directory, environment);
    }

    private void problem(Place place, String field, String message) {
      if (problems.size() < MAX_PROBLEMS) {
        problems.add(new Problem(place.line(), place.column(), field, message));
      }
    }

    void all(Document document) {
      if (!document.root().isObject()) {
        problem(Place.START, "", "must have the field 'deployments', with an entry for each");
        return;
      }
      JsonPointer root = JsonPointer.empty();
      for (Map.Entry<String, JsonNode> field : document.root().properties()) {
        boolean known = field.getKey().equals(DEPLOYMENTS) || field.getKey().equals(BUDGET);
        if (!known && !field.getKey().startsWith("x-")) {
          problem(
              document.at(root.appendProperty(field.getKey())),
              field.getKey(),
              "is not a field that belongs here: only 'deployments', 'budget', and names that begin"
                  + " with 'x-'");
        }
      }
      budget(document, root.appendProperty(BUDGET));
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

    private void budget(Document document, JsonPointer at) {
      JsonNode node = document.root().path(BUDGET);
      if (node.isMissingNode()) {
        return;
      }
      List<FormatException> errors = new ArrayList<>();
      try {
        Fields.of(node, JsonPointer.empty());
        JsonPointer start = JsonPointer.empty();
        budget = BudgetJson.read(Fields.of(references.resolved((ObjectNode) node, errors), start));
      } catch (FormatException e) {
        errors.add(e);
      }
      errors.forEach(e -> problem(document, at, BUDGET, e));
    }

    private void problem(Document document, JsonPointer at, String name, FormatException error) {
      String field =
          error.pointer().toString().replace('/', '.').replace("~1", "/").replace("~0", "~");
      problem(document.at(at.append(error.pointer())), name + field, text(error));
    }

    private static String text(Exception error) {
      return String.valueOf(error.getMessage());
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
        if (e.pointer().toString().equals("/" + NAME) && !settings.has(NAME)) {
          problem(document.at(at), name, text(e));
        } else {
          problem(document, at, name, e);
        }
      }
      if (spec != null && errors.isEmpty()) {
        specs.add(spec);
      }
    }
  }
}
