package dev.autodeploy.internal.store;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.autodeploy.internal.policy.IdlePolicies;
import dev.autodeploy.spi.IdlePolicy;
import org.jspecify.annotations.Nullable;

/**
 * An idle policy as JSON. One of the application's own is stored as {@code custom} and read back as
 * none, which means the engine's.
 */
final class IdlePolicyCodec {

  private IdlePolicyCodec() {}

  static ObjectNode write(IdlePolicy policy) {
    ObjectNode json = Json.object();
    if (policy instanceof IdlePolicies.After after) {
      json.put("type", "after");
      json.put("timeout", after.timeout().toString());
    } else if (policy instanceof IdlePolicies.Never) {
      json.put("type", "never");
    } else {
      json.put("type", SpecCodec.CUSTOM);
    }
    return json;
  }

  /**
   * Reads a policy.
   *
   * @param lost is run if it could not be stored
   */
  static @Nullable IdlePolicy read(Fields json, Runnable lost) throws FormatException {
    IdlePolicy policy = readType(json, lost);
    json.end();
    return policy;
  }

  private static @Nullable IdlePolicy readType(Fields json, Runnable lost) throws FormatException {
    return switch (json.text("type")) {
      case "after" -> after(json);
      case "never" -> IdlePolicy.never();
      case SpecCodec.CUSTOM -> {
        lost.run();
        yield null;
      }
      default -> throw json.bad("type", "must be after, never or custom");
    };
  }

  private static IdlePolicy after(Fields json) throws FormatException {
    try {
      return IdlePolicy.after(json.duration("timeout"));
    } catch (IllegalArgumentException e) {
      throw json.bad("timeout", e.getMessage());
    }
  }
}
