package dev.autodeploy.reliability.hostile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.opentest4j.TestAbortedException;

/** The harness of attacks does not find safe what it did not try. */
class AttacksTest {
  private static final Attack.Play HOLDS = ground -> null;
  private static final Attack.Play BREAKS = ground -> "broken";

  @TempDir private Path directory;

  @Test
  void attack_thatBreaksOnlyWhatIsUnprotected_isGood() throws Exception {
    assertThat(run(new Attack("role", "name", BREAKS, HOLDS))).isEmpty();
    assertThat(Files.readString(directory.resolve("table")))
        .endsWith("| role | name | broke | 2 | 0 | 2 |\n");
  }

  @Test
  void attack_thatBreaksNothing_isAFailure() throws Exception {
    assertThat(run(new Attack("role", "name", HOLDS, HOLDS)))
        .containsExactly("a breaks nothing, not even what is unprotected");
  }

  @Test
  void attack_thatBreaksOurs_isAFailure_ofEachRound() throws Exception {
    assertThat(run(new Attack("role", "name", BREAKS, BREAKS)))
        .containsExactly("a: broken", "a: broken");
  }

  @Test
  void attack_thatCannotBePlayed_isAFailure() throws Exception {
    Attack.Play impossible =
        ground -> {
          throw new TestAbortedException("no second user");
        };
    assertThat(run(new Attack("role", "name", BREAKS, impossible)))
        .singleElement()
        .asString()
        .contains("no second user");
  }

  @Test
  void attacks_thatAreMisspelt_areRefused_withThoseThatThereAre() {
    Map<String, Attack> known = Map.of("a", new Attack("role", "name", BREAKS, HOLDS));

    assertThat(Attacks.chosen(known, "")).containsOnlyKeys("a");
    assertThatThrownBy(() -> Attacks.chosen(known, "a,b"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("there are only a");
    assertThat(Attacks.all()).hasSizeGreaterThan(20);
  }

  private List<String> run(Attack attack) throws Exception {
    return Attacks.run(Map.of("a", attack), 2, directory, directory.resolve("table"));
  }
}
