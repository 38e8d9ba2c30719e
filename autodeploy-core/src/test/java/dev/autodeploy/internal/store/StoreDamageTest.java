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
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The tests of what the store makes of files that are not as it left them. */
final class StoreDamageTest {
  private static final List<LedgerEntry> KEPT = List.of(Examples.started(1), Examples.used(1));
  private static final StoredState STATE = Examples.state("owner", 1);

  @TempDir private Path directory;
  private Path deployments;
  private Path journal;
  private Path ledger;

  @BeforeEach
  void fillDirectory() {
    deployments = directory.resolve("deployments.json");
    journal = directory.resolve("deployments.jsonl");
    ledger = directory.resolve("ledger.jsonl");
    try (FileStateStore store = new FileStateStore(directory, new UnforcedDisk())) {
      store.load();
      Examples.save(store, STATE);
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
      forgetTheEnd();
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
      forgetTheEnd();
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

  /** Has the store as after a crash: it was never closed. */
  private void forgetTheEnd() throws IOException {
    Files.deleteIfExists(directory.resolve("ledger.end"));
  }

  @Test
  void ledger_withoutItsLastLines_isRefusedIfItWasClosedWithThem() throws IOException {
    byte[] whole = Files.readAllBytes(ledger);
    int lastLine = new String(whole, StandardCharsets.UTF_8).indexOf('\n') + 1;

    for (int length : new int[] {0, lastLine, whole.length - 1}) {
      Files.write(ledger, Arrays.copyOf(whole, length));
      assertDamaged(
          ledger + " is damaged", length == 0 ? "2 lines are missing" : "1 lines are missing");
      assertThat(ledger).hasBinaryContent(Arrays.copyOf(whole, length));
    }
    Files.delete(ledger);
    assertDamaged(ledger + " is damaged", "2 lines are missing at its end", "ledger.end");
    forgetTheEnd();
    try (FileStateStore store = new FileStateStore(directory, new UnforcedDisk())) {
      store.load();
      assertThat(store.ledger()).isEmpty();
    }
  }

  @Test
  void ledgerThatWasReplaced_goesOnWithItsNumbers_andMissesNoLineOfThoseWrittenAtOnce()
      throws IOException {
    List<LedgerEntry> now = List.of(KEPT.get(1), KEPT.get(0), Examples.started(3));
    try (FileStateStore store = new FileStateStore(directory, new UnforcedDisk())) {
      store.load();
      store.pages().replaceLedger(now);
      store.append(Examples.started(4));
      assertThat(store.ledger()).hasSize(4).startsWith(now.toArray(LedgerEntry[]::new));
    }
    forgetTheEnd();
    List<String> lines = Files.readAllLines(ledger);
    assertThat(lines).hasSize(5);
    assertThat(lines.get(0)).contains("\"lines\":4").contains("\"n\":3");
    for (int missing = 0; missing < 4; missing++) {
      List<String> rest = new ArrayList<>(lines);
      rest.remove(missing);
      Files.write(ledger, rest);
      assertDamaged(ledger + " is damaged");
    }
    Files.write(ledger, lines.subList(0, 3));
    assertDamaged(ledger + " is damaged", "3 of the 4 lines");
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

  @Test
  void ledger_withAMissingLine_isRefused() throws IOException {
    List<String> lines = Files.readAllLines(ledger);
    Files.write(ledger, (lines.get(1) + "\n").getBytes(StandardCharsets.UTF_8));

    assertDamaged(
        ledger + " is damaged at line 1, ", "1 lines before it are missing, from number 1");
  }

  @Test
  void ledger_withAChangedAmount_isRefused() throws IOException {
    List<String> lines = Files.readAllLines(ledger);
    String changed = lines.get(0).replace("\"n\":1", "\"n\":2");
    assertThat(changed).isNotEqualTo(lines.get(0));
    Files.write(ledger, (changed + "\n").getBytes(StandardCharsets.UTF_8));

    assertDamaged(ledger + " is damaged at line 1, ", "it was changed");
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
      forgetTheEnd();
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
        "{'type':'refunded','instance':'i-1'} | column 2: /type must be started, used, prepared,"
            + " slept, repriced, released, recharged, page, carried or budgeted",
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
  void format_cutAtEveryByte_isRefusedAndLeftAsItIs() throws IOException {
    byte[] whole = Files.readAllBytes(deployments);

    for (int length = 0; length < whole.length - 1; length++) { // the last is a line break
      byte[] cut = Arrays.copyOf(whole, length);
      Files.write(deployments, cut);
      assertDamaged(deployments + " is damaged at line ", "column", "backup");
      assertThat(Files.readAllBytes(deployments)).isEqualTo(cut);
    }
  }

  @Test
  void format_ofALaterVersion_isRefusedAndLeftAsItIs() throws IOException {
    String later = "{\"version\":3,\"things\":[]}";
    Files.writeString(deployments, later);

    assertFailed(
        deployments.toString(),
        "later version",
        "format 3; this one reads up to 2",
        "Use that version");
    assertThat(deployments).hasContent(later);
  }

  @Test
  void format_thatIsMissing_isWrittenAnew() throws IOException {
    byte[] whole = Files.readAllBytes(deployments);
    Files.delete(deployments);

    assertThat(load()).isEqualTo(STATE);
    assertThat(deployments).hasBinaryContent(whole);
  }

  @Test
  void deployments_thatCannotBeRead_areNotTakenForNone() throws IOException {
    for (Path file : List.of(journal, deployments)) {
      Files.delete(file);
      Files.createDirectory(file);

      assertFailed("cannot read " + file);
    }
  }

  @Test
  void journal_thatIsMissing_isNotTakenForAnEmptyOne() throws IOException {
    Files.delete(journal);

    assertFailed(journal + " is missing", "backup", "Moving " + deployments + " away as well");
    Files.delete(deployments);
    assertThat(load()).isEqualTo(StoredState.empty());
  }

  @Test
  void journal_cutAtEveryByteOfItsLastChange_losesThatOneOnlyAndGoesOn() throws IOException {
    load(); // writes it as a whole
    int kept = (int) Files.size(journal);
    try (FileStateStore store = new FileStateStore(directory, new UnforcedDisk())) {
      store.load();
      store.save(Examples.deployment("next", 1));
    }
    byte[] whole = Files.readAllBytes(journal);

    for (int length = kept; length < whole.length; length++) {
      Files.write(journal, Arrays.copyOf(whole, length));
      try (CapturedLog log = new CapturedLog();
          FileStateStore store = new FileStateStore(directory, new UnforcedDisk())) {
        assertThat(store.load()).as("cut at %d", length).isEqualTo(STATE);
        if (length == kept) {
          assertThat(log.warnings()).isEmpty();
        } else {
          assertThat(log.warnings())
              .singleElement()
              .asString()
              .contains(journal + ", line 3", (length - kept) + " bytes")
              .doesNotContain("next");
        }
        store.save(Examples.deployment("next", 1));
      }
      assertThat(Files.readAllBytes(journal)).as("cut at %d", length).isEqualTo(whole);
    }
  }

  @Test
  void journal_cutAtAnyByteBeforeItsChanges_isRefusedAndLeftAsItIs() throws IOException {
    load(); // writes it as a whole
    byte[] whole = Files.readAllBytes(journal);

    for (int length = 0; length < whole.length - 1; length++) { // the last is a line break
      byte[] cut = Arrays.copyOf(whole, length);
      Files.write(journal, cut);
      assertDamaged(journal + " is damaged", "backup");
      assertThat(Files.readAllBytes(journal)).isEqualTo(cut);
    }
  }

  @Test
  void journal_withoutAnyOneOfItsLines_isRefusedUnlessItIsTheLastChange() throws IOException {
    fillJournal();
    List<String> lines = Files.readAllLines(journal);
    assertThat(lines).hasSize(7);

    for (int missing = 0; missing < lines.size() - 1; missing++) {
      List<String> rest = new ArrayList<>(lines);
      rest.remove(missing);
      Files.write(journal, rest);
      assertDamaged(
          journal + " is damaged at line " + (missing + 1),
          "a line before it is missing",
          "backup");
    }
  }

  @Test
  void journal_withAnyLineTwiceOrOutOfItsPlace_isRefused() throws IOException {
    fillJournal();
    List<String> lines = Files.readAllLines(journal);

    for (int i = 0; i < lines.size(); i++) {
      List<String> twice = new ArrayList<>(lines);
      twice.add(i, lines.get(i));
      Files.write(journal, twice);
      assertDamaged(journal + " is damaged at line " + (i + 2), "there twice");
      if (i > 0) {
        List<String> swapped = new ArrayList<>(lines);
        Collections.swap(swapped, i - 1, i);
        Files.write(journal, swapped);
        assertDamaged(journal + " is damaged at line " + i, "a line before it is missing");
      }
    }
  }

  @Test
  void journal_withAnyBitOverturned_isRefusedUnlessThatTearsItsLastChange() throws IOException {
    fillJournal();
    byte[] whole = Files.readAllBytes(journal);
    StoredState state = load(Arrays.copyOf(whole, whole.length));
    int last = lastLine(whole);
    byte[] withoutLast = Arrays.copyOf(whole, last);
    StoredState before = load(withoutLast);

    for (int i = 0; i < whole.length; i++) {
      byte[] damaged = whole.clone();
      damaged[i] ^= (byte) (1 << i % 7);
      Files.write(journal, damaged);
      try (CapturedLog log = new CapturedLog();
          FileStateStore store = new FileStateStore(directory, new UnforcedDisk())) {
        StoredState read = store.load();
        assertThat(read).as("byte %d", i).isIn(state, before);
        assertThat(read.equals(before)).as("byte %d", i).isEqualTo(!log.warnings().isEmpty());
        assertThat(i).isGreaterThanOrEqualTo(last);
      } catch (AutoDeployException e) {
        assertThat(e).hasMessageContaining(journal + " is damaged");
        assertThat(Files.readAllBytes(journal)).isEqualTo(damaged);
      }
    }
  }

  @Test
  void journal_withALineThatAPersonChanged_isReadOnceItsChecksumIsTakenOut() throws IOException {
    String text = Files.readString(journal);
    String changed = text.replace("\"port\":8000", "\"port\":9000");
    assertThat(changed).isNotEqualTo(text);
    Files.writeString(journal, changed);
    assertDamaged("/crc does not fit the line", "take its \"crc\" out");

    Files.writeString(journal, changed.replaceAll("\"crc\":\"[0-9a-f]{8}\",", ""));

    assertThat(load().deployments().get(0).spec().port()).isEqualTo(9000);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "\"port\":8000 | \"port\":80000 | /saveAll/0/spec/port port must be 0 to 65535, but was"
            + " 80000",
        "\"owner\":\"owner\" | \"owners\":\"owner\" | has no field 'owner'",
        "\"saveAll\" | \"saveSome\" | has no field 'owner'",
        "\"PT10M\" | \"ten minutes\" | /saveAll/0/spec/startTimeout must be an ISO 8601 duration",
      })
  void journal_thatSaysSomethingImpossible_isRefused(String from, String to, String problem)
      throws IOException {
    try (FileStateStore store = new FileStateStore(directory, new UnforcedDisk())) {
      store.load();
      store.saveAll(Examples.state("all", 2).deployments());
      store.saveOwner("owner");
    }
    String text = Files.readString(journal).replaceAll("\"crc\":\"[0-9a-f]{8}\",", "");
    int change = text.indexOf("\"seq\":3");
    String changes = text.substring(change);
    assertThat(changes).contains(from);
    Files.writeString(journal, text.substring(0, change) + changes.replaceFirst(from, to));

    assertDamaged(journal + " is damaged at line ", problem);
  }

  @Test
  void journal_damagedAtASecret_doesNotShowIt() throws IOException {
    try (FileStateStore store = new FileStateStore(directory, new UnforcedDisk())) {
      store.load();
      DeploymentSpec spec =
          DeploymentSpec.builder("voice").port(1).environment("TOKEN", "s3cret").build();
      store.save(new StoredDeployment(spec, Examples.NOON));
      store.remove("nobody");
      store.saveOwner("o");
    }
    String text = Files.readString(journal).replaceAll("\"crc\":\"[0-9a-f]{8}\",", "");
    for (String damage : List.of("[\"s3cret\"]", "\"s3cret\" s3cret", "\"s3cret\\x\"")) {
      Files.writeString(journal, text.replace("\"s3cret\"", damage));
      FileStateStore store = new FileStateStore(directory, new UnforcedDisk());
      AutoDeployException e = catchThrowableOfType(AutoDeployException.class, store::load);
      StringWriter trace = new StringWriter();
      e.printStackTrace(new PrintWriter(trace));
      assertThat(trace.toString()).contains("is damaged at line ").doesNotContain("s3cret");
    }
  }

  @Test
  void journal_withOutdatedLines_isWrittenWithoutThemWhenItIsLoaded() throws IOException {
    try (FileStateStore store = new FileStateStore(directory, new UnforcedDisk())) {
      store.load();
      DeploymentSpec spec =
          DeploymentSpec.builder("gone").port(1).environment("TOKEN", "s3cret").build();
      store.save(new StoredDeployment(spec, Examples.NOON));
      store.remove("gone");
      assertThat(Files.readString(journal)).contains("s3cret");
    }

    assertThat(load()).isEqualTo(STATE);
    assertThat(Files.readString(journal)).doesNotContain("s3cret");
    assertThat(Files.readAllLines(journal)).hasSize(2);
  }

  @Test
  void journal_changedBySomebodyElse_isNotAppendedTo() throws IOException {
    try (FileStateStore store = new FileStateStore(directory, new UnforcedDisk())) {
      store.load();
      byte[] before = Files.readAllBytes(journal);
      Files.delete(journal);
      AutoDeployException e =
          catchThrowableOfType(
              AutoDeployException.class, () -> store.save(Examples.deployment("a", 1)));
      assertThat(e)
          .hasMessageContainingAll(
              journal.toString(), "changed by somebody else: it has 0 bytes, not " + before.length);
      Files.write(journal, before);
      store.save(Examples.deployment("a", 1));
    }
    assertThat(load().deployments()).hasSize(2).contains(Examples.deployment("a", 1));
  }

  // Four changes after a head with two deployments.
  private void fillJournal() {
    try (FileStateStore store = new FileStateStore(directory, new UnforcedDisk())) {
      store.load();
      store.save(Examples.deployment("second", 1));
    }
    try (FileStateStore store = new FileStateStore(directory, new UnforcedDisk())) {
      store.load();
      store.save(Examples.deployment("second", 2));
    }
    try (FileStateStore store = new FileStateStore(directory, new UnforcedDisk())) {
      store.load();
      store.saveAll(List.of(Examples.deployment("third", 1), Examples.deployment("fourth", 1)));
      store.remove("second");
      store.saveOwner("another");
      store.save(Examples.deployment("third", 2));
    }
  }

  @SuppressWarnings("try") // a captured log is only kept from the screen
  private StoredState load() {
    try (CapturedLog log = new CapturedLog();
        FileStateStore store = new FileStateStore(directory, new UnforcedDisk())) {
      return store.load();
    }
  }

  private StoredState load(byte[] content) throws IOException {
    Files.write(journal, content);
    return load();
  }

  private static int lastLine(byte[] lines) {
    int start = lines.length - 1;
    while (lines[start - 1] != '\n') {
      start--;
    }
    return start;
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
