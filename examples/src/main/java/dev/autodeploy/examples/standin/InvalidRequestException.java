package dev.autodeploy.examples.standin;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.StringWriter;
import java.util.List;

/** Thrown when a request body is refused; carries what FastAPI would answer with status 422. */
final class InvalidRequestException extends Exception {
  private static final long serialVersionUID = 1L;

  private final transient List<Problem> problems;

  InvalidRequestException(List<Problem> problems) {
    super("invalid request: " + problems.size() + " problem(s)");
    this.problems = List.copyOf(problems);
  }

  InvalidRequestException(Problem problem) {
    this(List.of(problem));
  }

  /** Returns the response body: {@code {"detail": [{"type", "loc", "msg", "input"}, ...]}}. */
  String toJson() {
    StringWriter json = new StringWriter();
    try (JsonGenerator generator = SpeechRequest.JSON.createGenerator(json)) {
      generator.writeStartObject();
      generator.writeArrayFieldStart("detail");
      for (Problem problem : problems) {
        problem.write(generator);
      }
      generator.writeEndArray();
      generator.writeEndObject();
    } catch (IOException e) {
      throw new IllegalStateException("a string writer does not fail", e);
    }
    return json.toString();
  }

  /**
   * One thing that is wrong.
   *
   * @param type FastAPI's word for the kind of mistake
   * @param location the field, empty for the body as a whole
   * @param message the sentence for people
   * @param inputJson the offending value as JSON, sent back as FastAPI does
   */
  record Problem(String type, String location, String message, String inputJson) {

    private void write(JsonGenerator generator) throws IOException {
      generator.writeStartObject();
      generator.writeStringField("type", type);
      generator.writeArrayFieldStart("loc");
      generator.writeString("body");
      if (!location.isEmpty()) {
        generator.writeString(location);
      }
      generator.writeEndArray();
      generator.writeStringField("msg", message);
      generator.writeFieldName("input");
      generator.writeRawValue(inputJson);
      generator.writeEndObject();
    }
  }
}
