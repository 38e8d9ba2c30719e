package dev.autodeploy.internal.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class BoundedPatternTest {
  private static final long STEPS = 10_000_000;

  @Test
  void find_findsWhatPatternFinds() throws Exception {
    assertThat(find("listening on \\d+$", "now listening on 8080")).isTrue();
    assertThat(find("(?i)uptime|bot", "UptimeRobot/2.0")).isTrue();
    assertThat(find("^$", "")).isTrue();
    assertThat(find("x", "")).isFalse();
    assertThat(find("(\\w+) \\1", "hello hello")).isTrue();
  }

  @Test
  void find_thatBacktracks_endsAfterItsSteps() {
    for (String regex : List.of("(.*a){25}$", "(?i)(a|A)*+b", "(?<=a{1,100000})b", "(a?a?)*+c")) {
      assertThatThrownBy(() -> find(regex, "a".repeat(20_000) + "!"))
          .as(regex)
          .isInstanceOf(SearchLimitException.class)
          .hasMessageContaining("'" + regex + "'")
          .hasMessageContaining("20001 characters");
    }
  }

  @Test
  void search_sharesItsSteps_overAllTexts() throws Exception {
    BoundedPattern.Search search = BoundedPattern.compile("x", 1000).search();

    assertThat(search.find("a".repeat(900))).isFalse();
    assertThatThrownBy(() -> search.find("a".repeat(200))).isInstanceOf(SearchLimitException.class);
    assertThat(BoundedPattern.compile("x", 1000).search().find("a".repeat(200))).isFalse();
  }

  @Test
  void find_onAnInterruptedThread_ends() {
    BoundedPattern.Search search = BoundedPattern.compile("(.*a){25}$", Long.MAX_VALUE).search();

    Thread.currentThread().interrupt();

    assertThatThrownBy(() -> search.find("a".repeat(2000) + "!"))
        .isInstanceOf(InterruptedException.class);
    assertThat(Thread.interrupted()).isFalse();
  }

  @Test
  void compile_ofAnEmptyLoop_isRefused() {
    for (String regex :
        List.of(
            "(){2000000000}x",
            "(?:(?:){100000}){100000}x",
            "(?:(?:^){30000}){30000}x",
            "(?:\\b{20000}|){2}x",
            "(){0}\\1{20000}",
            "(){0}\\1{20000,}",
            "(|\\\\){2000000000}x",
            "(?x)( ) {20000}x",
            "(?x)( )#\n{20000}x",
            "(?>(?:){1000000}){1000000}",
            "(){99999999999}")) {
      assertThatThrownBy(() -> BoundedPattern.compile(regex, STEPS))
          .as(regex)
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void compile_ofUsualRepetitions_isAccepted() throws Exception {
    assertThat(find("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "x")).isFalse();
    assertThat(find("(\\d{1,3}\\.){3}\\d{1,3}:\\d{2,5}", "on 127.0.0.1:8080")).isTrue();
    assertThat(find("\\d{4}-\\d{2}-\\d{2}T(\\d{2}:){2}\\d{2}", "2026-11-25T12:00:00")).isTrue();
    assertThat(find("={80}", "=".repeat(80))).isTrue();
    assertThat(find("\\{100000\\}", "{100000}")).isTrue();
    assertThat(find(".{5000}", "a".repeat(5000))).isTrue();
    assertThat(find("\\x{1F600}", "\uD83D\uDE00")).isTrue();
  }

  @Test
  void compile_ofWhatIsNoExpression_saysSo() {
    assertThatThrownBy(() -> BoundedPattern.compile("(", STEPS))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("not a regular expression");
  }

  private static boolean find(String regex, String text) throws Exception {
    return BoundedPattern.compile(regex, STEPS).search().find(text);
  }
}
