package dev.autodeploy.proxy.gateway;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** The interfaces that models are asked through, told by the path; each has errors of its own. */
enum ModelApi {
  /** OpenAI's, which many servers of models speak. */
  OPENAI,
  /** Anthropic's. */
  ANTHROPIC,
  /** Ollama's. */
  OLLAMA;

  /** The list of models, of OpenAI's interface and of Anthropic's. */
  static final String MODELS = "/v1/models";

  /** The list of models of Ollama's interface. */
  static final String TAGS = "/api/tags";

  /** The path of what is known of one model, in Ollama's interface. */
  static final String SHOW = "/api/show";

  private static final Set<String> OPENAI_PATHS =
      Set.of(
          "/v1/chat/completions",
          "/v1/completions",
          "/v1/embeddings",
          "/v1/responses",
          "/v1/audio/speech",
          "/v1/audio/transcriptions",
          "/v1/audio/translations",
          "/v1/images/generations",
          "/v1/images/edits",
          "/v1/moderations",
          "/v1/rerank");

  private static final Map<String, ModelApi> OTHERS =
      Map.of(
          "/v1/messages",
          ANTHROPIC,
          "/v1/messages/count_tokens",
          ANTHROPIC,
          "/api/chat",
          OLLAMA,
          "/api/generate",
          OLLAMA,
          "/api/embed",
          OLLAMA,
          "/api/embeddings",
          OLLAMA,
          SHOW,
          OLLAMA,
          TAGS,
          OLLAMA);

  /** Returns the paths of all interfaces, as a servlet container maps them. */
  static List<String> mappings() {
    List<String> all = new ArrayList<>(new TreeSet<>(OPENAI_PATHS));
    all.addAll(new TreeSet<>(OTHERS.keySet()));
    all.add(MODELS);
    all.add(MODELS + "/*");
    return all;
  }

  /** Returns the interface that a path belongs to, or null if it is of none. */
  static @Nullable ModelApi of(String path) {
    if (OPENAI_PATHS.contains(path) || path.equals(MODELS) || path.startsWith(MODELS + "/")) {
      return OPENAI;
    }
    return OTHERS.get(path);
  }
}
