package dev.autodeploy.internal.spec;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.SleepMode;
import dev.autodeploy.SleepMode.Check;
import dev.autodeploy.SleepMode.Request;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A sleep mode as JSON: one that comes with the library as its name, any other as its requests,
 * with the time that each may take where that is not 2 minutes, or 10 seconds for a check.
 */
public final class SleepJson {
  private static final Map<String, SleepMode> NAMED = named();
  private static final Duration TIMEOUT = Request.post("/").timeout();
  private static final Duration CHECK_TIMEOUT = Check.of("/", "x").timeout();

  private SleepJson() {}

  private static Map<String, SleepMode> named() {
    Map<String, SleepMode> named = new LinkedHashMap<>();
    named.put("vllm", SleepMode.vllm());
    named.put("vllm-2", SleepMode.vllm(2));
    named.put("sglang", SleepMode.sglang());
    return named;
  }

  /**
   * Returns a mode that comes with the library.
   *
   * @param name {@code vllm}, {@code vllm-2} or {@code sglang}
   * @return the mode
   * @throws IllegalArgumentException if there is none of that name
   */
  public static SleepMode named(String name) {
    SleepMode mode = NAMED.get(name);
    if (mode == null) {
      throw new IllegalArgumentException(
          "must be one of " + String.join(", ", NAMED.keySet()) + ", or the requests");
    }
    return mode;
  }

  static void write(DeploymentSpec spec, ObjectNode json, boolean hidden) {
    SleepMode mode = spec.sleepMode();
    if (mode == null) {
      if (hidden) {
        json.putNull("sleepMode");
      }
      return;
    }
    for (Map.Entry<String, SleepMode> entry : NAMED.entrySet()) {
      if (entry.getValue().equals(mode)) {
        json.put("sleepMode", entry.getKey());
        return;
      }
    }
    ObjectNode written = json.putObject("sleepMode");
    write(written.putArray("sleep"), mode.sleep());
    write(written.putArray("wake"), mode.wake());
    Check check = mode.check();
    if (check != null) {
      ObjectNode request = written.putObject("check");
      request.put("path", check.path());
      request.put("asleep", check.asleep());
      if (!check.timeout().equals(CHECK_TIMEOUT)) {
        request.put("timeout", check.timeout().toString());
      }
    }
    if (mode.keptBytes() != 0) {
      written.put("keptBytes", mode.keptBytes());
    }
    if (mode.forCallers()) {
      written.put("forCallers", true);
    }
  }

  private static void write(ArrayNode array, List<Request> requests) {
    for (Request request : requests) {
      ObjectNode json = array.addObject();
      if (!request.method().equals("POST")) {
        json.put("method", request.method());
      }
      json.put("path", request.path());
      if (request.body() != null) {
        json.put("body", request.body());
      }
      if (!request.timeout().equals(TIMEOUT)) {
        json.put("timeout", request.timeout().toString());
      }
    }
  }

  static void read(SpecReader reader, DeploymentSpec.Builder builder) throws FormatException {
    Fields json = reader.json();
    builder.sleepMode(
        json.isText("sleepMode") ? named(json.text("sleepMode")) : mode(json.object("sleepMode")));
  }

  private static SleepMode mode(Fields json) throws FormatException {
    Check check = json.has("check") ? check(json.object("check")) : null;
    SleepMode mode =
        new SleepMode(
            requests(json, "sleep"),
            requests(json, "wake"),
            check,
            json.has("keptBytes") ? json.longInteger("keptBytes") : 0,
            json.has("forCallers") && json.bool("forCallers"));
    json.end();
    return mode;
  }

  private static Check check(Fields json) throws FormatException {
    Check check =
        new Check(
            json.text("path"),
            json.text("asleep"),
            json.has("timeout") ? json.duration("timeout") : CHECK_TIMEOUT);
    json.end();
    return check;
  }

  private static List<Request> requests(Fields json, String name) throws FormatException {
    List<Request> requests = new ArrayList<>();
    for (Fields request : json.objects(name)) {
      requests.add(
          new Request(
              request.has("method") ? request.text("method") : "POST",
              request.text("path"),
              request.textOrNull("body"),
              request.has("timeout") ? request.duration("timeout") : TIMEOUT));
      request.end();
    }
    return requests;
  }
}
