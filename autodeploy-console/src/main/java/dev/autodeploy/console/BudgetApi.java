package dev.autodeploy.console;

import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.autodeploy.AutoDeploy;
import dev.autodeploy.Budget;
import dev.autodeploy.BudgetStatus;
import dev.autodeploy.internal.spec.BudgetJson;
import dev.autodeploy.internal.spec.Fields;
import dev.autodeploy.internal.spec.FormatException;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** The engine's budget as JSON: read, and put in force. */
final class BudgetApi {
  private final AutoDeploy autoDeploy;
  private final AuditLog audit;

  BudgetApi(AutoDeploy autoDeploy, AuditLog audit) {
    this.autoDeploy = autoDeploy;
    this.audit = audit;
  }

  JsonResponse read() {
    BudgetStatus status = autoDeploy.budgetStatus();
    ObjectNode json = ConsoleJson.object();
    BudgetJson.write(status == null ? null : status.budget(), json, "budget", true);
    json.set("status", DeploymentJson.budget(status));
    return JsonResponse.json(200, json);
  }

  /** Puts the budget of a request in force, or none. */
  JsonResponse change(Request request, Caller caller) throws IOException {
    Budget budget = budget(request.body());
    try {
      autoDeploy.budget(budget);
    } catch (IllegalArgumentException e) {
      throw ProblemException.invalid("budget", String.valueOf(e.getMessage()));
    }
    String what = budget == null ? "none" : budget.describe();
    audit.note(caller.user(), caller.address(), "budget", "", what, "done");
    return read();
  }

  private static @Nullable Budget budget(ObjectNode body) {
    JsonNode given = body.get("budget");
    if (given == null || body.size() > 1) {
      throw ProblemException.invalid(
          "budget", "give budget, which is a budget or null, and nothing else");
    }
    if (given.isNull()) {
      return null;
    }
    try {
      return BudgetJson.read(Fields.of(given, JsonPointer.compile("/budget")));
    } catch (FormatException e) {
      throw ProblemException.invalid("budget", String.valueOf(e.getMessage()));
    } catch (IllegalArgumentException e) {
      throw ProblemException.invalid("budget", String.valueOf(e.getMessage()));
    }
  }
}
