package dev.autodeploy.internal.spec;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.autodeploy.internal.probe.Probes;
import dev.autodeploy.spi.ReadinessProbe;
import java.util.ArrayList;
import java.util.List;

/**
 * A readiness probe as JSON, such as {@code {"type":"http","path":"/health"}}. One of the
 * application's own is written as {@code custom}.
 */
final class ProbeJson {
  private static final int MIN_STATUS = 200;
  private static final int MAX_STATUS = 399;

  private ProbeJson() {}

  static ObjectNode write(ReadinessProbe probe) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    if (probe instanceof Probes.Tcp) {
      json.put("type", "tcp");
    } else if (probe instanceof Probes.Http http) {
      json.put("type", "http");
      json.put("path", http.path());
      if (http.minStatus() == http.maxStatus()) {
        json.put("status", http.minStatus());
      } else if (http.minStatus() != MIN_STATUS || http.maxStatus() != MAX_STATUS) {
        json.put("minStatus", http.minStatus());
        json.put("maxStatus", http.maxStatus());
      }
    } else if (probe instanceof Probes.Health) {
      json.put("type", "healthCheck");
    } else if (probe instanceof Probes.LogLine logLine) {
      json.put("type", "logLine");
      json.put("regex", logLine.regex());
    } else if (probe instanceof Probes.AnyOf anyOf) {
      json.put("type", "anyOf");
      writeAll(json.putArray("probes"), anyOf.probes());
    } else if (probe instanceof Probes.AllOf allOf) {
      json.put("type", "allOf");
      writeAll(json.putArray("probes"), allOf.probes());
    } else {
      json.put("type", SpecJson.CUSTOM);
    }
    return json;
  }

  private static void writeAll(ArrayNode array, List<ReadinessProbe> probes) {
    probes.forEach(probe -> array.add(write(probe)));
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
      case "http" -> http(json);
      case "healthCheck" -> ReadinessProbe.healthCheck();
      case "logLine" -> new Probes.LogLine(json.text("regex"));
      case "anyOf" -> new Probes.AnyOf(readAll(json, custom));
      case "allOf" -> new Probes.AllOf(readAll(json, custom));
      case SpecJson.CUSTOM -> custom.probe(json);
      default -> throw json.bad("type", "must be tcp, http, healthCheck, logLine, anyOf or allOf");
    };
  }

  private static ReadinessProbe http(Fields json) throws FormatException {
    String path = json.has("path") ? json.text("path") : "/";
    if (json.has("status")) {
      return ReadinessProbe.http(path, json.integer("status"));
    }
    return new Probes.Http(
        path,
        json.has("minStatus") ? json.integer("minStatus") : MIN_STATUS,
        json.has("maxStatus") ? json.integer("maxStatus") : MAX_STATUS);
  }

  private static List<ReadinessProbe> readAll(Fields json, Custom custom) throws FormatException {
    List<ReadinessProbe> probes = new ArrayList<>();
    for (Fields probe : json.objects("probes")) {
      probes.add(read(probe, custom));
    }
    return probes;
  }

  /** The rule for a probe that is written as {@code custom}. */
  interface Custom {
    ReadinessProbe probe(Fields json) throws FormatException;
  }
}
