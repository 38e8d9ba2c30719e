package dev.autodeploy.internal.store;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.autodeploy.internal.probe.Probes;
import dev.autodeploy.spi.ReadinessProbe;
import java.util.ArrayList;
import java.util.List;

/**
 * A readiness probe as JSON. One of the application's own is stored as {@code custom} and read back
 * as the default; inside a combination the default takes its place only.
 */
final class ReadinessCodec {

  private ReadinessCodec() {}

  static ObjectNode write(ReadinessProbe probe) {
    ObjectNode json = Json.object();
    if (probe instanceof Probes.Tcp) {
      json.put("type", "tcp");
    } else if (probe instanceof Probes.Http http) {
      json.put("type", "http");
      json.put("path", http.path());
      json.put("minStatus", http.minStatus());
      json.put("maxStatus", http.maxStatus());
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
      json.put("type", SpecCodec.CUSTOM);
    }
    return json;
  }

  private static void writeAll(ArrayNode array, List<ReadinessProbe> probes) {
    probes.forEach(probe -> array.add(write(probe)));
  }

  /**
   * Reads a probe.
   *
   * @param lost is run for each that could not be stored
   */
  static ReadinessProbe read(Fields json, Runnable lost) throws FormatException {
    ReadinessProbe probe;
    try {
      probe = readType(json, lost);
    } catch (IllegalArgumentException e) {
      throw json.bad(e.getMessage());
    }
    json.end();
    return probe;
  }

  private static ReadinessProbe readType(Fields json, Runnable lost) throws FormatException {
    return switch (json.text("type")) {
      case "tcp" -> ReadinessProbe.tcp();
      case "http" ->
          new Probes.Http(json.text("path"), json.integer("minStatus"), json.integer("maxStatus"));
      case "logLine" -> new Probes.LogLine(json.text("regex"));
      case "anyOf" -> new Probes.AnyOf(readAll(json, lost));
      case "allOf" -> new Probes.AllOf(readAll(json, lost));
      case SpecCodec.CUSTOM -> {
        lost.run();
        yield ReadinessProbe.tcp();
      }
      default -> throw json.bad("type", "must be tcp, http, logLine, anyOf, allOf or custom");
    };
  }

  private static List<ReadinessProbe> readAll(Fields json, Runnable lost) throws FormatException {
    List<ReadinessProbe> probes = new ArrayList<>();
    for (Fields probe : json.objects("probes")) {
      probes.add(read(probe, lost));
    }
    return probes;
  }
}
