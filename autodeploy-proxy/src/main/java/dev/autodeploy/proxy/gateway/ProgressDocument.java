package dev.autodeploy.proxy.gateway;

import dev.autodeploy.spi.StartProgress;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The progress of a start as JSON, the same in the status and in problems. */
final class ProgressDocument {
  private ProgressDocument() {}

  static Map<String, @Nullable Object> of(StartProgress progress) {
    Map<String, @Nullable Object> json = new LinkedHashMap<>();
    json.put("step", progress.step());
    json.put("detail", progress.detail());
    json.put("current", progress.current());
    json.put("total", progress.total());
    json.put("preparing", progress.preparing());
    List<Map<String, Object>> parts =
        progress.parts().stream().map(ProgressDocument::part).toList();
    json.put("parts", parts);
    return json;
  }

  private static Map<String, Object> part(StartProgress.Part part) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("name", part.name());
    json.put("state", part.state().name().toLowerCase(Locale.ROOT));
    json.put("current", part.current());
    json.put("total", part.total());
    return json;
  }
}
