package dev.autodeploy.console;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.autodeploy.DeploymentSpec;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Costs as the API gives them; at 36 dollars an hour a second is a cent. */
@Timeout(60)
final class CostsApiTest {
  private static final DeploymentSpec VOICE = DeploymentSpec.builder("voice").port(80).build();

  /** Two hours over midnight in Berlin, which is 22:00 of UTC in summer. */
  private static PastStore past() {
    return new PastStore()
        .deployment(VOICE, Instant.parse("2026-05-01T00:00:00Z"))
        .instance(
            VOICE,
            "a",
            Instant.parse("2026-05-31T21:30:00Z"),
            Duration.ofMinutes(1),
            Duration.ofMinutes(10),
            Duration.ofHours(2));
  }

  @Test
  void days_areThoseOfTheZone_andClippedToThePeriod() throws Exception {
    try (ConsoleFixture f = new ConsoleFixture(b -> b, past())) {
      JsonNode costs =
          f.json("-/api/costs?from=2026-05-31&to=2026-06-02&zone=Europe/Berlin&by=day,deployment");

      assertThat(costs.path("from").asText()).isEqualTo("2026-05-31T00:00:00+02:00");
      assertThat(costs.path("lines")).hasSize(2);
      assertThat(costs.at("/lines/0/total").asText()).isEqualTo("18");
      assertThat(costs.at("/lines/0/to").asText()).isEqualTo("2026-06-01T00:00:00+02:00");
      assertThat(costs.at("/lines/1/total").asText()).isEqualTo("54");
      assertThat(costs.at("/lines/1/deployment").asText()).isEqualTo("voice");

      JsonNode clipped =
          f.json("-/api/costs?from=2026-05-31T21:45:00Z&to=2026-05-31T23:00:00%2B00:00&by=hour");
      assertThat(clipped.path("lines")).hasSize(2);
      assertThat(clipped.at("/lines/0/total").asText()).isEqualTo("9");
      assertThat(clipped.at("/lines/0/from").asText()).isNotEmpty();
      assertThat(clipped.at("/lines/1/total").asText()).isEqualTo("36");
    }
  }

  @Test
  void csv_hasTheSameColumns() throws Exception {
    try (ConsoleFixture f = new ConsoleFixture(b -> b, past())) {
      HttpResponse<String> csv =
          f.get("-/api/costs?from=2026-05-31&to=2026-06-02&zone=UTC&by=deployment&format=csv");

      assertThat(csv.headers().firstValue("Content-Type")).contains("text/csv; charset=utf-8");
      assertThat(csv.headers().firstValue("Content-Disposition"))
          .hasValueSatisfying(value -> assertThat(value).contains("costs.csv"));
      assertThat(csv.body().lines())
          .containsExactly(
              "deployment,from,to,currency,total,starting,busy,idle,asleep,releasing,starting_seconds,"
                  + "busy_seconds,idle_seconds,asleep_seconds,releasing_seconds,taken_over",
              "voice,2026-05-31T00:00:00Z,2026-06-02T00:00:00Z,USD,72,0.6,6,63.96,0,1.44,60,600,"
                  + "6396,0,144,true");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "costs?range=day | range",
        "deployments/voice/history?range=day | range",
        "deployments/voice/usage?since=2026-01-01 | since",
        "deployments/voice/instances?limit=1 | limit",
        "deployments/voice?verbose=1 | verbose",
        "deployments?page=2 | page",
        "events?count=1 | count",
        "events/stream?x=1 | x",
        "audit?user=ann | user",
        "session?x | x",
        "provider?x= | x",
        "gpus?all=1 | all",
      })
  void parameterThatWouldBeIgnored_isRefusedByItsName(String address, String name)
      throws Exception {
    try (ConsoleFixture f = new ConsoleFixture(b -> b.actions(true), past())) {
      HttpResponse<String> answer = f.get("-/api/" + address);

      assertThat(answer.statusCode()).as(answer.body()).isEqualTo(400);
      assertThat(ConsoleJson.parse(answer.body()).path("detail").asText())
          .contains("no parameter '" + name + "'");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "costs?from=yesterday | from",
        "costs?from=2026-02-30 | from",
        "costs?from=2026-02-02&to=2026-02-01 | to",
        "costs?zone=Mars/Olympus | zone",
        "costs?by=day,week | by",
        "costs?by=weather | by",
        "costs?by=caller,caller | by",
        "costs?format=xml | format",
        "deployments/voice/usage?from=noon | from",
      })
  void valueThatMakesNoSense_isRefusedByTheNameOfItsParameter(String address, String name)
      throws Exception {
    try (ConsoleFixture f = new ConsoleFixture(b -> b, past())) {
      HttpResponse<String> answer = f.get("-/api/" + address);

      assertThat(answer.statusCode()).as(answer.body()).isEqualTo(422);
      assertThat(ConsoleJson.parse(answer.body()).path("field").asText()).isEqualTo(name);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "session?",
        "deployments?limit=1&name=v&state=standby&",
        "deployments/voice/usage?from=2026-05-01&to=2026-06-01&limit=3",
        "deployments/voice/history?window=week",
        "events?limit=3&deployment=voice",
      })
  void parametersThatAreKnown_areTaken(String address) throws Exception {
    try (ConsoleFixture f = new ConsoleFixture(b -> b, past())) {
      assertThat(f.get("-/api/" + address).statusCode()).isEqualTo(200);
    }
  }

  @Test
  void changes_takeNoParametersEither() throws Exception {
    try (ConsoleFixture f = new ConsoleFixture(b -> b.actions(true), past())) {
      HttpResponse<String> answer =
          f.change("POST", "-/api/deployments/voice/release?now=true", "");

      assertThat(answer.statusCode()).isEqualTo(400);
      assertThat(answer.body()).contains("now");
    }
  }
}
