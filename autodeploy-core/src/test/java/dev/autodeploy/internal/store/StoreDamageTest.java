package dev.autodeploy.internal.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.autodeploy.AutoDeployException;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.ErrorCode;
import dev.autodeploy.spi.LedgerEntry;
import dev.autodeploy.spi.StoredState;
import dev.autodeploy.spi.StoredState.StoredDeployment;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the store makes of files that are not as it left them. */
final class StoreDamageTest {
  private static final List<LedgerEntry> KEPT = List.of(Examples.started(1), Examples.used(1));
  private static final StoredState STATE = Examples.state("owner", 1);

  @TempDir private Path directory;
  private Path deployments;
  private Path ledger;

  @BeforeEach
  void fillDirectory() {
    deployments = directory.resolve("deployments.json");
    ledger = directory.resolve("ledger.jsonl");
    try (FileStateStore store = new FileStateStore(directory, new UnforcedDisk())) {
      store.load();
      store.save(STATE);
      KEPT.forEach(store::append);
    }
  }

  @Test
  void ledger_cutAtEveryByteOfItsLastEntry_losesThatOneOnlyAndGoesOn() throws IOException {
    int kept = (int) Files.size(ledger);
    try (FileStateStore store = new FileStateStore(directory, new UnforcedDisk())) {
      store.load();
      store.append(Examples.released(1));
    }
    byte[] whole = Files.readAllBytes(ledger);

    for (int length = kept; length < whole.length; length++) {
      Files.write(ledger, Arrays.copyOf(whole, length));
      try (CapturedLog log = new CapturedLog();
          FileStateStore store = new FileStateStore(directory, new UnforcedDisk())) {
        store.load();
        assertThat(store.ledger()).as("cut at %d", length).isEqualTo(KEPT);
        if (length == kept) {
          assertThat(log.warnings()).isEmpty();
        } else {
          assertThat(log.warnings())
              .singleElement()
              .asString()
              .contains(
                  ledger + ", line 3",
                  "cut off: "
                      + new String(
                          whole, kept, Math.min(length - kept, 200), StandardCharsets.UTF_8));
        }
        store.append(Examples.released(1));
      }
      assertThat(Files.readAllBytes(ledger)).as("cut at %d", length).isEqualTo(whole);
    }
  }

  @Test
  @SuppressWarnings("try") // the warnings are not what this is about
  void ledger_cutAtAnyByte_keepsEveryEntryThatIsWholeAndNothingElse() throws IOException {
    byte[] whole = Files.readAllBytes(ledger);

    for (int length = 0; length <= whole.length; length++) {
      Files.write(ledger, Arrays.copyOf(whole, length));
      int lines = 0;
      for (int i = 0; i < length; i++) {
        lines += whole[i] == '\n' ? 1 : 0;
      }
      try (CapturedLog log = new CapturedLog();
          FileStateStore store = new FileStateStore(directory, new UnforcedDisk())) {
        assertThat(store.load()).isEqualTo(STATE);
        assertThat(store.ledger()).as("cut at %d", length).isEqualTo(KEPT.subList(0, lines));
        store.append(Examples.released(1));
        assertThat(store.ledger()).as("cut at %d", length).hasSize(lines + 1);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\0\0\0\0\0",
        "\0\0\0\"busy\":\"PT0S\"}\n",
        "{\"type\":\"st\0\0\n",
        "{}\0",
        "\u00e8"
      })
  void ledger_withALastLineThatDidNotReachTheDisk_isCutBackToTheLineBefore(String tail)
      throws IOException {
    byte[] good = Files.readAllBytes(ledger);
    Files.write(ledger, concat(good, tail.getBytes(StandardCharsets.ISO_8859_1)));

    try (CapturedLog log = new CapturedLog();
        FileStateStore store = new FileStateStore(directory, new UnforcedDisk())) {
      store.load();
      assertThat(store.ledger()).isEqualTo(KEPT);
      assertThat(log.warnings()).hasSize(1);
    }
    assertThat(Files.readAllBytes(ledger)).isEqualTo(good);
  }

  @Test
  void ledger_tornAndNotReadBeforeTheFirstAppend_isCutAllTheSame() throws IOException {
    Files.write(
        ledger, concat(Files.readAllBytes(ledger), "{\"type".getBytes(StandardCharsets.UTF_8)));
    try (CapturedLog log = new CapturedLog();
        FileStateStore store = new FileStateStore(directory, new UnforcedDisk())) {
      store.load();
      store.append(Examples.released(1));
      assertThat(log.warnings()).hasSize(1);
    }

    try (FileStateStore store = new FileStateStore(directory, new UnforcedDisk())) {
      store.load();
      assertThat(store.ledger()).containsExactly(KEPT.get(0), KEPT.get(1), Examples.released(1));
    }
  }

  @Test
  void ledger_damagedInTheMiddle_isRefusedWithFileLineAndColumnAndLeftAsItIs() throws IOException {
    List<String> lines = Files.readAllLines(ledger);
    byte[] damaged =
        (lines.get(0).replace(",\"at\"", ";\"at\"") + "\n" + lines.get(1) + "\n")
            .getBytes(StandardCharsets.UTF_8);
    Files.write(ledger, damaged);

    assertDamaged(
        ledger + " is damaged at line 1, column 74: it is not valid JSON", "Repair that line");
    assertThat(Files.readAllBytes(ledger)).isEqualTo(damaged);
  }

  @ParameterizedTest
  @ValueSource(chars = {'\0', '\n', ' ', '"', '\u00ff'})
  void ledger_withAnyByteOverwritten_isRefusedUnlessItHasAllEntries(char wrong) throws IOException {
    byte[] whole = Files.readAllBytes(ledger);
    int lastLine = Files.readAllLines(ledger).get(0).length() + 1;
    int refused = 0;
    for (int i = 0; i < whole.length; i++) {
      byte[] damaged = whole.clone();
      damaged[i] = (byte) wrong;
      Files.write(ledger, damaged);
      try (CapturedLog log = new CapturedLog();
          FileStateStore store = new FileStateStore(directory, new UnforcedDisk())) {
        store.load();
        List<LedgerEntry> read = store.ledger();
        boolean asIfTorn = wrong == 0 && i >= lastLine;
        assertThat(read).as("byte %d", i).hasSize(asIfTorn ? 1 : 2);
        assertThat(log.warnings()).hasSize(asIfTorn ? 1 : 0);
      } catch (AutoDeployException e) {
        refused++;
        assertThat(e).hasMessageContaining(ledger + " is damaged at line ");
        assertThat(Files.readAllBytes(ledger)).isEqualTo(damaged);
      }
    }
    assertThat(refused).isGreaterThan(lastLine / 4);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{'type':'refunded','instance':'i-1'} | column 2: /type must be started, used or released",
        "{'instance':'i-1'} | column 1: the object has no field 'type'",
        "{'type':'used','instance':'i-1','readyAt':'noon','lastUsedAt':'x','busy':'x'} | column 33:"
            + " /readyAt must be an ISO 8601 instant",
        "[1] | column 1: the object must be an object, but is an array",
        "{'type':'used','type':'used'} | it is not valid JSON",
        "{'type':'used'}{} | it is not valid JSON",
      })
  void ledger_withALineThatMeansNothing_isRefused(String line, String problem) throws IOException {
    byte[] good = Files.readAllBytes(ledger);
    byte[] bad = (line.replace('\'', '"') + "\n").getBytes(StandardCharsets.UTF_8);
    Files.write(ledger, concat(concat(good, bad), good));

    assertDamaged(ledger + " is damaged at line 3, ", problem);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"type\":\"refunded\",\"instance\":\"i-1\"}\n",
        "{\"type\":\"st\n",
        "\n",
        "{}{}",
        "{} "
      })
  void ledger_withALastLineThatIsWrongButNotTorn_isRefused(String line) throws IOException {
    byte[] good = Files.readAllBytes(ledger);
    Files.write(ledger, concat(good, line.getBytes(StandardCharsets.UTF_8)));

    assertDamaged(ledger + " is damaged at line 3, column ");
  }

  @Test
  void deployments_cutAtEveryByte_areRefusedAndLeftAsTheyAre() throws IOException {
    byte[] whole = Files.readAllBytes(deployments);
    long lines = new String(whole, StandardCharsets.UTF_8).lines().count();

    for (int length = 0; length < whole.length - 1; length++) { // the last is a line break
      byte[] cut = Arrays.copyOf(whole, length);
      Files.write(deployments, cut);
      String message = assertDamaged(deployments + " is damaged at line ", "column", "backup");
      int line = Integer.parseInt(message.replaceAll("(?s).* at line ([0-9]+),.*", "$1"));
      assertThat((long) line).isBetween(1L, lines);
      assertThat(Files.readAllBytes(deployments)).isEqualTo(cut);
    }
  }

  @Test
  void deployments_withAnUnfinishedSuccessorCutAtEveryByte_areTheOldOnes() throws IOException {
    byte[] successor = Files.readAllBytes(deployments);
    for (int length = 0; length <= successor.length; length++) {
      Files.write(directory.resolve("deployments.json.tmp"), Arrays.copyOf(successor, length));
      try (FileStateStore store = new FileStateStore(directory, new UnforcedDisk())) {
        assertThat(store.load()).isEqualTo(STATE);
      }
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "\"version\" : 1 | \"version\" : 0 | line 2, column 3: /version must be 1 or more",
        "\"version\" : 1 | \"revision\" : 1 | line 1, column 1: the object has no field 'version'",
        "\"port\" : 8000 | \"port\" : 80000 | /deployments/0/spec/port port must be 0 to 65535, but"
            + " was 80000",
        "\"owner\" : | \"owners\" : | /owners is not a field that belongs here",
        "\"PT10M\" | \"ten minutes\" | /deployments/0/spec/startTimeout must be an ISO 8601"
            + " duration",
      })
  void deployments_thatSaySomethingImpossible_areRefused(String from, String to, String problem)
      throws IOException {
    String text = Files.readString(deployments);
    assertThat(text).contains(from);
    Files.writeString(deployments, text.replaceFirst(from, to));

    assertDamaged(deployments + " is damaged at line ", problem);
  }

  @Test
  void deployments_damagedAtASecret_doNotShowIt() throws IOException {
    try (FileStateStore store = new FileStateStore(directory, new UnforcedDisk())) {
      store.load();
      DeploymentSpec spec =
          DeploymentSpec.builder("voice").port(1).environment("TOKEN", "s3cret").build();
      store.save(new StoredState("o", List.of(new StoredDeployment(spec, Examples.NOON))));
    }
    String text = Files.readString(deployments);
    for (String damage : List.of("s3cret", "[\"s3cret\"]", "\"s3cret\" s3cret", "\"s3cret\\x\"")) {
      Files.writeString(deployments, text.replace("\"s3cret\"", damage));
      FileStateStore store = new FileStateStore(directory, new UnforcedDisk());
      AutoDeployException e = catchThrowableOfType(AutoDeployException.class, store::load);
      StringWriter trace = new StringWriter();
      e.printStackTrace(new PrintWriter(trace));
      assertThat(trace.toString()).contains("is damaged at line ").doesNotContain("s3cret");
    }
  }

  @Test
  void deployments_ofALaterVersion_areRefusedAndLeftAsTheyAre() throws IOException {
    String later = "{\"version\":2,\"things\":[]}";
    Files.writeString(deployments, later);

    assertFailed(
        deployments.toString(),
        "later version",
        "format 2; this one reads up to 1",
        "Use that version");
    assertThat(deployments).hasContent(later);
  }

  @Test
  void deployments_thatCannotBeRead_areNotTakenForNone() throws IOException {
    Files.delete(deployments);
    Files.createDirectory(deployments);

    assertFailed("cannot read " + deployments);
  }

  private String assertDamaged(String... parts) {
    return assertFailed(parts);
  }

  private String assertFailed(String... parts) {
    try (FileStateStore store = new FileStateStore(directory, new UnforcedDisk())) {
      AutoDeployException e =
          catchThrowableOfType(
              AutoDeployException.class,
              () -> {
                store.load();
                store.ledger();
              });
      assertThat(e).hasMessageContainingAll(parts);
      assertThat(e.code()).isEqualTo(ErrorCode.STATE_FAILED);
      return e.getMessage();
    }
  }

  private static byte[] concat(byte[] first, byte[] second) {
    byte[] both = Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, both, first.length, second.length);
    return both;
  }
}
