package dev.autodeploy.internal.wire;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonDeserializer;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.JsonSerializer;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.GpuRequest;
import dev.autodeploy.RouteRule;
import dev.autodeploy.event.DeploymentEvent;
import dev.autodeploy.internal.spec.Fields;
import dev.autodeploy.internal.spec.FormatException;
import dev.autodeploy.internal.spec.GpuJson;
import dev.autodeploy.internal.spec.SpecJson;
import dev.autodeploy.internal.spec.SpecReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The values of the API as JSON between replicas of one version: records by their components, times
 * as ISO 8601, specifications as they are stored.
 */
public final class WireJson {
  private static final JsonMapper MAPPER = mapper();

  private WireJson() {}

  /** Returns an object without fields. */
  public static ObjectNode object() {
    return MAPPER.createObjectNode();
  }

  /** Returns a value as JSON. */
  public static JsonNode write(@Nullable Object value) {
    return MAPPER.valueToTree(value);
  }

  /**
   * Returns a value as the text of JSON, which is made no longer than it may be.
   *
   * @param most how many bytes it may have
   * @return the text, or null if it would be longer
   * @throws IllegalArgumentException if it cannot be written
   */
  public static @Nullable String text(@Nullable Object value, int most) {
    BoundedText text = new BoundedText(most);
    try {
      MAPPER.writeValue(text, value);
      return text.toString();
    } catch (IOException e) {
      if (text.isFull()) {
        return null;
      }
      throw new IllegalArgumentException(e.getMessage(), e);
    }
  }

  /** A text that takes no more than so many bytes of UTF-8. */
  private static final class BoundedText extends Writer {
    private final StringBuilder text = new StringBuilder();
    private long left;

    BoundedText(int most) {
      left = most;
    }

    boolean isFull() {
      return left < 0;
    }

    @Override
    public void write(char[] chars, int from, int count) throws IOException {
      for (int i = from; i < from + count; i++) {
        left -= chars[i] < 0x80 ? 1 : chars[i] < 0x800 ? 2 : 3;
      }
      if (isFull()) {
        throw new IOException("the text is too long");
      }
      text.append(chars, from, count);
    }

    @Override
    public void flush() {
      // It is all there.
    }

    @Override
    public void close() {
      // Likewise.
    }

    @Override
    public String toString() {
      return text.toString();
    }
  }

  /**
   * Reads a value.
   *
   * @throws IllegalArgumentException if it is not one
   */
  public static <T extends @Nullable Object> T read(JsonNode json, TypeReference<T> type) {
    return MAPPER.convertValue(json, type);
  }

  /**
   * Reads a value.
   *
   * @throws IllegalArgumentException if it is not one
   */
  public static <T> T read(JsonNode json, Class<T> type) {
    return MAPPER.convertValue(json, type);
  }

  /** Returns JSON as bytes. */
  public static byte[] bytes(JsonNode json) {
    try {
      return MAPPER.writeValueAsBytes(json);
    } catch (JacksonException e) {
      throw new IllegalStateException("JSON of our own cannot be written", e);
    }
  }

  /**
   * Reads JSON.
   *
   * @throws UncheckedIOException if it is none
   */
  public static JsonNode parse(byte[] bytes) {
    try {
      return MAPPER.readTree(bytes);
    } catch (IOException e) {
      throw new UncheckedIOException("no JSON of another replica", e);
    }
  }

  /**
   * Returns whether a specification is the same on another replica: not if it has a probe or a
   * policy that is the application's own.
   */
  public static boolean isPortable(DeploymentSpec spec) {
    try {
      JsonNode json = write(spec);
      return !json.toString().contains("\"custom\"")
          && read(json, DeploymentSpec.class).equals(spec);
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  private static JsonMapper mapper() {
    SimpleModule module = new SimpleModule("values");
    text(module, Duration.class, Duration::parse);
    text(module, Instant.class, Instant::parse);
    text(module, ZoneId.class, ZoneId::of);
    text(module, BigDecimal.class, BigDecimal::new); // a number would lose digits on the way
    module.addSerializer(
        DeploymentSpec.class, tree(spec -> SpecJson.write(spec, SpecJson.Secrets.SHOWN)));
    module.addDeserializer(DeploymentSpec.class, object(SpecReader::stored));
    module.addSerializer(GpuRequest.class, tree(GpuJson::write));
    module.addDeserializer(GpuRequest.class, object(GpuJson::read));
    JsonMapper plain = mapper(module);
    SimpleModule sealed = new SimpleModule("kinds");
    kinds(sealed, RouteRule.class, plain);
    kinds(sealed, DeploymentEvent.class, plain);
    return plain.rebuild().addModule(sealed).build();
  }

  private static JsonMapper mapper(SimpleModule module) {
    return JsonMapper.builder()
        .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES) // of a later version
        .disable(SerializationFeature.FAIL_ON_EMPTY_BEANS) // a rule without components
        .addModule(module)
        .build();
  }

  /** Tells the kinds of a sealed type apart by their names. */
  private static <T> void kinds(SimpleModule module, Class<T> type, JsonMapper plain) {
    module.addSerializer(
        type,
        tree(
            value ->
                plain
                    .<ObjectNode>valueToTree(value)
                    .put("kind", value.getClass().getSimpleName())));
    module.addDeserializer(
        type,
        new JsonDeserializer<T>() {
          @Override
          public T deserialize(JsonParser in, DeserializationContext all) throws IOException {
            JsonNode json = in.readValueAsTree();
            for (Class<?> kind : type.getPermittedSubclasses()) {
              if (kind.getSimpleName().equals(json.path("kind").asText())) {
                return type.cast(plain.treeToValue(json, kind));
              }
            }
            throw new IOException("no " + type.getSimpleName() + " of this version");
          }
        });
  }

  private static <T> void text(SimpleModule module, Class<T> type, Function<String, T> parser) {
    module.addSerializer(
        type,
        new JsonSerializer<T>() {
          @Override
          public void serialize(T value, JsonGenerator out, SerializerProvider all)
              throws IOException {
            out.writeString(value.toString());
          }
        });
    module.addDeserializer(
        type,
        new JsonDeserializer<T>() {
          @Override
          public T deserialize(JsonParser in, DeserializationContext all) throws IOException {
            return parser.apply(in.getValueAsString());
          }
        });
  }

  private static <T> JsonSerializer<T> tree(Function<T, JsonNode> writer) {
    return new JsonSerializer<>() {
      @Override
      public void serialize(T value, JsonGenerator out, SerializerProvider all) throws IOException {
        out.writeTree(writer.apply(value));
      }
    };
  }

  /** Reads an object with named fields. */
  @FunctionalInterface
  private interface FieldsReader<T> {
    T read(Fields fields) throws FormatException;
  }

  private static <T> JsonDeserializer<T> object(FieldsReader<T> reader) {
    return new JsonDeserializer<>() {
      @Override
      public T deserialize(JsonParser in, DeserializationContext all) throws IOException {
        JsonNode json = in.readValueAsTree();
        try {
          return reader.read(Fields.of(json, JsonPointer.empty()));
        } catch (FormatException e) {
          throw new IOException(e.getMessage(), e);
        }
      }
    };
  }
}
