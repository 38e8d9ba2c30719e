package dev.autodeploy.internal.spec;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.autodeploy.internal.probe.HttpCheck;
import dev.autodeploy.internal.probe.Probes;
import dev.autodeploy.spi.ReadinessProbe;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A readiness probe as JSON, such as {@code {"type":"http","path":"/health"}}. One of the
 * application's own is written as {@code custom}.
 */
final class ProbeJson {
  /** Stands for the value of a header that is not shown. */
  static final String MASKED = "***";

  private static final int MIN_STATUS = 200;
  private static final int MAX_STATUS = 399;

  private ProbeJson() {}

  static ObjectNode write(ReadinessProbe probe, boolean hidden) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    if (probe instanceof Probes.Tcp) {
      json.put("type", "tcp");
    } else if (probe instanceof HttpCheck http) {
      json.put("type", "http");
      json.put("path", http.path());
      if (http.minStatus() == http.maxStatus()) {
        json.put("status", http.minStatus());
      } else if (http.minStatus() != MIN_STATUS || http.maxStatus() != MAX_STATUS) {
        json.put("minStatus", http.minStatus());
        json.put("maxStatus", http.maxStatus());
      }
      writeRequest(http, json, hidden);
    } else if (probe instanceof Probes.Health) {
      json.put("type", "healthCheck");
    } else if (probe instanceof Probes.LogLine logLine) {
      json.put("type", "logLine");
      json.put("regex", logLine.regex());
    } else if (probe instanceof Probes.AnyOf anyOf) {
      json.put("type", "anyOf");
      writeAll(json.putArray("probes"), anyOf.probes(), hidden);
    } else if (probe instanceof Probes.AllOf allOf) {
      json.put("type", "allOf");
      writeAll(json.putArray("probes"), allOf.probes(), hidden);
    } else {
      json.put("type", SpecJson.CUSTOM);
    }
    return json;
  }

  private static void writeAll(ArrayNode array, List<ReadinessProbe> probes, boolean hidden) {
    probes.forEach(probe -> array.add(write(probe, hidden)));
  }

  private static void writeRequest(HttpCheck http, ObjectNode json, boolean hidden) {
    if (!http.method().equals(HttpCheck.GET)) {
      json.put("method", http.method());
    }
    if (!http.headers().isEmpty()) {
      ObjectNode headers = json.putObject("headers");
      http.headers()
          .forEach(
              (name, value) ->
                  headers.put(name, hidden && !HttpCheck.mayShow(name, value) ? MASKED : value));
    }
    if (http.body() != null) {
      json.put("body", http.body());
    }
    if (!http.timeout().equals(HttpCheck.TIMEOUT)) {
      json.put("timeout", http.timeout().toString());
    }
  }

  /**
   * Reads a probe.
   *
   * @param custom returns the probe that stands for one of the application's own
   */
  static ReadinessProbe read(Fields json, Custom custom) throws FormatException {
    ReadinessProbe probe;
    try {
      probe = readType(json, custom);
    } catch (IllegalArgumentException e) {
      throw json.bad(e.getMessage());
    }
    json.end();
    return probe;
  }

  private static ReadinessProbe readType(Fields json, Custom custom) throws FormatException {
    return switch (json.text("type")) {
      case "tcp" -> ReadinessProbe.tcp();
      case "http" -> http(json, custom);
      case "healthCheck" -> ReadinessProbe.healthCheck();
      case "logLine" -> new Probes.LogLine(json.text("regex"));
      case "anyOf" -> new Probes.AnyOf(readAll(json, custom));
      case "allOf" -> new Probes.AllOf(readAll(json, custom));
      case SpecJson.CUSTOM -> custom.probe(json);
      default -> throw json.bad("type", "must be tcp, http, healthCheck, logLine, anyOf or allOf");
    };
  }

  private static ReadinessProbe http(Fields json, Custom custom) throws FormatException {
    int min = json.has("minStatus") ? json.integer("minStatus") : MIN_STATUS;
    int max = json.has("maxStatus") ? json.integer("maxStatus") : MAX_STATUS;
    if (json.has("status")) {
      min = json.integer("status");
      max = min;
    }
    Map<String, String> headers = new LinkedHashMap<>();
    if (json.has("headers")) {
      Fields given = json.object("headers");
      for (String name : given.names()) {
        String value = given.text(name);
        headers.put(name, value.equals(MASKED) ? custom.header(given, name) : value);
      }
    }
    return new HttpCheck(
        json.has("path") ? json.text("path") : "/",
        min,
        max,
        json.has("method") ? json.text("method") : HttpCheck.GET,
        headers,
        json.has("body") ? json.text("body") : null,
        json.has("timeout") ? json.duration("timeout") : HttpCheck.TIMEOUT);
  }

  private static List<ReadinessProbe> readAll(Fields json, Custom custom) throws FormatException {
    List<ReadinessProbe> probes = new ArrayList<>();
    for (Fields probe : json.objects("probes")) {
      probes.add(read(probe, custom));
    }
    return probes;
  }

  /** The rules for what is not written out: a probe of the application's own, a hidden header. */
  interface Custom {
    ReadinessProbe probe(Fields json) throws FormatException;

    /** Returns the value of a header that was not shown. */
    default String header(Fields headers, String name) throws FormatException {
      throw headers.bad(name, "is not the value, which is not shown: give it again");
    }
  }
}
