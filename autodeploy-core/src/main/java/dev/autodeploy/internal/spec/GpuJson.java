package dev.autodeploy.internal.spec;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.autodeploy.GpuRequest;
import java.util.List;

/**
 * A GPU request as JSON: a count (a number or {@code "all"}) or device ids, and maybe a model, or
 * memory of each.
 */
public final class GpuJson {
  private static final String ALL = "all";

  private GpuJson() {}

  public static ObjectNode write(GpuRequest gpu) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    if (!gpu.ids().isEmpty()) {
      ArrayNode ids = json.putArray("ids");
      gpu.ids().forEach(ids::add);
    } else if (gpu.count() == GpuRequest.ALL) {
      json.put("count", ALL);
    } else {
      json.put("count", gpu.count());
    }
    if (gpu.model() != null) {
      json.put("model", gpu.model());
    }
    if (!gpu.isWhole()) {
      json.put("memoryBytes", gpu.memoryBytes());
    }
    return json;
  }

  public static GpuRequest read(Fields json) throws FormatException {
    int count = 0;
    if (json.isText("count")) {
      if (!json.text("count").equals(ALL)) {
        throw json.bad("count", "must be a whole number or \"all\"");
      }
      count = GpuRequest.ALL;
    } else if (json.has("count")) {
      count = json.integer("count");
      if (count < 0) { // -1 stands for all in Java only
        throw json.bad("count", "must be 0 or more, or \"all\"");
      }
    }
    List<String> ids = json.has("ids") ? json.texts("ids") : List.of();
    String model = json.textOrNull("model");
    Long memory = json.has("memoryBytes") ? json.longInteger("memoryBytes") : null;
    json.end();
    try {
      return new GpuRequest(count, ids, model, memory == null ? 0 : memory);
    } catch (IllegalArgumentException e) {
      throw json.bad(e.getMessage());
    }
  }
}
